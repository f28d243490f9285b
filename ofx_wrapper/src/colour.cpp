#include "colour.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pixels.h"

namespace art3d {
namespace {

// Printing density: black 95 and white 685 of 1023, 0.002 density a code, gamma 0.6 (Kodak, Grayscale Transformations of
// Cineon Digital Film Data, 1993).
constexpr double kDensity = 0.002 / 0.6;
double cineonBlack() { return std::pow(10.0, (95 - 685) * kDensity); }

double decoded(Curve curve, double value) {
  if (curve == Curve::kGamma24) return std::pow(value, 2.4);
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);  // IEC 61966-2-1
}

double encoded(Curve curve, double light) {
  if (curve == Curve::kGamma24) return std::pow(light, 1 / 2.4);
  return light <= 0.0031308 ? light * 12.92 : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

bool starts(const std::string& text, const char* with) { return text.rfind(with, 0) == 0; }

int topOf(Depth depth) { return depth == Depth::kByte ? 255 : depth == Depth::kShort ? 65535 : 0; }

}  // namespace

Curve curveOf(const std::string& knob, const Properties& clip, Depth depth) {
  if (knob == "linear") return Curve::kLinear;
  if (knob == "srgb") return Curve::kSrgb;
  if (knob == "rec709") return Curve::kGamma24;
  if (knob == "cineon") return Curve::kCineon;
  const std::string space = clip.text(ofx::prop::kClipColourspace);
  if (space == ofx::value::kSceneLinear || starts(space, "lin_")) return Curve::kLinear;
  if (space == ofx::value::kDisplaySdr || starts(space, "srgb")) return Curve::kSrgb;
  if (starts(space, "rec1886_rec709") || starts(space, "g24_rec709")) return Curve::kGamma24;
  return topOf(depth) != 0 ? Curve::kSrgb : Curve::kLinear;
}

double toLight(Curve curve, double value) {
  if (curve == Curve::kLinear) return value;
  if (curve == Curve::kCineon) {
    return (std::pow(10.0, (value * 1023 - 685) * kDensity) - cineonBlack()) / (1 - cineonBlack());
  }
  return std::copysign(decoded(curve, std::fabs(value)), value);
}

double fromLight(Curve curve, double light) {
  if (curve == Curve::kLinear) return light;
  if (curve == Curve::kCineon) {
    const double density = light * (1 - cineonBlack()) + cineonBlack();
    return density > 0 ? (std::log10(density) / kDensity + 685) / 1023 : 0;
  }
  return std::copysign(encoded(curve, std::fabs(light)), light);
}

Decoder::Decoder(Curve curve, Depth depth) : curve_(curve), depth_(depth) {
  const int top = topOf(depth);
  if (none() || top == 0) return;
  for (int code = 0; code <= top; ++code) {
    light_.push_back(static_cast<float>(toLight(curve, static_cast<double>(code) / top)));
  }
}

void Decoder::row(const std::byte* from, std::byte* to, size_t pixels, size_t channels, size_t colours) const {
  const size_t narrow = sampleBytes(depth_), wide = sampleBytes(depth());
  for (size_t i = 0; i < pixels * channels; ++i, from += narrow, to += wide) {
    float value = readSample(from, depth_);
    if (i % channels < colours) {
      uint16_t code = std::to_integer<uint16_t>(*from);
      if (depth_ == Depth::kShort) std::memcpy(&code, from, sizeof code);
      value = light_.empty() ? static_cast<float>(toLight(curve_, value)) : light_[code];
    }
    const uint16_t half = depth() == Depth::kHalf ? floatToHalf(value) : uint16_t{0};
    std::memcpy(to, depth() == Depth::kHalf ? static_cast<const void*>(&half) : &value, wide);
  }
}

Encoder::Encoder(Curve curve, Depth depth) : curve_(curve), top_(static_cast<float>(topOf(depth))) {
  if (none()) return;
  for (int code = 1; code <= topOf(depth); ++code) least_.push_back(toLight(curve, (code - 0.5) / topOf(depth)));
}

void Encoder::row(float* values, size_t pixels, size_t channels, size_t colours) const {
  for (size_t i = 0; i < pixels * channels; ++i) {
    if (i % channels >= colours) continue;
    if (least_.empty()) {
      values[i] = static_cast<float>(fromLight(curve_, values[i]));
    } else {
      const double light = values[i] == values[i] ? values[i] : 0.0;
      const auto code = std::upper_bound(least_.begin(), least_.end(), light) - least_.begin();
      values[i] = static_cast<float>(code) / top_;
    }
  }
}

}  // namespace art3d
