// Samples: host depths to and from 32-bit float.
#pragma once

#include <cstdint>

#include "image_view.h"

namespace art3d {

float halfToFloat(uint16_t half);
// Rounds to nearest even; beyond half's range becomes infinity, NaN stays NaN.
uint16_t floatToHalf(float value);

// One sample as float: integers become 0..1.
float readSample(const std::byte* sample, Depth depth);
// One row of packed floats to packed samples: integers from 0..1, clamped, NaN as 0.
void writeRow(const float* from, std::byte* to, size_t samples, Depth depth);

}  // namespace art3d
