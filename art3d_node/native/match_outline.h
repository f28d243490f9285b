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
constexpr int VOTERS = 16;    // of a row, one too many: a vector of them
constexpr int BALLOTS = 4;    // so that neighbours who vote alike do not wait for each other

struct OutlineJob {
    const uint8* picture;      // (rows, columns, 3)
    const float* disparity;    // (rows, columns), NaN: unknown
    const bool* outline;       // (rows, columns): where to look
    const uint16* likeness;    // (UNLIKE,) weight by difference of colour, at least 1
    float* out;                // (rows, columns): the median of the voters, or the pixel's own
    float* share;              // (rows, columns) out: of the weights that say so, 1 beside the outlines
    int rows, columns;
    int first, count;          // the disparities there may be
};

/// A picture as voters are read: planes with a margin on both sides, where nobody knows a disparity.
struct Voters {
    OutlineJob job;
    uint8* channels[3];  // (rows, pitch)
    uint16* bins;        // (rows, pitch) of their disparities; `count`: unknown
    int64 pitch;
};

inline int64 voters_pitch(int columns) { return int64(columns) + 2 * VOTERS; }

inline void voters_row(const Voters& voters, int y) {
    const OutlineJob& job = voters.job;
    const int64 row = int64(y) * voters.pitch, from = int64(y) * job.columns;
    for (int64 i = 0; i < voters.pitch; ++i) voters.bins[row + i] = uint16(job.count);
    for (int c = 0; c < 3; ++c)
        for (int64 i = 0; i < voters.pitch; ++i) voters.channels[c][row + i] = 0;
    for (int x = 0; x < job.columns; ++x) {
        const float value = job.disparity[from + x];
        if (is_finite(value)) voters.bins[row + VOTERS + x] = uint16(clamp(int(floorf(value + 0.5f)) - job.first, 0, job.count - 1));
        for (int c = 0; c < 3; ++c) voters.channels[c][row + VOTERS + x] = job.picture[3 * (from + x) + c];
    }
}

inline int64 outline_scratch_bytes(const OutlineJob& job) { return int64(job.count + 1) * BALLOTS * 4 + 256; }

/// Counts the votes around a pixel into (BALLOTS, count + 1), the last of them those of nobody.
inline void count_votes(const Voters& voters, int x, int y, int* votes) {
    const OutlineJob& job = voters.job;
    const int slots = job.count + 1;
    for (int d = 0; d < slots * BALLOTS; ++d) votes[d] = 0;
    int own[3];
    for (int c = 0; c < 3; ++c) own[c] = job.picture[3 * (int64(y) * job.columns + x) + c];
    for (int v = max(y - VOTERS_PX, 0); v <= min(y + VOTERS_PX, job.rows - 1); ++v) {
        const int64 there = int64(v) * voters.pitch + VOTERS + x - VOTERS_PX;
        uint16 unlike[VOTERS];
        for (int i = 0; i < VOTERS; ++i) unlike[i] = 0;
        for (int c = 0; c < 3; ++c) {
            const uint8* plane = voters.channels[c] + there;
            for (int i = 0; i < VOTERS; ++i) {
                const int away = own[c] - plane[i];
                unlike[i] = uint16(unlike[i] + (away < 0 ? -away : away));
            }
        }
        const uint16* bins = voters.bins + there;
        for (int i = 0; i <= 2 * VOTERS_PX; ++i) votes[(i % BALLOTS) * slots + bins[i]] += job.likeness[unlike[i]];
    }
    for (int ballot = 1; ballot < BALLOTS; ++ballot)
        for (int d = 0; d < slots; ++d) votes[d] += votes[ballot * slots + d];
}

inline void outline_row(const Voters& voters, int y, Scratch scratch) {
    const OutlineJob& job = voters.job;
    int* votes = scratch.take<int>(int64(job.count + 1) * BALLOTS);
    for (int x = 0; x < job.columns; ++x) {
        const int64 at = int64(y) * job.columns + x;
        job.out[at] = job.disparity[at];
        job.share[at] = 1.0f;
        if (!job.outline[at]) continue;
        count_votes(voters, x, y, votes);
        int total = 0, low = 0, high = job.count - 1;
        for (int d = 0; d < job.count; ++d) total += votes[d];
        if (total == 0) {
            job.out[at] = UNKNOWN, job.share[at] = 0.0f;
            continue;
        }
        while (votes[low] == 0) ++low;
        while (votes[high] == 0) --high;
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
