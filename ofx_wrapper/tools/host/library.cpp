#include "library.h"

#include <stdexcept>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace small {

#ifdef _WIN32

Library::Library(const std::string& path) : handle_(LoadLibraryA(path.c_str())) {
  if (handle_ == nullptr) throw std::runtime_error(path + " does not load: error " + std::to_string(GetLastError()));
}

void* Library::symbol(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), name));
}

void Library::close() { FreeLibrary(static_cast<HMODULE>(handle_)); }

#else

Library::Library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw std::runtime_error(dlerror());
}

void* Library::symbol(const char* name) const { return dlsym(handle_, name); }

void Library::close() { dlclose(handle_); }

#endif

}  // namespace small
