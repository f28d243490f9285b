// The arithmetic of one scanline: which target a sample reaches, and what the plate holds there.
//
// A row of the plate is a one-dimensional surface. Sample x with disparity d lands at x - s * d in the new row
// (s = +1 towards the right eye, -1 towards the left). Between two neighbours of one surface the row is a straight
// line in (position, disparity); between two of different surfaces it is cut, and each side ends half a pixel past its
// last sample.
//
// Positions are taken relative to the sample (u - x is a small exact integer): float32 then carries the precision of
// the disparity, not of the column number.
#pragma once
#include "view.h"

ART3D_BEGIN

// Neighbours further apart than this many pixels of disparity lie on two surfaces. One pixel is where a surface turns
// edge-on for one of the eyes, and near the disparity-gradient limit of human fusion (Burt and Julesz, 1980); being a
// slope, it means the same at every resolution.
constexpr float SURFACE_SLOPE = 1.0f;
constexpr float TAME = 1e30f;     // values below it are finite, and so is every sum over a neighbourhood of them
constexpr float EDGE_ON = 1e-6f;  // a cell narrower than this in the new row has no area to show

/// Whether neighbours with these disparities (px) are one surface; NaN never is.
inline bool joined(float d0, float d1) { return size_of(d1 - d0) <= SURFACE_SLOPE; }

/// Whether samples x and x + 1 exist and are one surface: a cell.
inline bool has_cell(Line<> d, int x) { return x >= 0 && x + 1 < d.size && joined(d[x], d[x + 1]); }

/// A place in a row of the plate: the sample left of it, and how far right of that it is, 0 .. 1.
struct Position {
    int sample;
    float fraction;
};

/// Where in the cell (x, x + 1) with disparities d0, d1 the target x + offset lies.
inline float cell_fraction(int offset, float d0, float d1, float s) {
    return clamp((float(offset) + s * d0) / (1.0f - s * (d1 - d0)), 0.0f, 1.0f);
}

enum Part { CELL = 0, RIGHT_END = 1, LEFT_END = 2 };  // what of a sample reaches a target; the later one wins a tie

/// Where the named part of sample x lies that the target shows.
inline Position position_of(Line<> d, float s, int x, Part part, int target) {
    if (part == CELL) return {x, cell_fraction(target - x, d[x], d[x + 1], s)};
    const float rest = float(target - x) + s * d[x];
    if (part == RIGHT_END || rest == 0.0f) return {x, rest};
    return {x - 1, 1.0f + rest};
}

/// Calls offer(k, value, part) for the target k that the half pixel past a surface's last sample reaches.
template <typename Offer>
inline void visit_end(float d0, int x, Part side, Carry to, int width, Offer offer) {
    const float low = float(to.left - x), high = low + float(width - 1);
    const float shift = -to.sign * d0, held = clamp(shift, low - 1.0f, high + 1.0f);
    const float k = side == RIGHT_END ? ceilf(held) : floorf(held);
    const bool near = side == RIGHT_END ? k - shift <= 0.5f : shift - k < 0.5f;
    if (near && low <= k && k <= high) offer(int(k) + x - to.left, d0, side);
}

/// Calls offer(k, value, part) for every target 0 <= k < width that the cell right of sample x reaches, or its end.
template <typename Offer>
inline void visit_right(Line<> d, int x, Carry to, int width, Offer offer) {
    const float d0 = d[x], s = to.sign;
    if (!has_cell(d, x)) return visit_end(d0, x, RIGHT_END, to, width, offer);
    const float d1 = d[x + 1], start = -s * d0, end = 1.0f - s * d1;
    if (end - start <= EDGE_ON) return;
    const float low = float(to.left - x), high = low + float(width - 1);
    const int last = int(floorf(min(end, high)));
    for (int k = int(ceilf(max(start, low))); k <= last; ++k)
        offer(k + x - to.left, d0 + cell_fraction(k, d0, d1, s) * (d1 - d0), CELL);
}

/// Calls offer(k, value, part) for every target that sample x reaches; a disparity that is not finite reaches none.
template <typename Offer>
inline void visit_sample(Line<> d, int x, Carry to, int width, Offer offer) {
    if (!is_finite(d[x])) return;
    visit_right(d, x, to, width, offer);
    if (!has_cell(d, x - 1)) visit_end(d[x], x, LEFT_END, to, width, offer);
}

struct Weights {
    float w0, w1, w2, w3;
};

/// Catmull-Rom weights at fraction a of a cell.
/// Keys, "Cubic convolution interpolation for digital image processing", 1981, with parameter -1/2.
inline Weights whole_cubic(float a) {
    const float b = 1.0f - a;
    return {-0.5f * a * b * b, 1.0f + a * a * (1.5f * a - 2.5f), 1.0f + b * b * (1.5f * b - 2.5f), -0.5f * b * a * a};
}

/// `whole_cubic`, where p[-1] = 2 p[0] - p[1] stands in for a tap that another surface owns.
inline Weights cubic_weights(float a, bool has_before, bool has_after) {
    Weights w = whole_cubic(a);
    if (!has_before) {
        w.w1 += 2.0f * w.w0;
        w.w2 -= w.w0;
        w.w0 = 0.0f;
    }
    if (!has_after) {
        w.w2 += 2.0f * w.w3;
        w.w1 -= w.w3;
        w.w3 = 0.0f;
    }
    return w;
}

/// Interpolates where a value is not finite: it stays in its own pixel and reaches no other.
inline float mend(float p1, float p2, float a) {
    if (is_finite(p1) && is_finite(p2)) return p1 + a * (p2 - p1);
    return a < 0.5f ? p1 : p2;
}

/// A row of the plate to read from.
template <int N> struct Source {
    Row<N> colours;
    Row<0> extra;
    Line<> disparity;  // px; it tells where the row is cut
    int alpha;
    bool tidy;  // all colours are known to lie below TAME
};

/// Reads a position once, for all channels; no tap reaches across a cut.
///
/// Past its last sample a surface keeps that sample's value for the half pixel it still covers. The alpha channel and
/// the extra layers are interpolated linearly, so that they never overshoot.
template <int N> inline void sample(const Source<N>& from, Position p, float* out, float* out_extra) {
    const auto& row = from.colours;
    const int x = p.sample, channels = row.channels(), layers = from.extra.count;
    const float a = p.fraction;
    if (a == 0.0f || !has_cell(from.disparity, x)) {
        const int only = a <= 0.5f ? x : x + 1;
        for (int c = 0; c < channels; ++c) out[c] = row[only][c];
        for (int c = 0; c < layers; ++c) out_extra[c] = from.extra[only][c];
        return;
    }
    const bool before = has_cell(from.disparity, x - 1), after = has_cell(from.disparity, x + 1);
    const Weights w = cubic_weights(a, before, after);
    const float *p0 = row[before ? x - 1 : x], *p1 = row[x], *p2 = row[x + 1], *p3 = row[after ? x + 2 : x];
    for (int c = 0; c < channels; ++c) out[c] = w.w0 * p0[c] + w.w1 * p1[c] + w.w2 * p2[c] + w.w3 * p3[c];
    if (!from.tidy)
        for (int c = 0; c < channels; ++c)
            if (!is_finite(out[c])) out[c] = mend(p1[c], p2[c], a);
    if (from.alpha >= 0) out[from.alpha] = mend(p1[from.alpha], p2[from.alpha], a);
    const float *e1 = from.extra[x], *e2 = from.extra[x + 1];
    for (int c = 0; c < layers; ++c) out_extra[c] = mend(e1[c], e2[c], a);
}

ART3D_END
