// Which sample of a plate row each target of the new row shows: the nearest surface that reaches it.
#pragma once
#include "lanes.h"
#include "scanline.h"

ART3D_BEGIN

constexpr int TOGETHER = 64;  // targets whose weights are made before the first of them is read
constexpr int RUN = 16;  // samples side by side that are put at once where they reach targets side by side

/// What each of (width,) targets shows so far: disparity (NOTHING: nothing), sample left of the place, fraction.
struct Winners {
    float* disparity;
    int* sample;
    float* fraction;
    int width;

    /// Of equals the one that comes last wins.
    void put(int64 k, float value, Position p) const {
        if (value >= disparity[k]) {
            disparity[k] = value;
            sample[k] = p.sample;
            fraction[k] = p.fraction;
        }
    }

    /// The same of RUN samples side by side that reach targets side by side, k the first of them.
    void put_run(int k, const float* __restrict__ values, int first_sample, const float* __restrict__ fractions) const {
        float *__restrict__ nearest = disparity + k, *__restrict__ place = fraction + k;
        int* __restrict__ shown = sample + k;
        for (int j = 0; j < RUN; ++j) {
            const bool wins = values[j] >= nearest[j];
            shown[j] = wins ? first_sample + j : shown[j];
            place[j] = wins ? fractions[j] : place[j];
            nearest[j] = wins ? values[j] : nearest[j];
        }
    }
};

/// Scratch of `scatter_row`, one entry per sample: the one target that its cell reaches.
struct Cells {
    int* offset;
    float* fraction;
    float* disparity;
};

// What `find_cells` says of a cell that does not reach exactly one target. No offset is as large.
constexpr int CUT = -1000000000, EMPTY = 1000000000, MANY = 2000000000;
constexpr int LARGEST_OFFSET = 100000000;

/// Finds the one target that each cell reaches, as its offset from the cell's first sample.
///
/// No cell depends on another and all numbers have 32 bits, so that the compiler works on several at once.
inline void find_cells(const float* __restrict__ d, int cells, int low, float high, float s, int* __restrict__ offset,
                         float* __restrict__ fraction, float* __restrict__ disparity) {
    for (int i = 0; i < cells; ++i) {
        const float d0 = d[i], d1 = d[i + 1];
        const float start = -s * d0, end = 1.0f - s * d1, least = float(low - i);
        const float k = ceilf(start > least ? start : least);
        const float k_last = floorf(end < least + high ? end : least + high);
        float code = k_last == k ? k : float(MANY);
        code = (k_last >= k) & (end - start > EDGE_ON) ? code : float(EMPTY);
        offset[i] = int(size_of(d1 - d0) <= SURFACE_SLOPE ? code : float(CUT));
        float a = (k + s * d0) / (1.0f - s * (d1 - d0));
        a = a > 0.0f ? a : 0.0f;
        a = a < 1.0f ? a : 1.0f;
        fraction[i] = a;
        disparity[i] = d0 + a * (d1 - d0);
    }
}

/// Whether RUN cells reach targets side by side, one each.
inline bool is_run(const int* offset) {
    int differs = 0;
    for (int j = 1; j < RUN; ++j) differs |= offset[j] ^ offset[0];
    return differs == 0 && offset[0] > -LARGEST_OFFSET && offset[0] < LARGEST_OFFSET;
}

/// Lets the nearest surface of some samples win each target of one new row.
///
/// What the row holds already takes part in the contest: call it for one part of the samples after the other.
///
/// @param d      the row's disparities, px.
/// @param carry  samples to carry.
/// @param shift  what is added to a sample's number.
inline void scatter_row(Line<> d, Span carry, Carry to, int shift, const Winners& won, const Cells& cells) {
    const int count = max(min(carry.last, d.size - 1) - carry.first, 0), behind = carry.first - to.left;
    find_cells(d.at + carry.first, count, -behind, float(won.width - 1), to.sign, cells.offset, cells.fraction,
               cells.disparity);
    bool before = has_cell(d, carry.first - 1);
    for (int i = 0; i < carry.last - carry.first; ++i) {
        if (i % RUN == 0 && i + RUN <= count && before && is_run(cells.offset + i)) {
            won.put_run(cells.offset[i] + i + behind, cells.disparity + i, carry.first + i + shift, cells.fraction + i);
            i += RUN - 1;
            continue;
        }
        const int code = i < count ? cells.offset[i] : CUT, x = carry.first + i;
        const auto offer = [&](int k, float value, Part part) {
            const Position p = position_of(d, to.sign, x, part, k + to.left);
            won.put(k, value, {p.sample + shift, p.fraction});
        };
        if (code > -LARGEST_OFFSET && code < LARGEST_OFFSET)
            won.put(code + i + behind, cells.disparity[i], {x + shift, cells.fraction[i]});
        else if (code == MANY)
            visit_right(d, x, to, won.width, offer);
        else if (code == CUT && is_finite(d[x]))
            visit_end(d[x], x, RIGHT_END, to, won.width, offer);
        if (!before && is_finite(d[x])) visit_end(d[x], x, LEFT_END, to, won.width, offer);
        before = code != CUT;
    }
}

/// Whether every value of a row lies below TAME; NaN does not.
template <int N> inline bool is_tidy(Row<N> row) {
    int wild = 0;
    const int64 size = int64(row.width) * row.channels();
    for (int64 i = 0; i < size; ++i) wild |= !(size_of(row.at[i]) < TAME);
    return wild == 0;
}

/// Marks the samples x of which x - 1 to x + 2 exist and are one surface; -1 <= x < size.
inline void find_whole(Line<> d, uint8* __restrict__ whole) {
    for (int x = -1; x < d.size; ++x) whole[x] = 0;
    for (int x = 1; x < d.size - 2; ++x)
        whole[x] = joined(d[x - 1], d[x]) & joined(d[x], d[x + 1]) & joined(d[x + 1], d[x + 2]);
}

/// Reads every target of a row that something reaches; the others become 0. whole: scratch, one entry per sample and one before them.
template <int N>
inline void sample_row(const Source<N>& from, const Winners& won, uint8* whole, Row<N, float> out, Row<0, float> out_extra) {
    const int channels = from.colours.channels(), layers = from.extra.count, alpha = from.alpha;
    const bool quick = AT_ONCE<N> > 1 && from.tidy;
    float w[4][TOGETHER];
    if (quick) find_whole(from.disparity, whole);
    for (int first = 0; first < won.width; first += TOGETHER) {
        const int last = min(first + TOGETHER, won.width);
        for (int k = first; quick && k < last; ++k) {  // several at once; a target that nothing reaches gets anything
            const Weights of = whole_cubic(won.fraction[k]);
            w[0][k - first] = of.w0, w[1][k - first] = of.w1, w[2][k - first] = of.w2, w[3][k - first] = of.w3;
        }
        for (int k = first; k < last; ++k) {
            const int x = won.sample[k], j = k - first;
            const float a = won.fraction[k];
            if (quick && a > 0.0f && whole[x]) {
                const float *p0 = from.colours[x - 1], *p1 = p0 + N, *p2 = p1 + N, *p3 = p2 + N;
                store<N>(w[0][j] * load<N>(p0) + w[1][j] * load<N>(p1) + w[2][j] * load<N>(p2) + w[3][j] * load<N>(p3),
                         out[k]);
                if (alpha >= 0) out[k][alpha] = p1[alpha] + a * (p2[alpha] - p1[alpha]);
                for (int c = 0; c < layers; ++c) out_extra[k][c] = mend(from.extra[x][c], from.extra[x + 1][c], a);
            } else if (won.disparity[k] != NOTHING) {
                sample(from, {x, a}, out[k], out_extra[k]);
            } else {
                for (int c = 0; c < channels; ++c) out[k][c] = 0.0f;
                for (int c = 0; c < layers; ++c) out_extra[k][c] = 0.0f;
            }
        }
    }
}

ART3D_END
