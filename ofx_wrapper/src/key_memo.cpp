#include "key_memo.h"

namespace art3d {
namespace {
constexpr size_t kKept = 256;
}

std::optional<Keyed> KeyMemo::find(const std::string& identity) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [known, found] : kept_) {
    if (known == identity) return found;
  }
  return std::nullopt;
}

void KeyMemo::keep(const std::string& identity, const Keyed& found) {
  const std::lock_guard lock(mutex_);
  kept_.emplace_front(identity, found);
  if (kept_.size() > kKept) kept_.pop_back();
}

void KeyMemo::clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace art3d
