// One plate frame as it goes to the server: host images behind it, rows written only when they are asked for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "colour.h"
#include "image_view.h"
#include "messages.h"

namespace art3d {

// One layer of a frame over the data window. A row outside the host's image is black and transparent.
class PlateLayer {
 public:
  // Every channel in the host's own depth, or as light where its values have a curve.
  static PlateLayer whole(const char* name, ImageView view, std::shared_ptr<const Decoder> decoder);
  // One channel, as float; integers become 0..1. Colour pictures give their red channel.
  static PlateLayer single(const char* name, ImageView view);

  const std::string& name() const { return name_; }
  const char* dtype() const { return dtypeOf(depth()); }
  Depth depth() const { return single_ ? Depth::kFloat : decoder_ != nullptr ? decoder_->depth() : view_.depth(); }
  int channels() const { return single_ ? 1 : view_.channels(); }
  const ImageView& view() const { return view_; }
  size_t rowBytes(const Box& data) const;
  // Writes one row of `data`, packed. `row` is y-down plate coordinates.
  void writeRow(const Box& data, int64_t row, std::byte* to) const;

 private:
  PlateLayer(const char* name, ImageView view, bool single, std::shared_ptr<const Decoder> decoder)
      : name_(name), view_(std::move(view)), single_(single), decoder_(std::move(decoder)) {}
  size_t pixelBytes() const { return sampleBytes(depth()) * static_cast<size_t>(channels()); }
  std::string name_;
  ImageView view_;
  bool single_;
  std::shared_ptr<const Decoder> decoder_;  // none for values without a curve
};

// A frame: windows and layers, in order of the layers' names.
struct Plate {
  Box display, data;
  double pixelAspect = 1;
  std::vector<std::string> channels;
  std::vector<PlateLayer> layers;

  // Content address, as `host_bridge.core.frame.Frame.key` computes it. Calls `tick` now and then.
  std::string key(const std::function<void()>& tick) const;
  // The announcement of an upload; `transport` is left open.
  wire::PutFrame announcement(const std::string& key) const;
  // Writes all layers to their places in a payload. Now and then tells how many of its bytes are complete.
  void write(const wire::PutFrame& announced, std::byte* payload, const std::function<void(int64_t)>& written) const;
};

// Whoever can give the plates of a request, in whatever order the server misses them.
class Plates {
 public:
  virtual ~Plates() = default;
  // Hands the plate of this key to `use`. Throws Fault when there is none.
  virtual void with(const std::string& key, const std::function<void(const Plate&)>& use) const = 0;
};

}  // namespace art3d
