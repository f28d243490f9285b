// Everything a render takes from the host's clips, held for as long as it is needed.
#pragma once

#include <memory>
#include <optional>

#include "plate.h"
#include "picture_windows.h"

namespace art3d {

class Source {
 public:
  // Fetches the whole frame of every connected clip that the knobs use. Throws Fault without a usable source.
  Source(const Instance& instance, const Settings& settings, const Regions& regions, const Windows& windows,
         OfxTime time);

  const Plate& plate() const { return plate_; }
  // The curve of its values, which the result has as well.
  Curve curve() const { return curve_; }
  // The plate's key and what is odd about its pictures, remembered in `memo` where the host names its images.
  Keyed key(KeyMemo& memo, const std::function<void()>& tick) const;

 private:
  std::optional<ImageView> fetch(const Clip& clip, OfxTime time, const OfxRectD& region, int64_t top);
  std::optional<std::string> identity() const;
  // Throws Fault for one that cannot be used.
  std::string warning(const std::function<void()>& tick) const;

  std::vector<std::unique_ptr<ClipImage>> images_;
  Plate plate_;
  bool showsCleanPlate_;
  Curve curve_ = Curve::kLinear;
};

}  // namespace art3d
