// What lies behind a hole of the new view: which surface is its background, and what disparity that has there.
#pragma once
#include "scanline.h"

ART3D_BEGIN

constexpr int SLOPE_PX = 8;        // of background beside a hole that say how its disparity goes on behind a clean plate

/// What lies behind a hole.
struct Background {
    int source;       // column of its nearest background pixel, -1: none in this row
    int hidden;       // plate sample of its hidden background nearest to it, -1: nothing is hidden
    float disparity;  // px
    float limit;      // highest disparity that still counts as background, px
};

/// Describes what lies behind a hole. Where a narrow gap of the plate closes, the hole has foreground on both sides, and
/// its background is among the plate's samples between them that the new view hides.
inline Background background_of(const float* row, int width, const int* index, Line<> d, float s, Span hole) {
    const int left = hole.first - 1, right = hole.last;
    if (left < 0 || right >= width) {
        if (left >= 0) return {left, -1, row[left], INFINITE};
        if (right < width) return {right, -1, row[right], INFINITE};
        return {-1, -1, 0.0f, INFINITE};
    }
    Background found{row[right] < row[left] ? right : left, -1, min(row[left], row[right]), 0.0f};
    for (int x = index[left] + 1; x <= index[right]; ++x)
        if (is_finite(d[x]) && d[x] < found.disparity - 1.0f) found.disparity = d[x], found.hidden = x;
    found.limit = found.disparity + max(1.0f, 0.5f * (max(row[left], row[right]) - found.disparity));
    if (found.hidden < 0) return found;
    int x = s > 0.0f ? index[left] + 1 : index[right];
    while (!(is_finite(d[x]) && d[x] <= found.limit)) x += s > 0.0f ? 1 : -1;
    found.source = -1;
    found.hidden = x;
    return found;
}

/// How fast the background's disparity changes beside a hole, px a px, going right; away from the hole is `step`.
inline float slope_beside(const float* row, int width, int at, int step) {
    int last = at;
    for (int t = 1; t <= SLOPE_PX; ++t) {
        const int next = at + step * t;
        if (next < 0 || next >= width || !(size_of(row[next] - row[last]) <= 0.5f)) break;
        last = next;
    }
    return last == at ? 0.0f : (row[last] - row[at]) / float(last - at);
}

/// Disparity of the background in column k of a hole, as what borders it goes on: between two sides of it a straight
/// line, else as steep as beside the hole.
inline float continued_disparity(const float* row, int width, Span hole, const Background& behind, int k) {
    if (behind.source < 0) return behind.disparity;
    const int left = hole.first - 1, right = hole.last;
    if (left >= 0 && right < width && max(row[left], row[right]) <= behind.limit)
        return row[left] + (row[right] - row[left]) * float(k - left) / float(right - left);
    const float slope = slope_beside(row, width, behind.source, behind.source < hole.first ? -1 : 1);
    return min(row[behind.source] + slope * float(k - behind.source), behind.limit);
}

ART3D_END
