#ifndef _WIN32

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "host.h"
#include "platform.h"
#include "uninterrupted.h"

extern char** environ;

namespace art3d::platform {
namespace {

constexpr int kPollMs = 20;
constexpr int kGraceMs = 200;

// The host's environment without what would lead another Python or its libraries astray.
std::vector<char*> cleanEnvironment() {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool drop = false;
    for (const char* name : {"PYTHONHOME=", "PYTHONPATH=", "LD_LIBRARY_PATH=", "LD_PRELOAD="}) {
      drop |= std::strncmp(*entry, name, std::strlen(name)) == 0;
    }
    if (!drop) kept.push_back(*entry);
  }
  kept.push_back(nullptr);
  return kept;
}

// Two ends of a pipe that no other child inherits.
bool pipeOf(int (&ends)[2]) {
  if (pipe(ends) != 0) return false;
  for (const int end : ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  return true;
}

// A shell command that is running; ended and collected on leaving.
class Command {
 public:
  explicit Command(const std::string& line) {
    int ends[2] = {-1, -1};
    if (!pipeOf(ends)) throw Fault("the host has no file left to start the server with");
    out_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    // A render thread of the host may block signals; the command must hear when it shall end.
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    auto environment = cleanEnvironment();
    std::string text = "exec " + line;
    std::string shell = "sh", option = "-c";
    char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
    const int failed = posix_spawn(&pid_, "/bin/sh", &actions, &attributes, arguments, environment.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (failed != 0) {
      close(out_);
      throw Fault("the server's command cannot be started: " + line);
    }
  }
  ~Command() {
    if (!collected_) end();
    close(out_);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  std::string finish(const std::function<void()>& watch, int& status) {
    std::string said;
    for (;;) {
      watch();
      pollfd item{out_, POLLIN, 0};
      if (poll(&item, 1, kPollMs) <= 0) continue;
      char text[1024];
      const ssize_t count = untilDone([&] { return read(out_, text, sizeof text); });
      if (count <= 0) break;
      said.append(text, static_cast<size_t>(count));
    }
    // It may have closed its output and still run.
    while (running(&status)) {
      watch();
      usleep(kPollMs * 1000);
    }
    collected_ = true;
    return said;
  }

 private:
  bool running(int* status) const {
    const pid_t found = waitpid(pid_, status, WNOHANG);
    return found == 0 || (found < 0 && errno == EINTR);
  }

  // Asks it to end, and makes one that does not listen: the host must not wait for it.
  void end() const {
    kill(pid_, SIGTERM);
    for (int waited = 0; waited < kGraceMs; waited += kPollMs) {
      if (!running(nullptr)) return;
      usleep(kPollMs * 1000);
    }
    kill(pid_, SIGKILL);
    untilDone([&] { return waitpid(pid_, nullptr, 0); });
  }

  pid_t pid_ = -1;
  int out_ = -1;
  bool collected_ = false;
};

Dl_info self() {
  Dl_info found = {};
  dladdr(reinterpret_cast<const void*>(&self), &found);
  return found;
}

}  // namespace

#ifdef __linux__
const bool kHasServer = true;
#else
const bool kHasServer = false;
#endif

int64_t processId() { return getpid(); }

void sleep(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string ownFolder() {
  const Dl_info found = self();
  const std::string path = found.dli_fname != nullptr ? found.dli_fname : "";
  const size_t folder = path.rfind('/');
  return folder == std::string::npos ? "" : path.substr(0, folder);
}

std::string cacheFolder() {
  const char* set = std::getenv("XDG_CACHE_HOME");
  if (set != nullptr && *set == '/') return set;
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache" : "";
}

void stayLoaded() {
  const Dl_info found = self();
  if (found.dli_fname != nullptr) dlopen(found.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

void whenLeaving(void (*close)()) { std::atexit(close); }

std::optional<FileState> stateOf(const std::string& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return std::nullopt;
#ifdef __APPLE__
  const timespec& changed = found.st_mtimespec;
#else
  const timespec& changed = found.st_mtim;
#endif
  return FileState{changed.tv_sec * 1000000000LL + changed.tv_nsec, found.st_size};
}

std::optional<std::string> contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

std::string run(const std::string& line, const std::function<void()>& poll, int& status) {
  return Command(line).finish(poll, status);
}

}  // namespace art3d::platform

#endif
