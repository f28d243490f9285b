// How far each pixel of the plate is from a depth edge, and what the disparity does around a region.
#pragma once
#include "matte.h"

ART3D_BEGIN

/// Marks where a row and another one, or the row and itself a pixel on, lie on two surfaces.
inline void mark_cuts(const float* row, const float* other, int size, uint8* __restrict__ touches) {
    for (int k = 0; k < size; ++k) touches[k] |= is_cut(row[k], other[k]);
}

/// Takes the distance by way of pixels `away` px off where it is the shorter one: the larger of both steps.
inline void take_closer(const uint8* __restrict__ there, uint8 away, int size, uint8* __restrict__ near) {
    for (int k = 0; k < size; ++k) {
        const uint8 way = there[k] > away ? there[k] : away;
        near[k] = way < near[k] ? way : near[k];
    }
}

/// Distances along one row: `r` of (reaches.height + 2 BAND_PX) lines. scratch: 2 * (width + 2 BAND_PX) bytes.
inline void reach_along(const Plate& plate, const Reaches& reaches, int r, uint8* line, uint8* scratch) {
    const int columns = reaches.width, width = plate.width;
    const int y = clamp(r + reaches.top - BAND_PX, 0, plate.height - 1);
    const int first = clamp(reaches.left - BAND_PX, 0, width), end = clamp(reaches.left + columns + BAND_PX, 0, width);
    const float* row = plate.disparity_of(y).at;
    uint8 *here = scratch, *touches = scratch + columns + 2 * BAND_PX;
    for (int k = 0; k < columns + 2 * BAND_PX; ++k) here[k] = FAR_PX;
    for (int k = 0; k < end - first; ++k) touches[k] = 0;
    mark_cuts(row + first, plate.disparity_of(max(y - 1, 0)).at + first, end - first, touches);
    mark_cuts(row + first, plate.disparity_of(min(y + 1, plate.height - 1)).at + first, end - first, touches);
    const int after = max(min(end, width - 1) - first, 0), before = max(max(first, 1) - first, 0);
    mark_cuts(row + first, row + first + 1, after, touches);
    mark_cuts(row + first + before, row + first + before - 1, end - first - before, touches + before);
    uint8* at = here + (first - reaches.left + BAND_PX);
    for (int k = 0; k < end - first; ++k) at[k] = touches[k] ? 0 : FAR_PX;
    for (int k = 0; k < columns; ++k) line[k] = FAR_PX;
    for (int step = 0; step <= 2 * BAND_PX; ++step)
        take_closer(here + step, uint8(step < BAND_PX ? BAND_PX - step : step - BAND_PX), columns, line);
}

/// The shortest of the distances along the rows around row r; counts the pixels of the band in it.
inline void reach_across(const uint8* lines, const Reaches& reaches, int r) {
    uint8* near = reaches.at + int64(r) * reaches.width;
    for (int k = 0; k < reaches.width; ++k) near[k] = FAR_PX;
    for (int step = 0; step <= 2 * BAND_PX; ++step)
        take_closer(lines + int64(r + step) * reaches.width, uint8(step < BAND_PX ? BAND_PX - step : step - BAND_PX),
                    reaches.width, near);
}

/// Pixels of the band in row r, the margins not counted.
inline int count_band(const Reaches& reaches, int r) {
    const uint8* near = reaches.at + int64(r + LOOK_PX) * reaches.width;
    int total = 0;
    for (int k = LOOK_PX; k < reaches.width - LOOK_PX; ++k) total += near[k] <= BAND_PX;
    return total;
}

constexpr int BLOCK_PX = 16;  // a mixed pixel takes its disparities from less than a block away

/// Lowest and highest disparity of each block of one row of blocks; whether a value is not finite.
struct BlockRange {
    float low, high;
};

inline bool block_ranges(const Plate& plate, Span rows, Span columns, BlockRange* out, float* least, float* most) {
    const int width = columns.last - columns.first;
    for (int x = 0; x < width; ++x) least[x] = INFINITE, most[x] = -INFINITE;
    int wild = 0;
    for (int y = rows.first; y < rows.last; ++y) {
        const float* row = plate.disparity_of(y).at + columns.first;
        for (int x = 0; x < width; ++x) {
            least[x] = row[x] < least[x] ? row[x] : least[x];
            most[x] = row[x] > most[x] ? row[x] : most[x];
            wild |= !(size_of(row[x]) < INFINITE);
        }
    }
    for (int k = 0; k < parts(width, BLOCK_PX); ++k) {
        out[k] = {INFINITE, -INFINITE};
        for (int x = k * BLOCK_PX; x < min((k + 1) * BLOCK_PX, width); ++x)
            out[k] = {min(out[k].low, least[x]), max(out[k].high, most[x])};
    }
    return wild != 0;
}

ART3D_END
