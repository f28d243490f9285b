#include "endpoint.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

extern char** environ;

namespace art3d {
namespace {

constexpr const char* kEnsure = " nuke server";
constexpr int kPollMs = 20;
constexpr int kGraceMs = 200;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// What the installer wrote beside the binary: Art3D.ofx.bundle/Contents/Resources/command.
std::string installedCommand() {
  Dl_info found = {};
  if (dladdr(reinterpret_cast<const void*>(&installedCommand), &found) == 0 || found.dli_fname == nullptr) return "";
  const std::string path = found.dli_fname;
  const size_t folder = path.rfind('/');
  if (folder == std::string::npos) return "";
  std::ifstream file(path.substr(0, folder) + "/../Resources/command");
  std::string line;
  std::getline(file, line);
  return line;
}

std::string commandLine(const std::string& knob) {
  for (const std::string& found : {knob, environment("ART3D_COMMAND"), installedCommand()}) {
    if (!found.empty()) return found;
  }
  return "art3d";
}

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

// A shell command that is running; ended and collected on leaving.
class Command {
 public:
  explicit Command(const std::string& line) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) throw Fault("the host has no file left to start the server with");
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

  // Everything it said until it ended; its exit status comes through `status`.
  std::string finish(const Watch& watch, int& status) {
    std::string said;
    for (;;) {
      watch.poll();
      pollfd item{out_, POLLIN, 0};
      if (poll(&item, 1, kPollMs) <= 0) continue;
      char text[1024];
      const ssize_t count = read(out_, text, sizeof text);
      if (count <= 0) break;
      said.append(text, static_cast<size_t>(count));
    }
    // It may have closed its output and still run.
    while (running(&status)) {
      watch.poll();
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
    waitpid(pid_, nullptr, 0);
  }

  pid_t pid_ = -1;
  int out_ = -1;
  bool collected_ = false;
};

std::string lastLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const size_t start = text.rfind('\n');
  return start == std::string::npos ? text : text.substr(start + 1);
}

}  // namespace

std::string Endpoint::find(const std::string& server, const std::string& command, const Watch& watch) {
  if (!server.empty()) return server;
  if (const std::string address = environment("ART3D_SERVER"); !address.empty()) return address;
  const std::string line = commandLine(command);
  std::unique_lock lock(mutex_, std::defer_lock);
  while (!lock.try_lock()) {
    watch.poll();
    usleep(kPollMs * 1000);
  }
  if (const auto known = known_.find(line); known != known_.end()) return known->second;
  int status = 0;
  watch.progress();
  const std::string said = lastLine(Command(line + kEnsure).finish(watch, status));
  const bool address = said.rfind("ipc://", 0) == 0 || said.rfind("tcp://", 0) == 0;
  if (status != 0 || !address) {
    throw Fault("the server cannot be started with `" + line + "`: " + (said.empty() ? "it said nothing" : said) +
                "; set Server Command to Art3D's own `art3d`, or run `art3d doctor`");
  }
  return known_[line] = said;
}

void Endpoint::forget(const std::string& address) {
  const std::lock_guard lock(mutex_);
  for (auto it = known_.begin(); it != known_.end();) it = it->second == address ? known_.erase(it) : std::next(it);
}

}  // namespace art3d
