// Remembers the content keys of host images, so that a plate is hashed once and not at every window.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace art3d {

class KeyMemo {
 public:
  std::optional<std::string> find(const std::string& identity) const;
  void keep(const std::string& identity, const std::string& key);
  void clear();

 private:
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, std::string>> kept_;  // newest first
};

}  // namespace art3d
