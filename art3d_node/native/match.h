// Stereo matching: the disparities of a rectified pair, both ways from one volume of costs.
//
// Semi-global matching (Hirschmüller, "Stereo processing by semiglobal matching and mutual information", 2008) over eight
// paths, its costs census transforms (Zabih and Woodfill, 1994) and the slope of the light along the row. All sums are
// integers: every instruction set finds the same.
//
// Disparity is x_L − x_R, px; candidates are `first` .. `first + count - 1`.
#pragma once
#include "carry.h"

using uint16 = unsigned short;
using uint64 = unsigned long long;

ART3D_BEGIN

constexpr int CENSUS_X = 4, CENSUS_Y = 3;  // px around a pixel that its census compares it with
constexpr int LANES = 32;                  // `count` is a multiple of it
constexpr int RISE_FROM = 2, RISE_TO = 4;   // steps of disparity beside the best at which its cost must have risen
constexpr int FINE_PX = 3;                 // pixels of the row on either side that tell the fraction
constexpr uint16 FAR_OFF = 0x3fff;         // more than any path costs

/// Light of both eyes in 1/256 codes, what their censuses say, and their slopes along the row.
struct MatchPictures {
    const uint16* light[2];  // (rows, columns), left and right
    uint64* census[2];
    uint8* slope[2];
    int rows, columns;
};

struct CensusJob {
    MatchPictures in;
    int least;  // by so much a neighbour must be lighter to count, 1/256 codes: noise must not
    int cap;    // of the slope, codes
};

struct CostJob {
    MatchPictures in;
    uint8* cost;  // (rows, columns of the left eye, count) out
    int first, count;
    int census_weight, slope_weight;  // of 16
    int slope_cap;
    int outside;  // cost of what lies outside the right eye's picture
};

struct SweepJob {
    const uint16* light;  // of the left eye
    const uint8* cost;
    uint16* sums[2];  // (rows, columns, count) of four paths each, out
    uint16* lines[2]; // scratch of `sweep_cells`
    int rows, columns, count;
    int small;              // cost of a step by one disparity
    int large, least_large; // of a larger one; falls from the first to the second where the light changes
    int change;             // of the light, codes, at which it has fallen to the half
};

struct PickJob {
    uint16* sums[2];  // the second is added to the first
    const uint8* cost;
    float* disparity[2];  // (rows, columns) of both eyes, out; UNKNOWN where nothing is found
    float* margin[2];     // by how much of its own cost the best beats the next best, out
    float* rise[2];       // by how much the pixel's own costs rise on the flatter side of the best, out
    int rows, columns, first, count;
    int outside;
};

inline int64 sweep_cells(int columns, int count) { return int64(count + 2 * LANES) * (6 * columns + 14); }

inline int64 census_scratch_bytes(const CensusJob& job) { return int64(job.in.columns + CENSUS_X) * 2 * 8 + 512; }

/// What a pixel's neighbours say, a bit for each, in words of 16 that are made for a whole row at once.
inline void census_row(const CensusJob& job, int y, Scratch scratch) {
    const MatchPictures& in = job.in;
    const int columns = in.columns;
    uint16* limit = scratch.take<uint16>(columns);
    uint16* padded = scratch.take<uint16>(columns + 2 * CENSUS_X);
    uint16* words[4];
    for (uint16*& word : words) word = scratch.take<uint16>(columns);
    for (int eye = 0; eye < 2; ++eye) {
        const uint16* light = in.light[eye];
        const uint16* row = light + int64(y) * columns;
        for (int x = 0; x < columns; ++x) limit[x] = uint16(min(row[x] + job.least, 0xffff));
        for (uint16* word : words)
            for (int x = 0; x < columns; ++x) word[x] = 0;
        // The last neighbour's bit is the lowest of the last word.
        int bit = (2 * CENSUS_X + 1) * (2 * CENSUS_Y + 1) - 1;
        for (int dy = -CENSUS_Y; dy <= CENSUS_Y; ++dy) {
            const uint16* other = light + int64(clamp(y + dy, 0, in.rows - 1)) * columns;
            for (int i = 0; i < CENSUS_X; ++i) padded[i] = other[0], padded[CENSUS_X + columns + i] = other[columns - 1];
            for (int x = 0; x < columns; ++x) padded[CENSUS_X + x] = other[x];
            for (int dx = -CENSUS_X; dx <= CENSUS_X; ++dx) {
                if (dx == 0 && dy == 0) continue;
                const uint16* there = padded + CENSUS_X + dx;
                uint16* word = words[--bit / 16];
                for (int x = 0; x < columns; ++x) word[x] = uint16(word[x] * 2 + (there[x] > limit[x] ? 1 : 0));
            }
        }
        uint64* out = in.census[eye] + int64(y) * columns;
        for (int x = 0; x < columns; ++x)
            out[x] = uint64(words[3][x]) << 48 | uint64(words[2][x]) << 32 | uint64(words[1][x]) << 16 | words[0][x];
        uint8* slope = in.slope[eye] + int64(y) * columns;
        for (int x = 0; x < columns; ++x) {
            const int step = int(row[min(x + 1, columns - 1)]) - int(row[max(x - 1, 0)]);
            slope[x] = uint8(clamp(step >> 8, -job.cap, job.cap) + job.cap);
        }
    }
}

inline int64 cost_scratch_bytes(const CostJob& job) { return int64(job.in.columns) * 9 + int64(job.count) + 256; }

/// Bits that are set, in steps that a compiler makes vectors of (Warren, "Hacker's Delight", 5-1).
inline uint64 bits_set(uint64 x) {
    x -= (x >> 1) & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + ((x >> 2) & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
    x += x >> 8, x += x >> 16, x += x >> 32;
    return x & 0x7f;
}

inline void cost_row(const CostJob& job, int y, Scratch scratch) {
    const MatchPictures& in = job.in;
    const int columns = in.columns, first = job.first, count = job.count;
    const int census_weight = job.census_weight, slope_weight = job.slope_weight, cap = job.slope_cap;
    const int64 row = int64(y) * columns;
    // The right eye's row from its end: then a higher disparity is the next pixel.
    uint64* __restrict right = scratch.take<uint64>(columns);
    uint8* __restrict there = scratch.take<uint8>(columns);
    uint8* __restrict unlike = scratch.take<uint8>(count);
    for (int i = 0; i < columns; ++i) right[i] = in.census[1][row + columns - 1 - i], there[i] = in.slope[1][row + columns - 1 - i];
    for (int x = 0; x < columns; ++x) {
        const uint64 left = in.census[0][row + x];
        const int here = in.slope[0][row + x];
        uint8* __restrict out = job.cost + (row + x) * count;
        const int begin = columns - 1 - x + first;  // of disparity `first`, in the reversed row
        const int low = clamp(-begin, 0, count), high = clamp(columns - begin, low, count);
        for (int d = 0; d < low; ++d) out[d] = uint8(job.outside);
        for (int d = low; d < high; ++d) unlike[d] = uint8(bits_set(left ^ right[begin + d]));
        for (int d = low; d < high; ++d) {
            const int away = here - there[begin + d];
            const int steep = min(away < 0 ? -away : away, cap);
            out[d] = uint8((unlike[d] * census_weight + steep * slope_weight) >> 4);
        }
        for (int d = high; d < count; ++d) out[d] = uint8(job.outside);
    }
}

/// One cell of a path: costs `from` a neighbour, `least_from` the least of them. Returns the least of this one's.
inline uint16 step_path(const uint16* __restrict from, uint16 least_from, const uint8* __restrict cost, uint16* __restrict to,
                        uint16* __restrict sum, int count, uint16 small, uint16 large) {
    const uint16 leap = uint16(least_from + large);
    uint16 least = FAR_OFF;
    for (int d = 0; d < count; ++d) {
        const uint16 beside = uint16(min(from[d - 1], from[d + 1]) + small);
        const uint16 best = min(min(from[d], leap), beside);
        const uint16 value = uint16(cost[d] + best - least_from);
        to[d] = value;
        sum[d] = uint16(sum[d] + value);
        least = min(least, value);
    }
    return least;
}

/// Adds up four paths: from the left or right, and from the three neighbours in the row before. Turn 0 goes down and
/// right, turn 1 up and left.
inline void sweep(const SweepJob& job, int turn) {
    const int count = job.count, stride = count + 2 * LANES, columns = job.columns, way = turn ? -1 : 1;
    // Lines of cells, two for each of three paths down, and two cells along the row; a cell more at either end.
    uint16* cells = job.lines[turn];
    const int64 all = sweep_cells(columns, count);
    for (int64 i = 0; i < all; ++i) cells[i] = FAR_OFF;
    const auto cell = [&](int line, int x) { return cells + (int64(line) * (columns + 2) + x + 1) * stride + LANES; };
    uint16* along[2] = {cell(6, -1), cell(6, 0)};
    for (int x = -1; x <= columns; ++x)
        for (int line = 0; line < 6; ++line) cell(line, x)[-2] = 0;
    for (int step_y = 0; step_y < job.rows; ++step_y) {
        const int y = turn ? job.rows - 1 - step_y : step_y, now = step_y & 1;
        uint16 before = 0;
        for (int step_x = 0; step_x < columns; ++step_x) {
            const int x = turn ? columns - 1 - step_x : step_x;
            const int64 at = int64(y) * columns + x;
            const uint8* cost = job.cost + at * count;
            uint16* sum = job.sums[turn] + at * count;
            for (int d = 0; d < count; ++d) sum[d] = 0;
            const int light = job.light[at];
            const auto large = [&](int dx, int dy) {
                const int away = (light - int(job.light[at - int64(dy) * columns - dx])) / 256;
                const int size = away < 0 ? -away : away;
                return uint16(max(job.least_large, job.large * job.change / (job.change + size)));
            };
            uint16* to = along[step_x & 1];
            if (step_x == 0) {
                for (int d = 0; d < count; ++d) to[d] = cost[d], sum[d] = uint16(sum[d] + cost[d]);
                before = FAR_OFF;
                for (int d = 0; d < count; ++d) before = min(before, to[d]);
            } else {
                before = step_path(along[1 - (step_x & 1)], before, cost, to, sum, count, uint16(job.small), large(way, 0));
            }
            for (int path = 0; path < 3; ++path) {
                const int dx = path - 1;  // the neighbour in the row before lies at x - dx
                uint16* mine = cell(2 * path + now, x);
                const bool inside = step_y > 0 && x - dx >= 0 && x - dx < columns;
                if (!inside) {
                    uint16 least = FAR_OFF;
                    for (int d = 0; d < count; ++d) mine[d] = cost[d], sum[d] = uint16(sum[d] + cost[d]), least = min(least, mine[d]);
                    mine[-2] = least;
                    continue;
                }
                const uint16* from = cell(2 * path + 1 - now, x - dx);
                mine[-2] = step_path(from, from[-2], cost, mine, sum, count, uint16(job.small), large(dx, way));
            }
        }
    }
}

/// The least of some sums, but of those within `guard` of the one at `skip`.
inline uint16 least_but(const uint16* sums, int count, int skip, int guard) {
    uint16 least = 0xffff;
    for (int d = 0; d < skip - guard; ++d) least = min(least, sums[d]);
    for (int d = skip + guard + 1; d < count; ++d) least = min(least, sums[d]);
    return least;
}

/// Where between its neighbours the best disparity lies: two lines of one steepness through the costs of the pixels
/// around in the row, without the steps' own, that would draw it to whole pixels.
inline float between(const PickJob& job, const uint8* costs, int x, int best) {
    int sum[3] = {0, 0, 0};
    for (int u = max(x - FINE_PX, 0); u <= min(x + FINE_PX, job.columns - 1); ++u)
        for (int i = 0; i < 3; ++i) sum[i] += costs[int64(u) * job.count + best - 1 + i];
    const int steep = max(sum[0], sum[2]) - sum[1];
    return steep > 0 ? clamp(0.5f * float(sum[0] - sum[2]) / float(steep), -0.5f, 0.5f) : 0.0f;
}

/// By how much a pixel's costs rise within some steps of disparity, on the side where they rise least.
inline float rise_beside(const uint8* cost, int count, int at) {
    float least = INFINITE;
    for (int side = -1; side <= 1; side += 2) {
        int sum = 0, seen = 0;
        for (int step = RISE_FROM; step <= RISE_TO; ++step) {
            const int d = at + side * step;
            if (d >= 0 && d < count) sum += cost[d], ++seen;
        }
        if (seen) least = min(least, float(sum - seen * cost[at]) / float(sum + 4 * seen));
    }
    return least;
}

/// Picks the disparity of one pixel of an eye, `at` of the outputs, from the sums and costs of its row.
inline void pick(const PickJob& job, int eye, int64 at, int x, const uint16* row_sums, const uint8* costs) {
    const uint16* sums = row_sums + int64(x) * job.count;
    uint16 least = 0xffff;
    for (int d = 0; d < job.count; ++d) least = min(least, sums[d]);
    int best = 0;
    while (sums[best] != least) ++best;
    const int partner = eye ? x + job.first + best : x - job.first - best;
    job.disparity[eye][at] = UNKNOWN;
    job.margin[eye][at] = job.rise[eye][at] = 0.0f;
    // At an end of the search the best match may lie beyond it.
    if (best == 0 || best == job.count - 1 || partner < 0 || partner >= job.columns) return;
    job.disparity[eye][at] = float(job.first + best) + between(job, costs, x, best);
    job.margin[eye][at] = float(least_but(sums, job.count, best, 1) - least) / float(least + 64);
    job.rise[eye][at] = rise_beside(costs + int64(x) * job.count, job.count, best);
}

inline int64 pick_scratch_bytes(const PickJob& job) { return int64(job.columns) * job.count * 3 + 512; }

inline void pick_row(const PickJob& job, int y, Scratch scratch) {
    const int columns = job.columns, first = job.first, count = job.count;
    const int64 row = int64(y) * columns, cells = int64(columns) * count;
    uint16* __restrict sums = job.sums[0] + row * count;
    const uint16* __restrict others = job.sums[1] + row * count;
    const uint8* __restrict cost = job.cost + row * count;
    for (int64 i = 0; i < cells; ++i) sums[i] = uint16(sums[i] + others[i]);
    // The same by columns of the right eye.
    uint16* __restrict right = scratch.take<uint16>(cells);
    uint8* __restrict right_cost = scratch.take<uint8>(cells);
    for (int x = 0; x < columns; ++x) {
        uint16* to = right + int64(x) * count;
        uint8* cost_to = right_cost + int64(x) * count;
        const int low = clamp(-first - x, 0, count), high = clamp(columns - first - x, low, count);
        for (int d = 0; d < low; ++d) to[d] = 0xfff0, cost_to[d] = uint8(job.outside);
        int64 from = int64(x + first + low) * count + low;
        for (int d = low; d < high; ++d, from += count + 1) to[d] = sums[from], cost_to[d] = cost[from];
        for (int d = high; d < count; ++d) to[d] = 0xfff0, cost_to[d] = uint8(job.outside);
    }
    for (int x = 0; x < columns; ++x) {
        pick(job, 0, row + x, x, sums, cost);
        pick(job, 1, row + x, x, right, right_cost);
    }
}

ART3D_END
