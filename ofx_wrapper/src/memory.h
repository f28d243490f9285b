// The server's shared memory, mapped: a segment is a sealed memfd that only processes of the same user can open.
#pragma once

#include <cstddef>
#include <list>
#include <memory>

#include "messages.h"

namespace art3d {

// A mapped segment; unmapped when the last owner lets go.
class Mapping {
 public:
  // Null when the segment is not there, not this user's, too small or another one.
  static std::shared_ptr<Mapping> attach(const wire::Segment& segment, bool write);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Whether this still is the announced segment.
  bool proves(const wire::Segment& segment) const;
  std::byte* payload() const;

 private:
  Mapping(void* base, size_t size) : base_(base), size_(size) {}
  void* base_;
  size_t size_;
};

// Mappings kept for reuse, since the server recycles its segments: a warm one needs no page faults.
class Mappings {
 public:
  std::shared_ptr<Mapping> open(const wire::Segment& segment, bool write);

 private:
  struct Kept {
    int64_t pid, fd;
    bool write;
    std::shared_ptr<Mapping> mapping;
  };
  std::list<Kept> kept_;
};

}  // namespace art3d
