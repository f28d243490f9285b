// What differs between operating systems: processes, files, the library's own place.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace art3d::platform {

// Whether this machine can run Art3D's server, so that the plug-in may start one itself.
extern const bool kHasServer;

int64_t processId();
void sleep(std::chrono::milliseconds time);
// The folder of the plug-in's binary; empty where the system does not say.
std::string ownFolder();
// A folder of this user's for files that may be lost; empty where there is none.
std::string cacheFolder();
// Keeps the library in this process for good: a thread of it outlives its unloading.
void stayLoaded();

// Calls this when the library is unloaded or the process ends, before anything of the library is gone. Where threads are
// dead by then the library stays instead.
void whenLeaving(void (*close)());

struct FileState {
  int64_t changed_ns = 0, bytes = 0;
};
// Nothing when the file is not there. `path` is UTF-8.
std::optional<FileState> stateOf(const std::string& path);
// A whole file. Nothing when it cannot be read. `path` is UTF-8.
std::optional<std::string> contentOf(const std::string& path);

// Runs a command line, without the host's Python and libraries in its environment, and gives what it said; its exit
// status comes through `status`. Calls `poll` every 20 ms; what that throws ends the command. Throws Fault when it
// cannot be started.
std::string run(const std::string& line, const std::function<void()>& poll, int& status);

}  // namespace art3d::platform
