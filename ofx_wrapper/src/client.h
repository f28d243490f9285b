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
  Client();
  // Waits a second at most for ZeroMQ's thread, which may be looking up a name.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Asks for a tile at the server that the knobs name. Throws Aborted or Fault.
  void tile(const std::string& server, const std::string& command, const wire::TileRequest& request,
            const Plates& plates, const Watch& watch, const UsePixels& use);
  // A client is of no use in a process that was forked off after it was made: its threads stayed behind.
  bool ofThisProcess() const;

 private:
  using Clock = std::chrono::steady_clock;
  // An address where nobody answered: what to say until then, and that the next try may be short.
  struct Dead {
    Clock::time_point until;
    std::string line;
  };

  void attempt(const std::string& address, const wire::TileRequest& request, const Plates& plates,
               const Watch& watch, const UsePixels& use);
  std::unique_ptr<Link> borrow(const std::string& address, const Watch& watch);
  void giveBack(const std::string& address, std::unique_ptr<Link> link);
  // How long a link to this address may take to come about. Throws Fault where nobody answered a moment ago.
  std::chrono::milliseconds reachOf(const std::string& address);
  void markDead(const std::string& address, const std::string& line);

  int64_t process_;
  std::unique_ptr<zmq::context_t> context_;
  std::mutex mutex_;
  std::map<std::string, std::vector<std::unique_ptr<Link>>> idle_;
  std::map<std::string, Dead> dead_;
  UploadGate gate_;
};

}  // namespace art3d
