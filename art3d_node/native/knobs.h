// The artist's knobs and the depth budget in one pass, and ramps of disparity that a new view would tear, made hard.
#pragma once
#include "carry.h"

ART3D_BEGIN

/// One side of the depth budget, in the unit of the disparity: beyond the knee, what exceeds it is compressed.
struct Limit {
    float limit, knee, room;

    /// `blueprint._compressed`; torch divides a number by a tensor as a product with its reciprocal.
    float compressed(float d) const { return limit - (1.0f / (1.0f + (d - knee) / room)) * room; }
};

/// d + gain iz + sculpt (d - (scale iz + shift)) matte - away, limited, times share.
struct KnobJob {
    const float* disparity;  // all planes are (height, width)
    const float* inverse_depth;
    const float* matte;  // where the sculpt knob acts; everywhere when null
    float* out;
    int width;           // of the planes
    Span columns;        // to compute
    int first_row;
    bool turns_gain, turns_sculpt, turns_away;  // which knobs are away from rest
    float gain, sculpt, scale, shift, away, share;
    Limit front, behind;
};

/// Part of one row, step by step, which keeps it in vector registers.
inline void turn_row(const KnobJob& job, int r) {
    const int64 at = int64(job.first_row + r) * job.width + job.columns.first;
    const int size = job.columns.last - job.columns.first;
    const float *own = job.disparity + at, *iz = job.inverse_depth + at;
    float* __restrict__ row = job.out + at;
    const float gain = job.gain, sculpt = job.sculpt, scale = job.scale, shift = job.shift, share = job.share;
    for (int x = 0; x < size; ++x) row[x] = own[x];
    if (job.turns_gain)
        for (int x = 0; x < size; ++x) row[x] = row[x] + gain * iz[x];
    if (job.turns_sculpt && job.matte) {
        const float* cover = job.matte + at;
        for (int x = 0; x < size; ++x) row[x] = row[x] + (own[x] - (scale * iz[x] + shift)) * sculpt * cover[x];
    } else if (job.turns_sculpt) {
        for (int x = 0; x < size; ++x) row[x] = row[x] + (own[x] - (scale * iz[x] + shift)) * sculpt;
    }
    if (job.turns_away)
        for (int x = 0; x < size; ++x) row[x] = row[x] - job.away;
    int beyond = 0;
    const float near_knee = job.front.knee, far_knee = -job.behind.knee;
    for (int x = 0; x < size; ++x) beyond |= (row[x] > near_knee) | (row[x] < far_knee);
    if (beyond)
        for (int x = 0; x < size; ++x) {
            const float d = row[x], near = job.front.compressed(d), far = -job.behind.compressed(-d);
            row[x] = d > near_knee ? near : d < far_knee ? far : d;
        }
    if (share != 1.0f)
        for (int x = 0; x < size; ++x) row[x] = row[x] * share;
}

// A network draws the outline of a near object as a ramp some pixels wide. Where its disparity falls by more than a pixel
// from one pixel to the next, its pixels fly apart in the eye that sees behind it, and the outline frays. So each is given
// to one of the ramp's two ends. Towards the other side a ramp folds and hides itself: a wide one stays as it is. A narrow
// one hides a column of the object in some rows and not in others, which makes a slanted pole a staircase; given to either
// end, its mixed pixels are what soft edges take apart.
//
// Of an outline that runs along the rows a ramp lies across them, and in each row it looks like a surface of its own: its
// mixed pixels are taken apart from the wrong neighbour or not at all, and land as specks. So each column goes first.

constexpr float NEAR_SIDE = 0.3f;  // how far up a ramp its near surface begins: what is lost of that leaves a ghost behind
constexpr float LEVEL = 0.5f;      // px: two pixels of a ramp that differ less may lie between two that fall, as a stray pair
constexpr int LOOKED_AT = 16;      // pixels
constexpr int FOLD_STEPS = 3;      // of the widest ramp on the side that folds: as far as soft edges look

struct RampJob {
    const float* disparity;  // (height, width), px
    float* out;              // (height, width)
    int height, width;
    float sign;
    int across, reach;  // steps of the widest ramp along a column, and along a row
    Span columns;       // to write
    int first_row;
};

/// Whether a disparity on a ramp is given to its near end.
inline bool is_near(float disparity, float low, float high) { return disparity - low > NEAR_SIDE * (high - low); }

/// Some pixels in a line, and the runs of them that fall the way of `sign`. Of a run each step falls by more than half a
/// pixel of disparity, but for level pairs between two that do.
template <typename At> struct Slope {
    At at;  // disparity of the i-th pixel, px
    int size;
    float sign;

    bool falls(int i) const { return sign * (at(i) - at(i + 1)) > 0.5f * SURFACE_SLOPE; }
    bool goes_on(int i) const {
        return falls(i) || (i + 2 < size && falls(i + 1) && size_of(at(i) - at(i + 1)) <= LEVEL);
    }
    bool tears(int i) const { return size_of(at(i + 1) - at(i)) > SURFACE_SLOPE; }
};

/// Resolves the ramps of one row that fall the way of `sign`, of at most `reach` steps. One that reaches out of what is
/// looked at is too wide to be one.
///
/// @param lined  the row with its ramps across rows resolved, which has the values of both ends.
inline void resolve_falling(const RampJob& job, const float* row, const float* lined, float sign, int reach, float* made) {
    const int first = job.columns.first, end = job.columns.last;
    const int last = min(end + reach + 1, job.width) - 1;
    const auto at = [&](int x) { return row[x]; };
    const Slope<decltype(at)> slope{at, last + 1, sign};
    const auto any_falls = [&](int x) {  // of a few, looked at side by side: hardly any does
        int found = 0;
        for (int k = x; k < x + LOOKED_AT; ++k) found |= slope.falls(k);
        return found != 0;
    };
    for (int x = max(first - reach - 1, 0); x < last;) {
        while (x + LOOKED_AT <= last && !any_falls(x)) x += LOOKED_AT;
        while (x < last && !slope.falls(x)) ++x;
        if (x == last) break;
        const int begin = x;
        bool torn = false;
        for (; x < last && slope.goes_on(x); ++x) torn |= slope.tears(x);
        const int low = row[begin] < row[x] ? begin : x, high = begin + x - low;
        if (torn && x - begin <= reach && row[high] - row[low] < INFINITE)
            for (int k = max(begin + 1, first); k < min(x, end); ++k)
                made[k] = lined[is_near(row[k], row[low], row[high]) ? high : low];
    }
}

/// A pixel's disparity; that of one end if it lies on a narrow ramp of its column that falls the way of `sign`. Where the
/// plate's border cuts a ramp nobody knows its end.
inline float resolved_across(const RampJob& job, int y, int x, float sign) {
    const auto at = [&](int row) { return job.disparity[int64(row) * job.width + x]; };
    const Slope<decltype(at)> slope{at, job.height, sign};
    if (!slope.falls(y - 1) && !slope.falls(y)) return at(y);  // it falls the other way
    int first = y, last = y;
    bool torn = false;
    for (; first > 0 && y - first <= job.across && slope.goes_on(first - 1); --first) torn |= slope.tears(first - 1);
    while (first < y && !slope.falls(first)) ++first;
    if (first == y) return at(y);
    for (; last + 1 < job.height && last - first <= job.across && slope.goes_on(last); ++last) torn |= slope.tears(last);
    const bool is_whole = 0 < first && last + 1 < job.height && last - first <= job.across;
    const float low = min(at(first), at(last)), high = max(at(first), at(last));
    if (!torn || !is_whole || !(high - low < INFINITE)) return at(y);
    return is_near(at(y), low, high) ? high : low;
}

/// Some columns of a row, their narrow ramps across rows resolved.
inline void resolve_across(const RampJob& job, int y, Span columns, float* out) {
    const float* own = job.disparity + int64(y) * job.width;
    for (int x = columns.first; x < columns.last; ++x) out[x - columns.first] = own[x];
    if (y == 0 || y + 1 == job.height) return;
    const float *above = own - job.width, *below = own + job.width;
    const auto falls = [&](int x) {
        return (size_of(above[x] - own[x]) > 0.5f * SURFACE_SLOPE) | (size_of(own[x] - below[x]) > 0.5f * SURFACE_SLOPE);
    };
    for (int x = columns.first; x < columns.last; x += LOOKED_AT) {
        const int end = min(x + LOOKED_AT, columns.last);
        int found = 0;
        for (int k = x; k < end; ++k) found |= falls(k);
        for (int k = x; found && k < end; ++k) {
            if (!falls(k)) continue;
            const float made = resolved_across(job, y, k, 1.0f);
            out[k - columns.first] = made != own[k] ? made : resolved_across(job, y, k, -1.0f);
        }
    }
}

/// Writes a part of one row, its ramps resolved: across rows first.
inline void resolve_row(const RampJob& job, int r, Scratch scratch) {
    const int y = job.first_row + r;
    const Span seen{max(job.columns.first - job.reach - 1, 0), min(job.columns.last + job.reach + 1, job.width)};
    float* lined = scratch.take<float>(seen.last - seen.first);
    resolve_across(job, y, seen, lined);
    lined -= seen.first;
    const float* row = job.disparity + int64(y) * job.width;
    float* made = job.out + int64(y) * job.width;
    for (int x = job.columns.first; x < job.columns.last; ++x) made[x] = lined[x];
    resolve_falling(job, row, lined, -job.sign, min(job.reach, FOLD_STEPS), made);
    resolve_falling(job, row, lined, job.sign, job.reach, made);
}

ART3D_END
