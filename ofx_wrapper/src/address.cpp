#include "address.h"

#include <cstdlib>
#include <string_view>

#include "host.h"
#include "platform.h"

namespace art3d {
namespace {

constexpr const char* kVariable = "$ART3D_SERVER";
constexpr const char* kKnob = "the Server knob";

std::string trimmed(const std::string& text) {
  const char* const blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool isPort(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int port = std::atoi(std::string(text).c_str());
  return port >= 1 && port <= 65535;
}

bool isHost(std::string_view text) {
  const bool six = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string_view allowed = six ? "0123456789abcdefABCDEF:.%[]"
                                       : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool isAddress(std::string_view text) {
  constexpr std::string_view tcp = "tcp://", ipc = "ipc://";
  if (text.substr(0, tcp.size()) == tcp) {
    const size_t colon = text.rfind(':');
    return colon > tcp.size() && isHost(text.substr(tcp.size(), colon - tcp.size())) && isPort(text.substr(colon + 1));
  }
  // The kernel takes no longer name for a socket.
  constexpr size_t kLongest = 107;
  if (!platform::kHasServer || text.substr(0, ipc.size()) != ipc) return false;
  const std::string_view path = text.substr(ipc.size());
  return path.size() <= kLongest && (path.substr(0, 1) == "/" || path.substr(0, 1) == "@");
}

std::string forms() { return platform::kHasServer ? "tcp://HOST:PORT or ipc:///PATH" : "tcp://HOST:PORT"; }

}  // namespace

Address givenAddress(const std::string& knob) {
  const char* set = std::getenv(kVariable + 1);
  const bool byKnob = !trimmed(knob).empty();
  Address found{trimmed(byKnob ? knob : set != nullptr ? set : ""), byKnob ? kKnob : kVariable, ""};
  if (found.text.empty()) {
    if (platform::kHasServer) return {};
    throw Fault("Art3D's server runs on Linux and must be named here; set the Server knob or $ART3D_SERVER to tcp://HOST:PORT");
  }
  const char* const otherwise = !platform::kHasServer ? "" : byKnob ? ", or empty it for this machine's own server"
                                                                    : ", or unset it for this machine's own server";
  if (!isAddress(found.text)) {
    throw Fault("\"" + found.text + "\" in " + found.source + " is not a server address; write " + forms() + otherwise);
  }
  found.remedy = "start it there with `art3d serve`, or correct " + found.source + otherwise;
  return found;
}

}  // namespace art3d
