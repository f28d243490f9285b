// What Art3D keeps for one node in the host's graph.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "key_memo.h"
#include "knobs.h"
#include "notice.h"
#include "shot_file.h"

namespace art3d {

struct Clip {
  OfxImageClipHandle handle = nullptr;
  OfxPropertySetHandle properties = nullptr;
  // Whether something feeds it. A host that cannot say is asked for the image instead.
  bool connected() const { return handle != nullptr && Properties(properties).integer(ofx::prop::kClipConnected, 1) != 0; }
  // Its region of definition, where the host tells one.
  std::optional<OfxRectD> region(OfxTime time) const;
};

namespace clip {
inline constexpr const char* kDepth = "Depth";
inline constexpr const char* kMatte = "Matte";
inline constexpr const char* kCleanPlate = "CleanPlate";
inline constexpr const char* kCleanDepth = "CleanDepth";
}  // namespace clip

struct Instance {
  explicit Instance(OfxImageEffectHandle effect);
  Properties properties() const;
  // Pixel width over height of the source.
  double pixelAspect() const;

  OfxImageEffectHandle effect;
  Knobs knobs;
  Clip source, depth, matte, cleanPlate, cleanDepth, output;
  KeyMemo keys;
  ShotFiles shots;
  std::string viewer;                     // tells this node's requests from another's
  Notice notice;                          // what the artist reads on the node
  std::atomic<bool> progressShown{false}; // a progress bar stands for one of the render threads
};

// The instance behind a handle. Throws Fault when there is none.
Instance& instanceOf(OfxImageEffectHandle effect);

}  // namespace art3d
