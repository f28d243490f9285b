// Lends links to render threads, tries again where that helps, and keeps two threads from uploading one plate twice.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <set>

#include "endpoint.h"

namespace art3d {

class Client {
 public:
  // Asks for a tile at the server that the knobs name. Throws Aborted or Fault.
  void tile(const std::string& server, const std::string& command, const wire::TileRequest& request,
            const Plates& plates, const Watch& watch, const UsePixels& use);

 private:
  using Clock = std::chrono::steady_clock;

  void attempt(const std::string& address, const wire::TileRequest& request, const Plates& plates,
               const Watch& watch, const UsePixels& use);
  std::unique_ptr<Link> borrow(const std::string& address, const Watch& watch);
  void giveBack(const std::string& address, std::unique_ptr<Link> link);
  void refuseKnownDead(const std::string& address);
  void markDead(const std::string& address, const std::string& why);

  zmq::context_t context_{1};
  Endpoint endpoint_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<Link>>> idle_;
  std::map<std::string, std::pair<Clock::time_point, std::string>> dead_;
  UploadGate gate_;
};

// The client of this process, from load to unload.
Client& client();
void openClient();
void closeClient();

}  // namespace art3d
