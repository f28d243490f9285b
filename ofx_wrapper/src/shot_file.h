// The shot file of `art3d analyse`: what it fixes for a frame, so that the frame is the same in any chunk.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>

#include "floating.h"
#include "host.h"
#include "messages.h"

namespace art3d {

// What a shot file fixes for one frame.
struct ShotAt {
  wire::ShotFrame fixed;  // still without the neighbours' keys
  std::string depthSource, zMeaning;  // as they were settled for the whole shot
  int64_t before = 0, after = 0;  // so many frames on either side, of the same scene, steady this one's depth
  std::array<int64_t, 4> bars{};  // top, bottom, left, right, px of a picture of this size
  std::array<int64_t, 2> size{};  // width and height; 0 in a file of version 1, whose figures are of the whole frame

  // The active picture in a data window, which may be a proxy of the one that was analysed.
  Box picture(const Box& data) const;
};

class ShotFiles {
 public:
  // Reads the file again only when it changed. Throws Fault when it cannot be read, does not hold the frame, or was made
  // with other settings.
  ShotAt at(const std::string& path, int64_t number, const wire::AnalysisSettings& settings);
  // The knobs of a frame that the file holds, a floating window as its scene needs it; `knobsAt` gives those of any frame.
  wire::Controls withWindow(const std::string& path, int64_t number, const wire::Controls& controls,
                            const std::function<wire::Controls(int64_t)>& knobsAt);

 private:
  struct Entry {
    wire::ShotFrame fixed;
    std::string style;
    int64_t scene = 0;
    std::array<int64_t, 4> bars{};
    std::array<int64_t, 2> size{};
    std::map<std::string, Edges> edges;  // by the hero eye
    std::optional<Edges> edgesFor(const std::string& hero) const {
      const auto found = edges.find(hero);
      return found == edges.end() ? std::nullopt : std::optional(found->second);
    }
  };
  struct Shot {
    int64_t changed_ns = 0, bytes = 0;
    std::string depthSource, zMeaning, zSettled;
    int64_t steady = 0;
    std::map<int64_t, Entry> frames;
  };
  static Shot load(const std::string& path);
  static int64_t neighbours(const Shot& shot, int64_t number, int64_t step);
  const Shot& current(const std::string& path);

  std::mutex mutex_;
  std::map<std::string, Shot> shots_;
};

}  // namespace art3d
