#include "image_view.h"

#include <cstdlib>

namespace art3d {
namespace {

Depth depthOf(const std::string& name) {
  if (name == ofx::value::kDepthByte) return Depth::kByte;
  if (name == ofx::value::kDepthShort) return Depth::kShort;
  if (name == ofx::value::kDepthHalf) return Depth::kHalf;
  if (name == ofx::value::kDepthFloat) return Depth::kFloat;
  throw Fault("Art3D cannot read a picture of depth " + name + "; convert it to 8-bit, 16-bit, half or float",
              ofx::kErrImageFormat);
}

std::vector<std::string> namesOf(const std::string& components) {
  if (components == ofx::value::kComponentRgba) return {"R", "G", "B", "A"};
  if (components == ofx::value::kComponentRgb) return {"R", "G", "B"};
  if (components == ofx::value::kComponentAlpha) return {"A"};
  throw Fault("Art3D cannot read a picture of components " + components + "; give it RGBA, RGB or Alpha",
              ofx::kErrImageFormat);
}

}  // namespace

size_t sampleBytes(Depth depth) {
  switch (depth) {
    case Depth::kByte:
      return 1;
    case Depth::kShort:
    case Depth::kHalf:
      return 2;
    case Depth::kFloat:
      break;
  }
  return 4;
}

const char* dtypeOf(Depth depth) {
  switch (depth) {
    case Depth::kByte:
      return "|u1";
    case Depth::kShort:
      return "<u2";
    case Depth::kHalf:
      return "<f2";
    case Depth::kFloat:
      break;
  }
  return "<f4";
}

ImageView::ImageView(const Properties& image, int64_t top)
    : depth_(depthOf(image.text(ofx::prop::kPixelDepth))), names_(namesOf(image.text(ofx::prop::kComponents))) {
  const auto bounds = image.rectI(ofx::prop::kImageBounds);
  data_ = static_cast<std::byte*>(image.pointer(ofx::prop::kImageData));
  if (data_ == nullptr || !bounds) throw Fault("the host gave a picture without pixels; check the node's input");
  box_ = flipped({bounds->x1, bounds->y1, bounds->x2, bounds->y2}, top);
  const auto tight = static_cast<int>(pixelBytes()) * static_cast<int>(box_.width());
  // A host may leave row bytes out, or give 0, for rows without padding.
  const int stated = image.integer(ofx::prop::kImageRowBytes, 0);
  rowBytes_ = stated != 0 ? stated : tight;
  if (std::abs(rowBytes_) < tight) throw Fault("the host gave a picture whose rows are shorter than its width");
}

const std::byte* ImageView::at(int64_t x, int64_t y) const {
  const int64_t up = box_.y1 - 1 - y;
  return data_ + up * rowBytes_ + (x - box_.x0) * static_cast<int64_t>(pixelBytes());
}

std::byte* ImageView::at(int64_t x, int64_t y) {
  return const_cast<std::byte*>(static_cast<const ImageView*>(this)->at(x, y));
}

ClipImage::ClipImage(OfxImageClipHandle clip, OfxTime time, const OfxRectD* region) {
  const OfxStatus status = suites().effect.clipGetImage(clip, time, region, &handle_);
  if (status == ofx::kErrMemory) throw Fault("the host has no memory left for a picture", ofx::kErrMemory);
  if (status != ofx::kOk) handle_ = nullptr;
}

ClipImage::~ClipImage() {
  if (handle_ != nullptr) suites().effect.clipReleaseImage(handle_);
}

}  // namespace art3d
