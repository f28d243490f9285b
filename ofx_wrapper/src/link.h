// One conversation with a server: a request socket, a control socket, and patience that the host can end.
//
// A link is used by one thread at a time; the client lends links out.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <zmq.hpp>

#include "codec.h"
#include "memory.h"
#include "plate.h"
#include "upload_gate.h"

namespace art3d {

// How a waiting render stays polite.
struct Watch {
  std::function<void()> poll;      // called at least every 20 ms; throws Aborted when the host wants to stop
  std::function<void()> progress;  // called when the server says that it is still at it
};

// A fault that another try, perhaps over a fresh link, may cure.
class PassingFault : public Fault {
 public:
  using Fault::Fault;
};

// Nobody answers any more.
class SilenceFault : public PassingFault {
 public:
  using PassingFault::PassingFault;
};

// Nobody has answered at all.
class UnreachableFault : public SilenceFault {
 public:
  using SilenceFault::SilenceFault;
};

using UsePixels = std::function<void(const wire::TileReply& reply, const std::byte* payload)>;

class Link {
 public:
  // How long a link may take to come about, how long where it failed before, and how long a server may be silent.
  static constexpr std::chrono::milliseconds kReach{3000}, kReachAgain{500}, kSilence{15000};

  // Connects and says hello. Throws UnreachableFault when nobody answers within `reach`, Fault for another version.
  Link(zmq::context_t& context, const std::string& address, UploadGate& gate, const Watch& watch,
       std::chrono::milliseconds reach);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Reads what came in while nobody used the link; false when the server is gone.
  bool alive();
  // Whether an upload was begun and not completed; such a link is not lent again.
  bool unfinished() const { return uploading_; }

  // Asks for a tile, uploads the plates that the server lacks, and hands the pixels to `use`.
  // Throws Aborted, Fault, PassingFault, SilenceFault.
  void tile(wire::TileRequest request, const Plates& plates, const Watch& watch, const UsePixels& use);

 private:
  struct Reply {
    wire::Header header;
    zmq::message_t payload;
  };

  template <class Message>
  int64_t say(const Message& message);
  Reply await(int64_t id, const Watch& watch);
  void listen();
  void stopListening();
  void greet(const Watch& watch);
  bool lost();
  bool receive(zmq::message_t& header, zmq::message_t& payload);
  void giveUp(int64_t id);
  void upload(const Plate& plate, const std::string& key, const Watch& watch);
  void sendInline(const wire::PutFrame& put, int64_t upload, const Plate& plate, const Watch& watch);
  void deliver(const Reply& reply, const UsePixels& use);

  std::string address_;
  std::chrono::milliseconds reach_;
  UploadGate& gate_;
  zmq::socket_t requests_, control_, monitor_;
  bool uploading_ = false;
  bool reached_ = false, broken_ = false, refused_ = false;
  wire::Welcome welcome_;
  std::string transport_ = "inline";
  Mappings mappings_;
  int64_t lastId_ = 0;
};

}  // namespace art3d
