// What the artist reads on one node: an error or a warning, where and for as long as the host can show it.
#pragma once

#include <mutex>
#include <string>

#include "host.h"

namespace art3d {

class Notice {
 public:
  explicit Notice(OfxImageEffectHandle effect) : effect_(effect) {}

  // Shows a line in place of the one before. A host that has no messages that stay shows it once, and again only after
  // `clear`; one that has none at all finds it on the standard error output.
  void show(ofx::Name kind, const std::string& line);
  // Takes away what `show` left; does nothing otherwise.
  void clear();

 private:
  OfxImageEffectHandle effect_;
  std::mutex mutex_;
  std::string shown_;
};

}  // namespace art3d
