#include "keyring.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "host.h"

namespace art3d {
namespace {

// The value of `name = "value"` in one of zmq.auth's certificate files.
std::string valueIn(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos || line.compare(start, name.size() + 1, name + " ") != 0) continue;
    const size_t open = line.find('"', start), close = line.rfind('"');
    if (open != std::string::npos && close > open) return line.substr(open + 1, close - open - 1);
  }
  throw Fault(std::string(path) + ": no " + name + " can be read; make keys with `art3d keys`");
}

}  // namespace

void secure(zmq::socket_t& socket) {
  const char* own = std::getenv("ART3D_KEY");
  const char* server = std::getenv("ART3D_SERVER_KEY");
  if (own == nullptr || server == nullptr || *own == '\0' || *server == '\0') return;
  socket.set(zmq::sockopt::curve_publickey, valueIn(own, "public-key"));
  socket.set(zmq::sockopt::curve_secretkey, valueIn(own, "secret-key"));
  socket.set(zmq::sockopt::curve_serverkey, valueIn(server, "public-key"));
}

}  // namespace art3d
