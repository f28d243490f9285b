// The driver of `match.h` and `match_outline.h`.
#pragma once
#include "match.h"
#include "match_outline.h"

namespace art3d {

using ART3D_ISA::OutlineJob;

/// A rectified pair (rows, columns, 3), and the disparities to search.
struct MatchRequest {
    const uint8* eyes[2];
    int rows, columns, first, count;
};

/// Planes (rows, columns) of each eye; see `PickJob`.
struct MatchResult {
    float* disparity[2];
    float* margin[2];
    float* rise[2];
};

/// @throws std::bad_alloc the pair is too large for this machine.
void match(const MatchRequest& request, const MatchResult& result);
void settle_outlines(const OutlineJob& job);

}  // namespace art3d
