// One plate goes up once, however many render threads need it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>

namespace art3d {

class UploadGate {
 public:
  // Held while a thread uploads a plate.
  class Pass {
   public:
    Pass(UploadGate& gate, const std::string& key) : gate_(gate), key_(key) {}
    ~Pass() { gate_.leave(key_); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    UploadGate& gate_;
    std::string key_;
  };

  // True: this thread uploads, and calls for a `Pass` at once. False: another thread did while this one waited.
  bool enter(const std::string& key, const std::function<void()>& poll) {
    std::unique_lock lock(mutex_);
    if (busy_.insert(key).second) return true;
    while (busy_.count(key) != 0) {
      lock.unlock();
      poll();
      lock.lock();
      freed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return false;
  }

 private:
  void leave(const std::string& key) {
    const std::lock_guard lock(mutex_);
    busy_.erase(key);
    freed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<std::string> busy_;
};

}  // namespace art3d
