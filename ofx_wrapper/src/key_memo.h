// Remembers what hashing a host's images found, so that a plate is read through once and not at every window.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace art3d {

// The content key of a plate, and what an artist should know of its pictures.
struct Keyed {
  std::string key, warning;
};

class KeyMemo {
 public:
  std::optional<Keyed> find(const std::string& identity) const;
  void keep(const std::string& identity, const Keyed& found);
  void clear();

 private:
  mutable std::mutex mutex_;
  std::list<std::pair<std::string, Keyed>> kept_;  // newest first
};

}  // namespace art3d
