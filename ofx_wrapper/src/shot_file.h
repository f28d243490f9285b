// The shot file of `art3d analyse`: what it fixes for a frame, so that the frame is the same in any chunk.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "host.h"
#include "messages.h"

namespace art3d {

class ShotFiles {
 public:
  // What the file fixes for a frame staged with `style`; read again only when the file changed. Throws Fault.
  wire::ShotFrame frame(const std::string& path, int64_t number, const std::string& style);

 private:
  struct Shot {
    int64_t changed_ns = 0, bytes = 0;
    std::string style;
    std::map<int64_t, wire::ShotFrame> frames;
  };
  static Shot load(const std::string& path);

  std::mutex mutex_;
  std::map<std::string, Shot> shots_;
};

}  // namespace art3d
