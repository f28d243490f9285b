// Outlines of matched surfaces, put where the picture has them.
//
// A census carries what is near some pixels over its outline, and both eyes agree on it. There each pixel takes the
// weighted median of the disparities around it, weighted by how alike their colours are (Ma et al., "Constant time
// weighted median filtering for stereo matching and beyond", 2013).
#pragma once
#include "carry.h"

using uint16 = unsigned short;

ART3D_BEGIN

constexpr int VOTERS_PX = 7;  // around a pixel
constexpr int UNLIKE = 766;   // sums of three channels' differences

struct OutlineJob {
    const uint8* picture;      // (rows, columns, 3)
    const float* disparity;    // (rows, columns), NaN: unknown
    const bool* outline;       // (rows, columns): where to look
    const uint16* likeness;    // (UNLIKE,) weight by difference of colour
    float* out;                // (rows, columns): the median of the voters, or the pixel's own
    float* share;              // (rows, columns) out: of the weights that say so, 1 beside the outlines
    int rows, columns;
    int first, count;          // the disparities there may be
};

inline int64 outline_scratch_bytes(const OutlineJob& job) { return int64(job.count) * 4 + 256; }

inline void outline_row(const OutlineJob& job, int y, Scratch scratch) {
    int* votes = scratch.take<int>(job.count);
    for (int x = 0; x < job.columns; ++x) {
        const int64 at = int64(y) * job.columns + x;
        job.out[at] = job.disparity[at];
        job.share[at] = 1.0f;
        if (!job.outline[at]) continue;
        const uint8* mine = job.picture + 3 * at;
        for (int d = 0; d < job.count; ++d) votes[d] = 0;
        const int left = max(x - VOTERS_PX, 0), right = min(x + VOTERS_PX, job.columns - 1);
        int total = 0, low = job.count, high = -1;
        for (int v = max(y - VOTERS_PX, 0); v <= min(y + VOTERS_PX, job.rows - 1); ++v)
            for (int u = left; u <= right; ++u) {
                const int64 there = int64(v) * job.columns + u;
                const float value = job.disparity[there];
                if (!is_finite(value)) continue;
                const uint8* other = job.picture + 3 * there;
                int unlike = 0;
                for (int c = 0; c < 3; ++c) unlike += mine[c] > other[c] ? mine[c] - other[c] : other[c] - mine[c];
                const int bin = clamp(int(floorf(value + 0.5f)) - job.first, 0, job.count - 1);
                votes[bin] += job.likeness[unlike];
                total += job.likeness[unlike];
                low = min(low, bin), high = max(high, bin);
            }
        if (high < low || total == 0) {
            job.out[at] = UNKNOWN, job.share[at] = 0.0f;
            continue;
        }
        int middle = low;
        for (int sum = votes[low]; 2 * sum < total && middle < high;) sum += votes[++middle];
        int near = 0;
        for (int d = max(middle - 1, low); d <= min(middle + 1, high); ++d) near += votes[d];
        job.share[at] = float(near) / float(total);
        // A pixel on the same surface keeps its own: the median of whole pixels says less.
        const float own = job.disparity[at], found = float(job.first + middle);
        if (!(size_of(own - found) <= 1.5f)) job.out[at] = found;
    }
}

ART3D_END
