// From a host's code values to scene-linear light and back, as the command line does it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "image_view.h"

namespace art3d {

enum class Curve { kLinear, kSrgb, kGamma24, kCineon };

// The curve that a picture's values have: the knob's, or with "auto" what the host says of the clip, else sRGB for
// integers.
Curve curveOf(const std::string& knob, const Properties& clip, Depth depth);

// One value to light and back; below 0 continued by symmetry, except for Cineon, which has no black at 0.
double toLight(Curve curve, double value);
double fromLight(Curve curve, double light);

// Rows of pixels, whose first `colours` channels out of `channels` have a curve, to light. Eight bits become halves, which
// hold them without loss once linear; everything else becomes floats.
class Decoder {
 public:
  Decoder(Curve curve, Depth depth);
  bool none() const { return curve_ == Curve::kLinear; }
  // What rows come out as.
  Depth depth() const { return depth_ == Depth::kByte ? Depth::kHalf : Depth::kFloat; }
  void row(const std::byte* from, std::byte* to, size_t pixels, size_t channels, size_t colours) const;

 private:
  Curve curve_;
  Depth depth_;
  std::vector<float> light_;  // of every code
};

// Rows of light to values of a host's image.
class Encoder {
 public:
  Encoder(Curve curve, Depth depth);
  bool none() const { return curve_ == Curve::kLinear; }
  // In place: light to values which `writeRow` turns into the very code.
  void row(float* values, size_t pixels, size_t channels, size_t colours) const;

 private:
  Curve curve_;
  float top_;                  // the highest code, 0 for floats
  std::vector<double> least_;  // the light from which on each code above 0 is meant
};

}  // namespace art3d
