#ifndef _WIN32

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "memory.h"

namespace art3d {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

bool isSegment(const char* path) {
  char target[256];
  const ssize_t length = readlink(path, target, sizeof target);
  const size_t prefix = std::strlen(wire::kLinkPrefix);
  return length >= static_cast<ssize_t>(prefix) && std::memcmp(target, wire::kLinkPrefix, prefix) == 0;
}

}  // namespace

std::shared_ptr<Mapping> Mapping::attach(const wire::Segment& segment, bool write) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%lld/fd/%lld", static_cast<long long>(segment.pid),
                static_cast<long long>(segment.fd));
  if (segment.nbytes < 0 || !isSegment(path)) return nullptr;
  const Descriptor file(open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK));
  struct stat found = {};
  if (file.get() < 0 || fstat(file.get(), &found) != 0) return nullptr;
  const bool mine = S_ISREG(found.st_mode) && found.st_uid == geteuid();
  if (!mine || found.st_size < wire::kSegmentHeaderBytes + segment.nbytes) return nullptr;
  const auto size = static_cast<size_t>(found.st_size);
  void* base = mmap(nullptr, size, write ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file.get(), 0);
  if (base == MAP_FAILED) return nullptr;
  std::shared_ptr<Mapping> mapping(new Mapping(base, size));
  return mapping->proves(segment) ? mapping : nullptr;
}

Mapping::~Mapping() { munmap(base_, size_); }

}  // namespace art3d

#endif
