#include "memory.h"

#include <cstdio>

namespace art3d {
namespace {

constexpr size_t kKept = 16;
constexpr size_t kTokenBytes = 16;

}  // namespace

bool Mapping::proves(const wire::Segment& segment) const {
  if (size_ < static_cast<size_t>(wire::kSegmentHeaderBytes + segment.nbytes)) return false;
  char text[2 * kTokenBytes + 1];
  const auto* bytes = static_cast<const unsigned char*>(base_);
  for (size_t i = 0; i < kTokenBytes; ++i) std::snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return segment.token == text;
}

std::byte* Mapping::payload() const { return static_cast<std::byte*>(base_) + wire::kSegmentHeaderBytes; }

std::shared_ptr<Mapping> Mappings::open(const wire::Segment& segment, bool write) {
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    if (it->pid != segment.pid || it->fd != segment.fd || it->write != write) continue;
    if (it->mapping->proves(segment)) {
      kept_.splice(kept_.begin(), kept_, it);
      return it->mapping;
    }
    kept_.erase(it);
    break;
  }
  auto mapping = Mapping::attach(segment, write);
  if (mapping != nullptr) kept_.push_front({segment.pid, segment.fd, write, mapping});
  if (kept_.size() > kKept) kept_.pop_back();
  return mapping;
}

}  // namespace art3d
