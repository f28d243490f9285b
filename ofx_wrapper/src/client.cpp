#include "client.h"

#include <future>
#include <thread>

#include "platform.h"

namespace art3d {
namespace {

constexpr int kTries = 5;
constexpr std::chrono::milliseconds kFirstPause{50}, kPauseStep{10};
constexpr std::chrono::seconds kDeadFor{4}, kClosing{1};
constexpr size_t kIdleLinks = 16;

// Outlives every client: a host that unloads the plug-in between two frames does not have its server started again.
Endpoint& endpoint() {
  static Endpoint found;
  return found;
}

void pause(std::chrono::milliseconds time, const Watch& watch) {
  for (auto slept = kPauseStep; slept <= time; slept += kPauseStep) {
    watch.poll();
    platform::sleep(kPauseStep);
  }
}

void closeWithin(std::unique_ptr<zmq::context_t> context, std::chrono::milliseconds patience) {
  std::promise<void> promise;
  const auto done = promise.get_future();
  std::thread closing([own = std::move(context), ended = std::move(promise)]() mutable {
    own.reset();
    ended.set_value();
  });
  if (done.wait_for(patience) == std::future_status::ready) return closing.join();
  platform::stayLoaded();
  closing.detach();
}

}  // namespace

Client::Client() : process_(platform::processId()), context_(std::make_unique<zmq::context_t>(1)) {}

Client::~Client() {
  if (!ofThisProcess()) {
    // Closing would wait for threads that are not there.
    for (auto& [address, links] : idle_) {
      for (auto& link : links) (void)link.release();
    }
    (void)context_.release();
    return;
  }
  idle_.clear();
  closeWithin(std::move(context_), kClosing);
}

bool Client::ofThisProcess() const { return process_ == platform::processId(); }

void Client::tile(const std::string& server, const std::string& command, const wire::TileRequest& request,
                  const Plates& plates, const Watch& watch, const UsePixels& use) {
  for (int tries = 1;; ++tries) {
    const Address address = endpoint().find(server, command, watch);
    const bool own = address.source.empty();
    try {
      return attempt(address.text, request, plates, watch, use);
    } catch (const UnreachableFault& fault) {
      endpoint().forget(address.text);
      if (own && tries < kTries) continue;
      const std::string where = own ? "" : " (" + address.source + ")";
      const std::string line = fault.what() + where + "; " + address.remedy;
      markDead(address.text, line);
      throw Fault(line);
    } catch (const SilenceFault& fault) {
      endpoint().forget(address.text);
      if (tries < (own ? kTries : 2)) continue;
      throw Fault(std::string(fault.what()) + "; " + address.remedy);
    } catch (const PassingFault&) {
      if (tries == kTries) throw;
    }
    pause(kFirstPause * (1 << tries), watch);
  }
}

void Client::attempt(const std::string& address, const wire::TileRequest& request, const Plates& plates,
                     const Watch& watch, const UsePixels& use) {
  auto link = borrow(address, watch);
  try {
    link->tile(request, plates, watch, use);
  } catch (const Aborted&) {
    if (!link->unfinished()) giveBack(address, std::move(link));
    throw;
  } catch (const PassingFault&) {
    throw;  // the link goes with it: the next try starts afresh
  } catch (const wire::ProtocolFault&) {
    throw;
  } catch (const Fault&) {
    if (!link->unfinished()) giveBack(address, std::move(link));
    throw;
  }
  giveBack(address, std::move(link));
}

std::unique_ptr<Link> Client::borrow(const std::string& address, const Watch& watch) {
  {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[address];
    while (!idle.empty()) {
      auto link = std::move(idle.back());
      idle.pop_back();
      if (link->alive()) return link;
    }
  }
  auto link = std::make_unique<Link>(*context_, address, gate_, watch, reachOf(address));
  const std::lock_guard lock(mutex_);
  dead_.erase(address);
  return link;
}

void Client::giveBack(const std::string& address, std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[address];
  if (idle.size() < kIdleLinks) idle.push_back(std::move(link));
}

std::chrono::milliseconds Client::reachOf(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = dead_.find(address);
  if (found == dead_.end()) return Link::kReach;
  if (Clock::now() < found->second.until) throw Fault(found->second.line);
  return Link::kReachAgain;
}

void Client::markDead(const std::string& address, const std::string& line) {
  const std::lock_guard lock(mutex_);
  dead_[address] = {Clock::now() + kDeadFor, line};
}

}  // namespace art3d
