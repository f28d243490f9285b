#include "client.h"

#include <unistd.h>

namespace art3d {
namespace {

constexpr int kTries = 5;
constexpr int kFirstPauseMs = 50;
constexpr std::chrono::seconds kDeadFor{4};
constexpr size_t kIdleLinks = 16;

std::unique_ptr<Client> g_client;

void pause(int milliseconds, const Watch& watch) {
  for (int slept = 0; slept < milliseconds; slept += 10) {
    watch.poll();
    usleep(10 * 1000);
  }
}

}  // namespace

Client& client() {
  if (g_client == nullptr) throw Fault("Art3D is not loaded", ofx::kErrFatal);
  return *g_client;
}

void openClient() { g_client = std::make_unique<Client>(); }
void closeClient() { g_client.reset(); }

void Client::tile(const std::string& server, const std::string& command, const wire::TileRequest& request,
                  const Plates& plates, const Watch& watch, const UsePixels& use) {
  for (int tries = 1;; ++tries) {
    const std::string address = endpoint_.find(server, command, watch);
    refuseKnownDead(address);
    try {
      return attempt(address, request, plates, watch, use);
    } catch (const SilenceFault& fault) {
      endpoint_.forget(address);
      if (tries < 2 || (server.empty() && tries < kTries)) continue;
      markDead(address, fault.what());
      throw Fault(std::string(fault.what()) + "; start it with `art3d serve`, or empty the Server knob");
    } catch (const PassingFault&) {
      if (tries == kTries) throw;
    }
    pause(kFirstPauseMs << tries, watch);
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
  return std::make_unique<Link>(context_, address, gate_, watch);
}

void Client::giveBack(const std::string& address, std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex_);
  auto& idle = idle_[address];
  if (idle.size() < kIdleLinks) idle.push_back(std::move(link));
}

void Client::refuseKnownDead(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = dead_.find(address);
  if (found == dead_.end()) return;
  if (Clock::now() < found->second.first) throw Fault(found->second.second);
  dead_.erase(found);
}

void Client::markDead(const std::string& address, const std::string& why) {
  const std::lock_guard lock(mutex_);
  for (auto it = dead_.begin(); it != dead_.end();) it = Clock::now() < it->second.first ? std::next(it) : dead_.erase(it);
  dead_[address] = {Clock::now() + kDeadFor, why + "; start it with `art3d serve`, or empty the Server knob"};
}

}  // namespace art3d
