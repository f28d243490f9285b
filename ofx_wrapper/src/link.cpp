#include "link.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "choices.h"
#include "keyring.h"
#include "platform.h"
#include "uninterrupted.h"

namespace art3d {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPollEvery{20};
constexpr int kLingerMs = 100;

constexpr auto kNow = zmq::recv_flags::dontwait;

// A server that listens on all interfaces names its control socket without its host; it is where we found it.
std::string controlAddress(const std::string& address, const std::string& told) {
  const std::string tcp = "tcp://";
  if (told.rfind(tcp, 0) != 0 || address.rfind(tcp, 0) != 0) return told;
  return address.substr(0, address.rfind(':')) + told.substr(told.rfind(':'));
}

[[noreturn]] void raise(const wire::Failure& failure) {
  if (failure.code == wire::error_code::kCancelled) throw Aborted{};
  std::string line = failure.where.empty() ? failure.message : failure.where + ": " + failure.message;
  if (!failure.remedy.empty()) line += "; " + failure.remedy;
  // A worker that died over a request was tried several times by the server itself.
  if (failure.retryable && failure.code != wire::error_code::kWorkerLost) throw PassingFault(line);
  throw Fault(line);
}

void prove(const wire::Plane& plane, int64_t nbytes) {
  constexpr int64_t kMost = 1 << 24;
  const bool sizes = plane.rows >= 0 && plane.columns >= 0 && plane.channels >= 0 && plane.rows <= kMost &&
                     plane.columns <= kMost && plane.channels <= 1024;
  const int64_t bytes = sizes ? plane.rows * plane.columns * plane.channels * 4 : 0;
  if (!sizes || plane.offset < 0 || plane.offset > nbytes - bytes) {
    throw wire::ProtocolFault("plane " + plane.name + " reaches outside its payload");
  }
}

}  // namespace

Link::Link(zmq::context_t& context, const std::string& address, UploadGate& gate, const Watch& watch,
           std::chrono::milliseconds reach)
    : address_(address),
      reach_(reach),
      gate_(gate),
      requests_(context, zmq::socket_type::dealer),
      control_(context, zmq::socket_type::dealer),
      monitor_(context, zmq::socket_type::pair) {
  for (zmq::socket_t* socket : {&requests_, &control_}) {
    uninterrupted([&] { socket->set(zmq::sockopt::linger, kLingerMs); });
    uninterrupted([&] { secure(*socket); });
    // Never for a name: ZeroMQ would then look for it in IPv6 alone.
    uninterrupted([&] { socket->set(zmq::sockopt::ipv6, address.rfind("tcp://[", 0) == 0); });
  }
  listen();
  try {
    greet(watch);
  } catch (...) {
    stopListening();
    throw;
  }
}

void Link::greet(const Watch& watch) {
  try {
    uninterrupted([&] { requests_.connect(address_); });
  } catch (const zmq::error_t& error) {
    throw Fault("the server's address " + address_ + " cannot be used: " + error.what() + "; correct it");
  }
  wire::Hello hello;
  hello.client = "art3d ofx " + std::to_string(platform::processId());
  hello.protocol = {wire::kProtocolMajor, wire::kProtocolMinor};
  const int64_t id = say(hello);
  welcome_ = await(id, watch).header.as<wire::Welcome>();
  if (welcome_.protocol[0] != wire::kProtocolMajor) {
    throw Fault("the server at " + address_ + " speaks protocol " + std::to_string(welcome_.protocol[0]) +
                ", this plug-in " + std::to_string(wire::kProtocolMajor) + "; install the same version of both");
  }
  remember(welcome_);
  if (!welcome_.control.empty()) {
    uninterrupted([&] { control_.connect(controlAddress(address_, welcome_.control)); });
  }
  if (welcome_.probe && Mapping::attach(*welcome_.probe, false) != nullptr) transport_ = "memory";
}

Link::~Link() {
  try {
    say(wire::Bye{});
  } catch (const std::exception&) {
    // The server is gone already; there is nobody to take leave of.
  }
  stopListening();
}

// Before the listening end is closed: an event that nobody can take would block ZeroMQ's only thread.
void Link::stopListening() { zmq_socket_monitor(requests_.handle(), nullptr, 0); }

template <class Message>
int64_t Link::say(const Message& message) {
  const int64_t id = ++lastId_;
  const std::string bytes = wire::encode(id, message);
  if (!give(requests_, zmq::buffer(bytes), zmq::send_flags::dontwait)) {
    throw SilenceFault("the server at " + address_ + " takes no more messages");
  }
  return id;
}

bool Link::receive(zmq::message_t& header, zmq::message_t& payload) {
  if (!take(requests_, header, kNow)) return false;
  for (bool first = true; hasMoreParts(requests_); first = false) {
    zmq::message_t part;
    (void)take(requests_, part, zmq::recv_flags::none);
    if (first) payload = std::move(part);
  }
  return true;
}

// Lets the socket tell when its peer comes and goes.
void Link::listen() {
  static std::atomic<uint64_t> links{0};
  const std::string events = "inproc://link-" + std::to_string(++links);
  const int wanted = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  const int begun = untilDone([&] { return zmq_socket_monitor(requests_.handle(), events.c_str(), wanted); });
  if (begun != 0) throw zmq::error_t();
  uninterrupted([&] { monitor_.set(zmq::sockopt::linger, 0); });
  uninterrupted([&] { monitor_.connect(events); });
}

// Reads what the socket told; true once the link is broken.
bool Link::lost() {
  zmq::message_t event, where;
  while (take(monitor_, event, kNow)) {
    (void)take(monitor_, where, zmq::recv_flags::none);
    uint16_t kind = 0;
    std::memcpy(&kind, event.data(), sizeof kind);
    refused_ |= kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    // Before the first handshake ZeroMQ simply tries again; after it, whatever we asked is gone.
    broken_ |= reached_ && kind == ZMQ_EVENT_DISCONNECTED;
    reached_ |= kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
  }
  return broken_;
}

Link::Reply Link::await(int64_t id, const Watch& watch) {
  auto heard = Clock::now();
  for (;;) {
    watch.poll();
    zmq::pollitem_t items[] = {{requests_.handle(), 0, ZMQ_POLLIN, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
    waitFor(items, kPollEvery);
    zmq::message_t header, payload;
    while (receive(header, payload)) {
      heard = Clock::now();
      wire::Header decoded(header.data(), header.size());
      if (decoded.is<wire::Progress>()) {
        watch.progress();
      } else if (decoded.id() == id && decoded.is<wire::Failure>()) {
        raise(decoded.as<wire::Failure>());
      } else if (decoded.id() == id) {
        return {std::move(decoded), std::move(payload)};
      } else if (decoded.is<wire::TileReply>()) {
        // The answer to a request that was given up; its memory goes back at once.
        say(wire::Release{{decoded.as<wire::TileReply>().lease}});
      }
    }
    if (lost()) throw SilenceFault("the server at " + address_ + " is gone");
    if (refused_) throw Fault("the server at " + address_ + " refuses this key; see $ART3D_KEY and $ART3D_SERVER_KEY");
    if (Clock::now() - heard > (reached_ ? kSilence : reach_)) {
      const std::string line = "nobody answers at " + address_;
      if (reached_) throw SilenceFault(line);
      throw UnreachableFault(line);
    }
  }
}

bool Link::alive() {
  zmq::message_t header, payload;
  while (receive(header, payload)) {
    const wire::Header decoded(header.data(), header.size());
    if (decoded.is<wire::TileReply>()) say(wire::Release{{decoded.as<wire::TileReply>().lease}});
  }
  return !lost();
}

void Link::giveUp(int64_t id) {
  if (welcome_.control.empty()) return;
  const std::string bytes = wire::encode(++lastId_, wire::Cancel{welcome_.session, {id}});
  (void)give(control_, zmq::buffer(bytes), zmq::send_flags::dontwait);
  // What it answers is of no interest, but must not pile up.
  zmq::message_t answer;
  while (take(control_, answer, kNow)) {
  }
}

void Link::tile(wire::TileRequest request, const Plates& plates, const Watch& watch, const UsePixels& use) {
  if (request.controls.matte == "people" && welcome_.protocol[1] < 2) {
    throw Fault("the server at " + address_ + " is too old to find people; update it, or connect a matte");
  }
  if (request.controls.floatingWindow != "off" && welcome_.protocol[1] < 3) {
    throw Fault("the server at " + address_ + " is too old for a floating window; update it, or switch the window off");
  }
  if (request.controls.depthBudget != "soft" && welcome_.protocol[1] < 5) {
    throw Fault("the server at " + address_ + " is too old to leave out the depth budget; update it, or choose soft");
  }
  request.transport = transport_;
  constexpr int kUploads = 3;  // a full server may drop a frame between its upload and its use
  for (int tries = 0; tries <= kUploads; ++tries) {
    const int64_t id = say(request);
    std::vector<std::string> missing;
    try {
      const Reply reply = await(id, watch);
      if (reply.header.is<wire::TileReply>()) return deliver(reply, use);
      if (!reply.header.is<wire::NeedFrame>()) throw wire::ProtocolFault("unexpected " + reply.header.kind());
      missing = reply.header.as<wire::NeedFrame>().keys;
    } catch (const Aborted&) {
      giveUp(id);
      throw;
    }
    for (const std::string& key : missing) {
      if (!gate_.enter(key, watch.poll)) continue;
      const UploadGate::Pass pass(gate_, key);
      plates.with(key, [&](const Plate& plate) { upload(plate, key, watch); });
    }
  }
  throw PassingFault("the server cannot keep the plate; give it more memory or fewer clients");
}

void Link::upload(const Plate& plate, const std::string& key, const Watch& watch) {
  uploading_ = true;
  wire::PutFrame put = plate.announcement(key);
  put.transport = transport_;
  const Reply reply = await(say(put), watch);
  uploading_ = !reply.header.is<wire::Held>();
  if (!uploading_) return;
  if (!reply.header.is<wire::SendFrame>()) throw wire::ProtocolFault("unexpected " + reply.header.kind());
  const auto room = reply.header.as<wire::SendFrame>();
  if (room.segment) {
    const auto mapping = mappings_.open(*room.segment, true);
    if (mapping == nullptr || room.segment->nbytes < put.nbytes) {
      transport_ = "inline";
      throw PassingFault("the server's memory cannot be opened");
    }
    int64_t said = welcome_.protocol[1] < 6 ? put.nbytes : 0;  // a server that is older knows no `written`
    plate.write(put, mapping->payload(), [&](int64_t written) {
      watch.poll();
      if (written - said < wire::kChunkBytes) return;
      say(wire::Written{room.upload, written});
      said = written;
    });
  } else {
    sendInline(put, room.upload, plate, watch);
  }
  const Reply done = await(say(wire::Commit{room.upload}), watch);
  if (!done.header.is<wire::Held>()) throw wire::ProtocolFault("unexpected " + done.header.kind());
  uploading_ = false;
}

void Link::sendInline(const wire::PutFrame& put, int64_t upload, const Plate& plate, const Watch& watch) {
  std::vector<std::byte> payload(static_cast<size_t>(put.nbytes));
  plate.write(put, payload.data(), [&](int64_t) { watch.poll(); });
  for (int64_t offset = 0; offset < put.nbytes; offset += wire::kChunkBytes) {
    const std::string header = wire::encode(++lastId_, wire::Chunk{upload, offset});
    const auto size = static_cast<size_t>(std::min<int64_t>(wire::kChunkBytes, put.nbytes - offset));
    while (!give(requests_, zmq::buffer(header), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
      watch.poll();
      if (lost()) throw SilenceFault("the server at " + address_ + " is gone");
      zmq::pollitem_t items[] = {{requests_.handle(), 0, ZMQ_POLLOUT, 0}};
      waitFor(items, kPollEvery);
    }
    (void)give(requests_, zmq::buffer(payload.data() + offset, size), zmq::send_flags::none);
    watch.poll();
  }
}

void Link::deliver(const Reply& reply, const UsePixels& use) {
  const auto tile = reply.header.as<wire::TileReply>();
  for (const auto& plane : tile.planes) prove(plane, tile.nbytes);
  if (!tile.segment) {
    if (static_cast<int64_t>(reply.payload.size()) < tile.nbytes) throw wire::ProtocolFault("a tile without pixels");
    return use(tile, static_cast<const std::byte*>(reply.payload.data()));
  }
  const auto mapping = mappings_.open(*tile.segment, false);
  if (mapping == nullptr || tile.segment->nbytes < tile.nbytes) {
    transport_ = "inline";
    say(wire::Release{{tile.lease}});
    throw PassingFault("the server's memory cannot be opened");
  }
  use(tile, mapping->payload());
  say(wire::Release{{tile.lease}});
}

}  // namespace art3d
