#include "endpoint.h"

#include <cstdlib>

#include "platform.h"

namespace art3d {
namespace {

constexpr const char* kEnsure = " nuke server";
constexpr std::chrono::milliseconds kPollEvery{20};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string firstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// What the installer or the build wrote into the bundle: Art3D.ofx.bundle/Contents/Resources/command.
std::string installedCommand() {
  return firstLine(platform::contentOf(platform::ownFolder() + "/../Resources/command").value_or(""));
}

std::string commandLine(const std::string& knob) {
  for (const std::string& found : {knob, environment("ART3D_COMMAND"), installedCommand()}) {
    if (!found.empty()) return found;
  }
  return "art3d";
}

std::string lastLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const size_t start = text.rfind('\n');
  return start == std::string::npos ? text : text.substr(start + 1);
}

}  // namespace

Address Endpoint::find(const std::string& server, const std::string& command, const Watch& watch) {
  if (Address given = givenAddress(server); !given.text.empty()) return given;
  const std::string line = commandLine(command);
  std::unique_lock lock(mutex_, std::defer_lock);
  while (!lock.try_lock()) {
    watch.poll();
    platform::sleep(kPollEvery);
  }
  const std::string remedy = "look for the cause with `art3d doctor`";
  if (const auto known = known_.find(line); known != known_.end()) return {known->second, "", remedy};
  int status = 0;
  watch.progress();
  const std::string said = lastLine(platform::run(line + kEnsure, watch.poll, status));
  const bool address = said.rfind("ipc://", 0) == 0 || said.rfind("tcp://", 0) == 0;
  if (status != 0 || !address) {
    throw Fault("the server cannot be started with `" + line + "`: " + (said.empty() ? "it said nothing" : said) +
                "; set Server Command to Art3D's own `art3d`, or run `art3d doctor`");
  }
  return {known_[line] = said, "", remedy};
}

void Endpoint::forget(const std::string& address) {
  const std::lock_guard lock(mutex_);
  for (auto it = known_.begin(); it != known_.end();) it = it->second == address ? known_.erase(it) : std::next(it);
}

}  // namespace art3d
