// A host's image without its oddities: any bit depth, any components, any row padding, rows up or down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "geometry.h"
#include "host.h"

namespace art3d {

enum class Depth { kByte, kShort, kHalf, kFloat };

size_t sampleBytes(Depth depth);
// numpy's spelling, as the wire writes it.
const char* dtypeOf(Depth depth);

// Pixels of a host image as rows counted downward. Does not own them.
class ImageView {
 public:
  ImageView() = default;
  // Reads the properties of an image that the host handed out. `top` is the y-up coordinate of row 0.
  // Throws Fault for a depth or for components that Art3D does not take.
  ImageView(const Properties& image, int64_t top);

  bool valid() const { return data_ != nullptr; }
  const Box& box() const { return box_; }
  Depth depth() const { return depth_; }
  int channels() const { return static_cast<int>(names_.size()); }
  // How many of the channels, the first ones, are colour: all but an alpha beside others.
  size_t colours() const { return names_.size() == 4 ? 3 : names_.size(); }
  // "R", "G", "B", "A" in memory order.
  const std::vector<std::string>& names() const { return names_; }
  size_t pixelBytes() const { return sampleBytes(depth_) * names_.size(); }
  // The first byte of a pixel; it must lie in `box()`.
  const std::byte* at(int64_t x, int64_t y) const;
  std::byte* at(int64_t x, int64_t y);

 private:
  std::byte* data_ = nullptr;  // the pixel (box_.x0, lowest row)
  ptrdiff_t rowBytes_ = 0;     // to the next row up
  Box box_;
  Depth depth_ = Depth::kFloat;
  std::vector<std::string> names_;
};

// An image fetched from a clip, given back on leaving.
class ClipImage {
 public:
  ClipImage(OfxImageClipHandle clip, OfxTime time, const OfxRectD* region);
  ~ClipImage();
  ClipImage(const ClipImage&) = delete;
  ClipImage& operator=(const ClipImage&) = delete;
  // False when the host has no image there.
  explicit operator bool() const { return handle_ != nullptr; }
  Properties properties() const { return Properties(handle_); }

 private:
  OfxPropertySetHandle handle_ = nullptr;
};

}  // namespace art3d
