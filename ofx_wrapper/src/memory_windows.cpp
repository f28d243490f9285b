#ifdef _WIN32

#include "memory.h"

namespace art3d {

// The server runs on Linux, and another machine's memory cannot be mapped: pixels travel inline.
std::shared_ptr<Mapping> Mapping::attach(const wire::Segment&, bool) { return nullptr; }

Mapping::~Mapping() = default;

}  // namespace art3d

#endif
