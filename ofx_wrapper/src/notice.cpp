#include "notice.h"

#include <cstdio>

namespace art3d {
namespace {
constexpr const char* kId = "art3d.notice";
}

// No lock is held while the host is called: it may open a window and, out of that, call back.
void Notice::show(ofx::Name kind, const std::string& line) {
  bool again = false;
  {
    const std::lock_guard lock(mutex_);
    again = shown_ == line;
    shown_ = line;
  }
  const OfxMessageSuiteV2& host = suites().message;
  if (host.setPersistentMessage != nullptr) {
    host.setPersistentMessage(effect_, kind, kId, "%s", line.c_str());
  } else if (!again && host.message != nullptr) {
    host.message(effect_, kind, kId, "%s", line.c_str());
  } else if (!again) {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

void Notice::clear() {
  {
    const std::lock_guard lock(mutex_);
    if (shown_.empty()) return;
    shown_.clear();
  }
  const OfxMessageSuiteV2& host = suites().message;
  if (host.setPersistentMessage != nullptr && host.clearPersistentMessage != nullptr) host.clearPersistentMessage(effect_);
}

}  // namespace art3d
