// Guided upsampling: a network's small maps at plate resolution, their edges moved onto the guide's.
//
// Two steps of joint bilateral filtering (Kopf et al., "Joint Bilateral Upsampling", 2007), with a rational kernel in
// place of the Gaussian: first on the small grid, where sparse windows from wide to narrow ("à trous", Dammertz et al.,
// 2010) pull the maps' soft steps onto the guide's edges, then once per plate pixel over its 2 × 2 neighbours there.
#pragma once
#include "carry.h"

ART3D_BEGIN

/// Maps (count, height, width) on the small grid, and their guide (channels, height, width) there.
struct SmallMaps {
    const float* values;
    const float* guide;
    int count, channels, height, width;

    const float* value_row(int k, int y) const { return values + (int64(k) * height + y) * width; }
    const float* guide_row(int c, int y) const { return guide + (int64(c) * height + y) * width; }
};

struct ShrinkGuideJob {
    const float* guide;  // (rows, columns, channels)
    int rows, columns, channels;
    float* out;  // (channels, height, width)
    int height, width;
};

struct RefineJob {
    SmallMaps in;
    float* out;  // (count, height, width)
    int radius, step;  // samples, and pixels from sample to sample
    float sharp;
};

struct EnlargeJob {
    SmallMaps in;
    const float* guide;  // (rows, columns, channels)
    float* out;          // (count, rows, columns)
    int rows, columns;
    int first_row;       // of the plate
    float sharp;
};

constexpr float SHARP_GUIDE = 250.0f;  // how like its middle what the small guide is made of has to be
constexpr int ENLARGE_ROWS = 16;  // that one call enlarges

/// 1 for equal guides, falling with the fourth power of their distance; near 0 for what is no number.
inline float likeness(float unlike) {
    const float near = 1.0f / (1.0f + (unlike < 1e6f ? unlike : 1e6f));
    return near * near;
}

inline int64 shrink_guide_scratch_bytes(const ShrinkGuideJob& job) {
    return (int64(job.channels) * (job.columns + 2 * int64(job.width)) + 4 * int64(job.width)) * 4 + 8 * 64;
}

/// One row of the guide by channel; what is no number counts as 0.
inline void guide_by_channel(const ShrinkGuideJob& job, int v, float* planes) {
    const float* row = job.guide + int64(v) * job.columns * job.channels;
    for (int c = 0; c < job.channels; ++c) {
        float* __restrict__ to = planes + int64(c) * job.columns;
        for (int u = 0; u < job.columns; ++u) {
            const float found = row[int64(u) * job.channels + c];
            to[u] = found == found ? clamp(found, 0.0f, 1.0f) : 0.0f;
        }
    }
}

/// The guide at the middle of each pixel of row y of the small grid, freed from noise by what is like it around: never a
/// mix of two surfaces. Of a thin pole every pixel then finds the others, and it has one depth all along, where means
/// under the small pixels would mix it with the wall in one place and not in the next.
inline void shrink_guide_row(const ShrinkGuideJob& job, int y, Scratch scratch) {
    const int middle = int(int64(2 * y + 1) * job.rows / (2 * job.height)), width = job.width, channels = job.channels;
    const int64 columns = job.columns;
    float *planes = scratch.take<float>(channels * columns), *own = scratch.take<float>(int64(channels) * width);
    float *sums = scratch.take<float>(int64(channels) * width), *__restrict__ total = scratch.take<float>(width);
    float* __restrict__ weight = scratch.take<float>(width);
    int *__restrict__ centre = scratch.take<int>(width), *__restrict__ at = scratch.take<int>(width);
    for (int x = 0; x < width; ++x) centre[x] = int(int64(2 * x + 1) * columns / (2 * width)), total[x] = 0.0f;
    for (int x = 0; x < channels * width; ++x) sums[x] = 0.0f;
    guide_by_channel(job, middle, planes);
    for (int c = 0; c < channels; ++c)
        for (int x = 0; x < width; ++x) own[c * width + x] = planes[c * columns + centre[x]];
    for (int v = max(middle - 1, 0); v < min(middle + 2, job.rows); ++v) {
        guide_by_channel(job, v, planes);
        for (int du = -1; du <= 1; ++du) {
            for (int x = 0; x < width; ++x) at[x] = clamp(centre[x] + du, 0, int(columns) - 1), weight[x] = 0.0f;
            for (int c = 0; c < channels; ++c) {
                const float *values = planes + c * columns, *middles = own + c * width;
                for (int x = 0; x < width; ++x) {
                    const float gap = values[at[x]] - middles[x];
                    weight[x] += gap * gap;
                }
            }
            for (int x = 0; x < width; ++x) {
                const float like = likeness(SHARP_GUIDE * weight[x]);
                weight[x] = at[x] == centre[x] + du ? like : 0.0f;  // beyond the rim there is nothing
                total[x] += weight[x];
            }
            for (int c = 0; c < channels; ++c) {
                const float* values = planes + c * columns;
                float* __restrict__ sum = sums + c * width;
                for (int x = 0; x < width; ++x) sum[x] += weight[x] * values[at[x]];
            }
        }
    }
    for (int c = 0; c < channels; ++c)
        for (int x = 0; x < width; ++x)
            job.out[(int64(c) * job.height + y) * width + x] = sums[c * width + x] / total[x];
}

inline int64 refine_scratch_bytes(const RefineJob& job) {
    return int64(job.in.count + 2) * (job.in.width + 16) * 4 + 256;
}

/// One joint bilateral pass over row y of the small grid, of every `step`-th pixel.
///
/// A sample counts only with its mirror image, so that a slope keeps its values up to the map's rim.
inline void refine_row(const RefineJob& job, int y, Scratch scratch) {
    const SmallMaps& in = job.in;
    const int h = in.height, w = in.width;
    float *total = scratch.take<float>(int64(in.count) * w), *weights = scratch.take<float>(w);
    float* __restrict__ away = scratch.take<float>(w);
    for (int64 j = 0; j < int64(in.count) * w; ++j) total[j] = 0.0f;
    for (int x = 0; x < w; ++x) weights[x] = 0.0f;
    const float reach = 1.0f / float(job.radius * job.radius);
    for (int i = -job.radius; i <= job.radius; ++i) {
        const int v = y + i * job.step;
        if (min(v, 2 * y - v) < 0 || max(v, 2 * y - v) >= h) continue;
        for (int j = -job.radius; j <= job.radius; ++j) {
            const float space = 1.0f / (1.0f + float(i * i + j * j) * reach);
            const int du = j * job.step, first = du < 0 ? -du : du, width = max(0, w - 2 * first);
            for (int x = 0; x < width; ++x) away[x] = 0.0f;
            for (int c = 0; c < in.channels; ++c) {
                const float *here = in.guide_row(c, y) + first, *there = in.guide_row(c, v) + first + du;
                for (int x = 0; x < width; ++x) {
                    const float gap = there[x] - here[x];
                    away[x] += gap * gap;
                }
            }
            float* __restrict__ row_weights = weights + first;
            for (int x = 0; x < width; ++x) {
                away[x] = space * likeness(job.sharp * away[x]);
                row_weights[x] += away[x];
            }
            for (int k = 0; k < in.count; ++k) {
                const float* values = in.value_row(k, v) + first + du;
                float* __restrict__ sums = total + int64(k) * w + first;
                for (int x = 0; x < width; ++x) sums[x] += away[x] * values[x];
            }
        }
    }
    for (int k = 0; k < in.count; ++k)
        for (int x = 0; x < w; ++x) job.out[(int64(k) * h + y) * w + x] = total[int64(k) * w + x] / weights[x];
}

/// Where a plate pixel's centre lies on the small grid, in its pixels, along one side.
inline float place_along(int at, int plate, int small) {
    return (float(at) + 0.5f) * (float(small) / float(plate)) - 0.5f;
}

inline int64 enlarge_scratch_bytes(const EnlargeJob& job) {
    return int64(job.columns + 16) * (4 + 5 * job.in.channels + 5 * job.in.count + 2) * 4 + 1024;
}

/// Each plate pixel of ENLARGE_ROWS rows: its 2 × 2 neighbours on the small grid, weighed by distance and likeness.
///
/// Several plate rows lie between the same two rows of the small grid, which are spread to plate width once for them.
inline void enlarge_rows(const EnlargeJob& job, int block, Scratch scratch) {
    const SmallMaps& in = job.in;
    const int64 columns = job.columns;
    const int h = in.height, w = in.width, channels = in.channels, count = in.count;
    int* column[2] = {scratch.take<int>(columns), scratch.take<int>(columns)};
    float* across[2] = {scratch.take<float>(columns), scratch.take<float>(columns)};
    for (int du = 0; du < 2; ++du)
        for (int x = 0; x < columns; ++x) {
            const float sx = place_along(x, job.columns, w);
            const int place = int(sx + 1.0f) - 1 + du;
            across[du][x] = 1.1f - size_of(sx - float(place));
            column[du][x] = clamp(place, 0, w - 1);
        }
    float *near = scratch.take<float>(4 * channels * columns), *maps = scratch.take<float>(4 * count * columns);
    float *colours = scratch.take<float>(channels * columns), *sums = scratch.take<float>(count * columns);
    float *weight = scratch.take<float>(columns), *weights = scratch.take<float>(columns);
    int spread = -2;
    const int top = job.first_row + block * ENLARGE_ROWS;
    for (int y = top; y < min(top + ENLARGE_ROWS, job.rows); ++y) {
        const float sy = place_along(y, job.rows, h);
        const int first = int(sy + 1.0f) - 1;
        if (first != spread)
            for (int i = 0; i < 4; ++i) {
                const int row = clamp(first + i / 2, 0, h - 1);
                const int* __restrict__ from = column[i % 2];
                const auto spread_row = [&](const float* source, float* __restrict__ target) {
                    for (int x = 0; x < columns; ++x) target[x] = source[from[x]];
                };
                for (int c = 0; c < channels; ++c) spread_row(in.guide_row(c, row), near + (i * channels + c) * columns);
                for (int k = 0; k < count; ++k) spread_row(in.value_row(k, row), maps + (i * count + k) * columns);
            }
        spread = first;
        const float* picture = job.guide + int64(y) * columns * channels;
        for (int c = 0; c < channels; ++c)
            for (int64 x = 0; x < columns; ++x) colours[c * columns + x] = picture[x * channels + c];
        for (int64 j = 0; j < count * columns; ++j) sums[j] = 0.0f;
        for (int x = 0; x < columns; ++x) weights[x] = 0.0f;
        for (int i = 0; i < 4; ++i) {
            const float down = 1.1f - size_of(sy - float(first + i / 2));
            const float* __restrict__ by_column = across[i % 2];
            float* __restrict__ own = weight;
            for (int x = 0; x < columns; ++x) own[x] = 0.0f;
            for (int c = 0; c < channels; ++c) {
                const float *there = near + (i * channels + c) * columns, *here = colours + c * columns;
                for (int x = 0; x < columns; ++x) {
                    const float gap = there[x] - here[x];
                    own[x] += gap * gap;
                }
            }
            for (int x = 0; x < columns; ++x) own[x] = down * by_column[x] * likeness(job.sharp * own[x]);
            for (int x = 0; x < columns; ++x) weights[x] += own[x];
            for (int k = 0; k < count; ++k) {
                const float* values = maps + (i * count + k) * columns;
                float* __restrict__ total = sums + k * columns;
                for (int x = 0; x < columns; ++x) total[x] += own[x] * values[x];
            }
        }
        for (int k = 0; k < count; ++k)
            for (int x = 0; x < columns; ++x)
                job.out[(int64(k) * job.rows + y) * columns + x] = sums[k * columns + x] / weights[x];
    }
}

ART3D_END
