// Which sample of a plate row each target of the new row shows: the nearest surface that reaches it.
#pragma once
#include "scanline.h"

ART3D_BEGIN

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

/// Whether samples x - 1 to x + 2 exist and are one surface.
inline bool is_whole(Line<> d, int x) {
    if (x < 1 || x + 2 >= d.size) return false;
    return joined(d[x - 1], d[x]) & joined(d[x], d[x + 1]) & joined(d[x + 1], d[x + 2]);
}

/// Reads every target of a row that something reaches; the others become 0. weights: (4, width) scratch.
template <int N>
inline void sample_row(const Source<N>& from, const Winners& won, float* weights, Row<N, float> out,
                         Row<0, float> out_extra) {
    const int width = won.width, channels = from.colours.channels(), layers = from.extra.count;
    const bool quick = N > 0 && from.tidy;
    float* __restrict__ w[4] = {weights, weights + width, weights + 2 * width, weights + 3 * width};
    if (quick)  // several at once; a target that nothing reaches gets anything
        for (int k = 0; k < width; ++k) {
            const Weights of = whole_cubic(won.fraction[k]);
            w[0][k] = of.w0, w[1][k] = of.w1, w[2][k] = of.w2, w[3][k] = of.w3;
        }
    for (int k = 0; k < width; ++k) {
        const int x = won.sample[k];
        const float a = won.fraction[k];
        if (quick && a > 0.0f && is_whole(from.disparity, x)) {
            const float w0 = w[0][k], w1 = w[1][k], w2 = w[2][k], w3 = w[3][k];
            const float* at = from.colours[x - 1];
            float mixed[N ? N : 1];
            for (int c = 0; c < N; ++c)
                mixed[c] = w0 * at[c] + w1 * at[N + c] + w2 * at[2 * N + c] + w3 * at[3 * N + c];
            for (int c = 0; c < N; ++c) out[k][c] = mixed[c];
            if (from.alpha >= 0) {
                const float p1 = at[N + from.alpha], p2 = at[2 * N + from.alpha];
                out[k][from.alpha] = p1 + a * (p2 - p1);
            }
            for (int c = 0; c < layers; ++c) out_extra[k][c] = mend(from.extra[x][c], from.extra[x + 1][c], a);
        } else if (won.disparity[k] != NOTHING) {
            sample(from, {x, a}, out[k], out_extra[k]);
        } else {
            for (int c = 0; c < channels; ++c) out[k][c] = 0.0f;
            for (int c = 0; c < layers; ++c) out_extra[k][c] = 0.0f;
        }
    }
}

ART3D_END
