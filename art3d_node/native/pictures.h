// The small pictures that networks look at, and depth settled with that of neighbouring frames.
#pragma once
#include "carry.h"
#include "lanes.h"

ART3D_BEGIN

/// The look of (rows, columns, 3) scene-linear light: torch's area average, its sums in its order, and an 8-bit level of
/// the display curve.
struct LookJob {
    const float* light;
    int rows, columns;
    int64 row_step, pixel_step, channel_step;  // floats from one to the next
    uint8* look;  // out: (height, width, 3)
    int height, width;
    float brightest;     // above it light counts as this
    const float* least;  // (256,) least light of each level
    const uint8* first;  // by the upper 16 bits of a float: the level of the least light that has them
};

constexpr int LEVELS = 256, KEPT_BITS = 16;

/// Pixels of a longer side, first and one past the last, that the i-th of `small` averages.
inline Span area_of(int i, int large, int small) {
    return {int(int64(i) * large / small), int((int64(i + 1) * large + small - 1) / small)};
}

inline int64 look_scratch_bytes(const LookJob& job) { return 16 * (int64(job.columns) + job.width) + 2 * 64; }

/// The light of a row, four floats a pixel: the plate's own where they lie so and may all be read, else a copy.
inline const float* light_of_row(const LookJob& job, int v, float* __restrict__ copy) {
    const float* __restrict__ row = job.light + v * job.row_step;
    if (job.channel_step == 1 && job.pixel_step == 4 && v + 1 < job.rows) return row;
    for (int64 u = 0; u < job.columns; ++u)
        for (int c = 0; c < 3; ++c) copy[4 * u + c] = row[u * job.pixel_step + c * job.channel_step];
    return copy;
}

inline void look_row(const LookJob& job, int y, Scratch scratch) {
    const Span down = area_of(y, job.rows, job.height);
    float* copy = scratch.take<float>(4 * int64(job.columns));
    Four* __restrict__ total = scratch.take<Four>(job.width);
    for (int64 j = 0; j < 4 * int64(job.columns); ++j) copy[j] = 0.0f;
    for (int x = 0; x < job.width; ++x) total[x] = four(0.0f, 0.0f, 0.0f, 0.0f);
    const Four dark = four(0.0f, 0.0f, 0.0f, 0.0f), brightest = dark + job.brightest;
    for (int v = down.first; v < down.last; ++v) {
        const float* light = light_of_row(job, v, copy);
        for (int x = 0; x < job.width; ++x) {
            const Span along = area_of(x, job.columns, job.width);
            Four sum = total[x];
            for (int u = along.first; u < along.last; ++u)
                sum = sum + min(max(dark, load<4>(light + 4 * int64(u))), brightest);  // of NaN max takes the dark
            total[x] = sum;
        }
    }
    const float rows = float(down.last - down.first);
    for (int x = 0; x < job.width; ++x) {
        const Span along = area_of(x, job.columns, job.width);
        const Four mean = total[x] / rows / float(along.last - along.first);
        for (int c = 0; c < 3; ++c) {
            int level = job.first[__builtin_bit_cast(int, mean[c]) >> KEPT_BITS];
            // Hardly ever more than a step, which no branch could foresee.
            level += int(level < LEVELS - 1) & int(mean[c] >= job.least[min(level + 1, LEVELS - 1)]);
            while (level < LEVELS - 1 && mean[c] >= job.least[level + 1]) ++level;
            job.look[(int64(y) * job.width + x) * 3 + c] = uint8(level);
        }
    }
}

/// torch's area average of (rows, columns, 3) bytes, its sums in its order.
struct ShrinkJob {
    const uint8* look;
    int rows, columns;
    float* out;  // (3, height, width), 0 .. 1
    int height, width;
};

inline void shrink_row(const ShrinkJob& job, int y) {
    const Span down = area_of(y, job.rows, job.height);
    for (int x = 0; x < job.width; ++x) {
        const Span along = area_of(x, job.columns, job.width);
        float total[3] = {0.0f, 0.0f, 0.0f};
        for (int v = down.first; v < down.last; ++v)
            for (int u = along.first; u < along.last; ++u)
                for (int c = 0; c < 3; ++c)
                    total[c] += float(job.look[(int64(v) * job.columns + u) * 3 + c]) / 255.0f;
        for (int c = 0; c < 3; ++c)
            job.out[(int64(c) * job.height + y) * job.width + x] =
                total[c] / float(down.last - down.first) / float(along.last - along.first);
    }
}

/// Weighted median and mean of each pixel's opinions.
struct OpinionJob {
    const float* values;   // (count, height, width)
    const float* weights;  // (count, height, width)
    float* median;         // out: (height, width)
    float* mean;           // out: (height, width)
    int count, height, width;
};

inline void settle_opinions_row(const OpinionJob& job, int y, Scratch scratch) {
    float *v = scratch.take<float>(job.count), *w = scratch.take<float>(job.count);
    const int64 plane = int64(job.height) * job.width;
    for (int64 p = int64(y) * job.width; p < int64(y + 1) * job.width; ++p) {
        float total = 0.0f, moment = 0.0f;
        for (int i = 0; i < job.count; ++i) {
            const float value = job.values[i * plane + p], weight = job.weights[i * plane + p];
            total += weight;
            moment += weight * value;
            int at = i;
            for (; at > 0 && v[at - 1] > value; --at) v[at] = v[at - 1], w[at] = w[at - 1];
            v[at] = value, w[at] = weight;
        }
        float half = 0.5f * total - w[0];
        int at = 0;
        while (half > 0.0f && at < job.count - 1) half -= w[++at];
        job.median[p] = v[at], job.mean[p] = moment / total;
    }
}

ART3D_END
