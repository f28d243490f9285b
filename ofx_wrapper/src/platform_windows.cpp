#ifdef _WIN32

#include <windows.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "host.h"
#include "platform.h"

namespace art3d::platform {
namespace {

HMODULE self(DWORD flags) {
  HMODULE found = nullptr;
  const auto address = reinterpret_cast<const wchar_t*>(reinterpret_cast<const void*>(&self));
  return GetModuleHandleExW(flags | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, address, &found) != 0 ? found : nullptr;
}

}  // namespace

const bool kHasServer = false;

int64_t processId() { return static_cast<int64_t>(GetCurrentProcessId()); }

void sleep(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string ownFolder() {
  wchar_t path[4096];
  const DWORD size = GetModuleFileNameW(self(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT), path, 4096);
  return size > 0 && size < 4096 ? std::filesystem::path(path).parent_path().u8string() : "";
}

std::string cacheFolder() {
  const wchar_t* local = _wgetenv(L"LOCALAPPDATA");
  return local != nullptr ? std::filesystem::path(local).u8string() : "";
}

void stayLoaded() { self(GET_MODULE_HANDLE_EX_FLAG_PIN); }

void whenLeaving(void (*)()) { stayLoaded(); }

std::optional<FileState> stateOf(const std::string& path) {
  std::error_code fault;
  const auto file = std::filesystem::u8path(path);
  const auto changed = std::filesystem::last_write_time(file, fault).time_since_epoch();
  const auto bytes = fault ? 0 : std::filesystem::file_size(file, fault);
  if (fault) return std::nullopt;
  return FileState{std::chrono::duration_cast<std::chrono::nanoseconds>(changed).count(), static_cast<int64_t>(bytes)};
}

std::optional<std::string> contentOf(const std::string& path) {
  std::ifstream file(std::filesystem::u8path(path), std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

std::string run(const std::string& line, const std::function<void()>&, int&) {
  throw Fault("Art3D's server runs on Linux and cannot be started here with " + line);
}

}  // namespace art3d::platform

#endif
