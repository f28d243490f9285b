#include "key_memo.h"

namespace art3d {
namespace {
constexpr size_t kKept = 256;
}

std::optional<std::string> KeyMemo::find(const std::string& identity) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [known, key] : kept_) {
    if (known == identity) return key;
  }
  return std::nullopt;
}

void KeyMemo::keep(const std::string& identity, const std::string& key) {
  const std::lock_guard lock(mutex_);
  kept_.emplace_front(identity, key);
  if (kept_.size() > kKept) kept_.pop_back();
}

void KeyMemo::clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace art3d
