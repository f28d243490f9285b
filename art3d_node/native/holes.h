// Which pixels of the new view are empty, how far around them the fill looks, and soft outlines laid over the result.
#pragma once
#include "fill.h"

ART3D_BEGIN

/// Targets that no surface reaches, and those among them that the plate's border hides.
struct HoleJob {
    const float* disparity;  // (height, width), NOTHING where there is none
    const float* cover;      // (height, width) of the soft outlines in front, or null
    int height, width;
    int widest;      // no two surfaces of the plate open a wider hole, px
    bool* hole;      // out: (height, width)
    bool* beyond;    // out: (height, width)

    /// Whether nothing covers most of a target.
    bool is_open(int64 at) const {
        return (disparity[at] == NOTHING) & !(cover && cover[at] >= 0.5f);
    }
};

/// Marks one row. With nothing within `widest` on one side of a pixel, the plate's border lies there.
inline void mark_holes(const HoleJob& job, int r) {
    const int64 row = int64(r) * job.width;
    for (int k = 0; k < job.width; ++k) job.hole[row + k] = job.is_open(row + k);
    for (int k = 0; k < job.width; ++k) job.beyond[row + k] = false;
    const auto is_open = [&](int k) { return job.is_open(row + k); };
    for (int end, k = find(0, job.width, is_open); k < job.width; k = find(end, job.width, is_open)) {
        for (end = k + 1; end < job.width && job.hole[row + end];) ++end;
        for (int j = k; j < end; ++j)
            job.beyond[row + j] = k == 0 || end == job.width || j - k >= job.widest || end - j > job.widest;
    }
}

/// Rows that the fill of row r's holes reads on either side of it; 0 where it has none up to column `columns.last`.
inline int rows_read(const float* disparity, int width, int r, Span columns) {
    const float* line = disparity + int64(r) * width;
    const auto is_empty = [line](int k) { return line[k] == NOTHING; };
    const auto is_seen = [line](int k) { return line[k] != NOTHING; };
    int far = 0;
    for (int end, k = find(0, width, is_empty); k < columns.last; k = find(end, width, is_empty)) {
        end = find(k, width, is_seen);
        if (end > columns.first) far = max(far, sight(width, {k, end}) + TAPS);
    }
    return far;
}

/// Lay soft outlines over the filled view, in place.
struct ComposeJob {
    Planes view;        // the inner rows, filled or not
    float* disparity;   // (height, width) of the same, in and out
    const bool* hole;
    Planes soft;        // the soft outlines
    const float* cover; // null without any
    Span columns;
    bool filled;        // whether holes are
};

/// Composites one pixel. Where soft outlines cover most of it, its extra layers and disparity are theirs. Over a hole
/// that stays unfilled they stand alone; its disparity is 0.
inline void compose_pixel(const ComposeJob& job, int64 at) {
    float cover = job.cover ? job.cover[at] : 0.0f;
    if (cover > 0.0f && !job.filled && job.disparity[at] == NOTHING) cover = job.hole[at] ? 0.0f : 1.0f;
    if (cover > 0.0f) {
        const int channels = job.view.channels, layers = job.view.layers;
        float* out = job.view.colours + at * channels;
        const float* over = job.soft.colours + at * channels;
        for (int c = 0; c < channels; ++c) out[c] = cover * over[c] + (1.0f - cover) * out[c];
        if (cover >= 0.5f) {
            job.disparity[at] = job.soft.disparity[at];
            for (int c = 0; c < layers; ++c) job.view.extra[at * layers + c] = job.soft.extra[at * layers + c];
        }
    }
    if (job.hole[at] && !job.filled) job.disparity[at] = 0.0f;
}

inline void compose_row(const ComposeJob& job, int r) {
    const int64 row = int64(r) * job.view.width;
    const auto changes = [&](int k) {  // hardly any do
        return (job.cover && job.cover[row + k] > 0.0f) | (!job.filled & (job.disparity[row + k] == NOTHING));
    };
    for (int k = job.columns.first; (k = find(k, job.columns.last, changes)) < job.columns.last; ++k)
        compose_pixel(job, row + k);
}

ART3D_END
