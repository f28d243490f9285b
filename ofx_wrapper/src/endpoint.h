// Where the server is: the artist's address, the environment's, or this machine's own server, started when needed.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "address.h"
#include "link.h"

namespace art3d {

class Endpoint {
 public:
  // Throws Aborted; Fault for an address that cannot be one, or with the command's last line when it fails.
  Address find(const std::string& server, const std::string& command, const Watch& watch);
  // The next `find` asks the command again, because nobody answers at this address any more.
  void forget(const std::string& address);

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> known_;  // command → address
};

}  // namespace art3d
