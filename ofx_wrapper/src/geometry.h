// Boxes, y down as on the wire, and the one place where OpenFX rectangles (y up) turn into them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "ofx_core.h"

namespace art3d {

// Half-open, y down: holds x0 <= x < x1, y0 <= y < y1.
struct Box {
  int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  int64_t width() const { return std::max<int64_t>(0, x1 - x0); }
  int64_t height() const { return std::max<int64_t>(0, y1 - y0); }
  bool empty() const { return width() == 0 || height() == 0; }
  Box intersect(const Box& o) const {
    return {std::max(x0, o.x0), std::max(y0, o.y0), std::min(x1, o.x1), std::min(y1, o.y1)};
  }
  Box unite(const Box& o) const {
    if (empty() || o.empty()) return empty() ? o : *this;
    return {std::min(x0, o.x0), std::min(y0, o.y0), std::max(x1, o.x1), std::max(y1, o.y1)};
  }
  Box shift(int64_t dx) const { return {x0 + dx, y0, x1 + dx, y1}; }
  bool operator==(const Box& o) const { return x0 == o.x0 && y0 == o.y0 && x1 == o.x1 && y1 == o.y1; }
};

// Turns rows around `top`, the y-up coordinate of the picture's upper edge, which becomes row 0. Its own inverse.
inline Box flipped(const Box& b, int64_t top) { return {b.x0, top - b.y1, b.x1, top - b.y0}; }

// From canonical coordinates (square pixels, full size) to the pixels of one rendering.
struct Grid {
  double scaleX = 1, scaleY = 1;  // proxy scale
  double pixelAspect = 1;

  double toPixelX(double x) const { return x * scaleX / pixelAspect; }
  double toPixelY(double y) const { return y * scaleY; }
  double toCanonicalX(double x) const { return x * pixelAspect / scaleX; }

  // Pixels that a canonical rectangle touches; a sliver below a thousandth of a pixel does not count. Still y up.
  Box touched(const OfxRectD& r) const {
    constexpr double kSliver = 1e-3;
    return {static_cast<int64_t>(std::floor(toPixelX(r.x1) + kSliver)),
            static_cast<int64_t>(std::floor(toPixelY(r.y1) + kSliver)),
            static_cast<int64_t>(std::ceil(toPixelX(r.x2) - kSliver)),
            static_cast<int64_t>(std::ceil(toPixelY(r.y2) - kSliver))};
  }
};

}  // namespace art3d
