// Calls that a signal may cut short. Hosts use signals (timers, profilers, children that end), and one that meets a
// waiting render means nothing: the call is made again.
#pragma once

#include <cerrno>
#include <chrono>
#include <type_traits>
#include <zmq.hpp>

namespace art3d {

// A call of cppzmq, again for as long as it ends with EINTR; ZeroMQ has done nothing then.
template <class Call>
auto uninterrupted(Call&& call) {
  for (;;) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

// As the sockets' own, for as long as signals come between.
inline bool take(zmq::socket_t& socket, zmq::message_t& message, zmq::recv_flags how) {
  return uninterrupted([&] { return socket.recv(message, how); }).has_value();
}

inline bool give(zmq::socket_t& socket, zmq::const_buffer bytes, zmq::send_flags how) {
  return uninterrupted([&] { return socket.send(bytes, how); }).has_value();
}

inline bool hasMoreParts(zmq::socket_t& socket) {
  return uninterrupted([&] { return socket.get(zmq::sockopt::rcvmore); });
}

// A call of the system that says -1 and EINTR.
template <class Call>
auto untilDone(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result != static_cast<std::decay_t<decltype(result)>>(-1) || errno != EINTR) return result;
  }
}

// Waits until one of the sockets is ready; a signal ends the wait early, so that the caller looks at what it watches.
template <size_t N>
void waitFor(zmq::pollitem_t (&items)[N], std::chrono::milliseconds time) {
  try {
    zmq::poll(items, N, time);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
}

}  // namespace art3d
