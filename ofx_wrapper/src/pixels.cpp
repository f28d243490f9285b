#include "pixels.h"

#include <cmath>
#include <cstring>

namespace art3d {
namespace {

template <class Integer>
void writeIntegers(const float* from, std::byte* to, size_t samples, float top) {
  for (size_t i = 0; i < samples; ++i) {
    const float clamped = from[i] > 0.0F ? std::fmin(from[i], 1.0F) : 0.0F;
    const auto value = static_cast<Integer>(std::lrint(clamped * top));
    std::memcpy(to + i * sizeof(Integer), &value, sizeof(Integer));
  }
}

}  // namespace

float halfToFloat(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000U) << 16U;
  const uint32_t magnitude = half & 0x7FFFU;
  uint32_t bits = 0;
  if (magnitude >= 0x7C00U) {
    bits = 0x7F800000U | (magnitude & 0x3FFU) << 13U;
  } else if (magnitude >= 0x400U) {
    bits = (magnitude << 13U) + 0x38000000U;
  } else {
    const float small = static_cast<float>(magnitude) * 0x1p-24F;
    std::memcpy(&bits, &small, sizeof bits);
  }
  bits |= sign;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint16_t floatToHalf(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const auto sign = static_cast<uint16_t>(bits >> 16U & 0x8000U);
  bits &= 0x7FFFFFFFU;
  if (bits > 0x7F800000U) return sign | 0x7E00U;
  if (bits >= 0x47800000U) return sign | 0x7C00U;
  if (bits < 0x38800000U) {
    // Below half's smallest normal number: adding 0.5 lets the FPU round at half's last place.
    float small = 0;
    std::memcpy(&small, &bits, sizeof small);
    small += 0.5F;
    uint32_t rounded = 0;
    std::memcpy(&rounded, &small, sizeof rounded);
    return static_cast<uint16_t>(sign | (rounded - 0x3F000000U));
  }
  const uint32_t odd = bits >> 13U & 1U;
  return static_cast<uint16_t>(sign | ((bits - 0x38000000U + 0xFFFU + odd) >> 13U));
}

float readSample(const std::byte* sample, Depth depth) {
  uint16_t wide = 0;
  float value = 0;
  switch (depth) {
    case Depth::kByte:
      return static_cast<float>(std::to_integer<int>(*sample)) / 255.0F;
    case Depth::kShort:
      std::memcpy(&wide, sample, sizeof wide);
      return static_cast<float>(wide) / 65535.0F;
    case Depth::kHalf:
      std::memcpy(&wide, sample, sizeof wide);
      return halfToFloat(wide);
    case Depth::kFloat:
      break;
  }
  std::memcpy(&value, sample, sizeof value);
  return value;
}

void writeRow(const float* from, std::byte* to, size_t samples, Depth depth) {
  switch (depth) {
    case Depth::kByte:
      return writeIntegers<uint8_t>(from, to, samples, 255.0F);
    case Depth::kShort:
      return writeIntegers<uint16_t>(from, to, samples, 65535.0F);
    case Depth::kHalf:
      for (size_t i = 0; i < samples; ++i) {
        const uint16_t half = floatToHalf(from[i]);
        std::memcpy(to + i * sizeof half, &half, sizeof half);
      }
      return;
    case Depth::kFloat:
      std::memcpy(to, from, samples * sizeof(float));
      return;
  }
}

}  // namespace art3d
