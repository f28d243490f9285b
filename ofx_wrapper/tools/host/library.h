// A shared library, loaded as the system at hand does it.
#pragma once

#include <string>

#include "ofx_core.h"

namespace small {

// The bundle's binary; throws std::runtime_error where it does not load.
class Library {
 public:
  explicit Library(const std::string& path);
  void* symbol(const char* name) const;
  void close();

 private:
  void* handle_ = nullptr;
};

}  // namespace small
