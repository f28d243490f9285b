// The soft outlines of one row: the plate split in two layers, and the front one carried to the new view.
#pragma once
#include "matte.h"
#include "scatter.h"

ART3D_BEGIN

constexpr int HALO = 4;  // samples beside the mixed pixels of a row that belong to its soft row

/// The mixed pixels of one row.
struct Entries {
    const MixedPixels* of;
    Span range;
    int left;  // plate column of the first sample of the rows that are split

    int sample(int i) const { return of->column[i] - left; }
};

/// One layer of a row: (size, channels) colours, (size, layers) extra, (size,) disparity and cover.
struct Layer {
    float* colours;
    float* extra;
    float* disparity;
    float* cover;  // of the soft row alone
};

/// Copies what lies within HALO samples of the mixed pixels from a row, (size, channels) that begins at `left`.
inline void copy_around(const float* row, int channels, const Entries& mixed, int size, float* out) {
    int done = 0;
    for (int i = mixed.range.first; i < mixed.range.last; ++i) {
        done = max(done, mixed.sample(i) - HALO);
        const int end = min(mixed.sample(i) + HALO + 1, size);
        for (int64 j = int64(done) * channels; j < int64(end) * channels; ++j) out[j] = row[j];
        done = max(done, mixed.sample(i) + HALO + 1);
    }
}

/// Splits one row of the plate into what is opaque and the soft outlines in front of it.
///
/// The opaque row keeps the background's own colours where surfaces mix. The soft row holds the mixed pixels in the
/// front surface's colours, and on either side one more sample where its cover has reached 1 (inside the surface) or 0
/// (outside); all others have no disparity there.
///
/// @param d      disparity of a part of the row that reaches HALO samples beyond its mixed pixels, px.
/// @param base   a copy of that part, changed in place.
/// @param soft   a copy of its colours and layers within HALO samples, disparity NaN, cover 1; changed in place.
inline void split_row(const Plate& plate, Line<> d, const Entries& mixed, const Layer& base, const Layer& soft) {
    const int channels = plate.channels, layers = plate.layers;
    const MixedPixels& of = *mixed.of;
    const auto is_whole = [&](int i) {  // it holds one surface alone; its colours may still have changed
        const float alpha = of.foreground_alpha[i];
        return alpha == 1.0f || (alpha == 0.0f && d[mixed.sample(i)] != of.disparities[2 * i]);
    };
    for (int i = mixed.range.first; i < mixed.range.last; ++i) {
        const int64 x = mixed.sample(i);
        const float high = of.disparities[2 * i], low = of.disparities[2 * i + 1];
        const bool is_front = of.foreground_alpha[i] == 1.0f;
        const float *front = of.front + int64(i) * channels, *behind = is_front ? front : of.back + int64(i) * channels;
        base.disparity[x] = is_front ? high : low;
        for (int c = 0; c < channels; ++c) {
            base.colours[x * channels + c] = behind[c];
            soft.colours[x * channels + c] = front[c];
        }
        if (is_whole(i)) continue;
        soft.disparity[x] = high, soft.cover[x] = of.foreground_alpha[i];
        const float* other = plate.extra_of(of.other[2 * i])[of.other[2 * i + 1]];
        float* changed = d[x] == high ? base.extra : soft.extra;
        for (int c = 0; c < layers; ++c) changed[x * layers + c] = other[c];
    }
    for (int i = mixed.range.first; i < mixed.range.last; ++i) {
        if (is_whole(i)) continue;
        const float high = of.disparities[2 * i];
        for (int step = -1; step <= 1; step += 2) {
            const int x = mixed.sample(i) + step, beyond = x + step;
            if (x < 0 || x >= d.size || soft.cover[x] < 1.0f) continue;
            if (joined(base.disparity[x], high)) {
                soft.disparity[x] = base.disparity[x];
                if (beyond >= 0 && beyond < d.size && soft.cover[beyond] == 1.0f &&
                    joined(base.disparity[beyond], base.disparity[x]))
                    soft.disparity[beyond] = base.disparity[beyond];
            } else if (!is_finite(soft.disparity[x])) {
                soft.disparity[x] = high, soft.cover[x] = 0.0f;
                for (int c = 0; c < channels; ++c)
                    soft.colours[int64(x) * channels + c] = of.front[int64(i) * channels + c];
            }
        }
    }
}

/// Leaves the last whole pixel before a soft outline to the soft row, so that it ends exactly there.
inline void drop_inner(Line<> soft, const float* cover, float* base_disparity) {
    const auto is_soft = [&](int x, int to) { return 0.0f < cover[x] && cover[x] < 1.0f && joined(soft[x], soft[to]); };
    for (int x = 0; x < soft.size; ++x)
        if (cover[x] == 1.0f && is_finite(soft[x]) &&
            ((x > 0 && is_soft(x - 1, x)) || (x + 1 < soft.size && is_soft(x + 1, x))))
            base_disparity[x] = UNKNOWN;
}

/// Cover of the soft row at a place, 0 .. 1.
inline float cover_at(const float* cover, Line<> d, Position p) {
    const int x = p.sample;
    if (!has_cell(d, x)) return p.fraction <= 0.5f ? cover[x] : cover[x + 1];
    return p.fraction == 0.0f ? cover[x] : cover[x] + p.fraction * (cover[x + 1] - cover[x]);
}

/// Calls visit(first, last) for every run of samples that lie within HALO of mixed pixels: the soft row has no others.
template <typename Visit> inline void for_runs(const Entries& mixed, int size, Visit visit) {
    for (int i = mixed.range.first; i < mixed.range.last; ++i) {
        const int first = max(mixed.sample(i) - HALO, 0);
        while (i + 1 < mixed.range.last && mixed.sample(i + 1) - mixed.sample(i) <= 2 * HALO) ++i;
        visit(first, min(mixed.sample(i) + HALO + 1, size));
    }
}

/// Whether a disparity lies on another surface than the nearest one, further away.
inline bool is_behind(float disparity, float nearest) { return nearest - disparity > 0.5f; }

/// Lays a second outline under the first, whose colour `out` becomes that of both; returns their cover.
inline float lay_under(float cover, float under, const float* colour, int channels, float* out) {
    const float rest = (1.0f - cover) * under, both = cover + rest;
    for (int c = 0; c < channels; ++c) out[c] = (cover * out[c] + rest * colour[c]) / both;
    return both;
}

/// The soft outlines of one row of the new view: their winners, colours and cover.
struct SoftTargets {
    Winners front, behind;
    const float* opaque;  // (width,) disparity of what is not soft
    float* colours;
    float* extra;
    float* cover;
};

/// Carries the soft row: the nearest outline of each target, and the nearest one behind that.
inline void scatter_soft(Line<> soft, const Entries& mixed, Carry to, const SoftTargets& out, const Cells& cells) {
    for_runs(mixed, soft.size, [&](int first, int last) {
        const Line<> run{soft.at + first, last - first};
        scatter_row(run, {0, run.size}, {to.sign, to.left - first}, first, out.front, cells);
    });
    for_runs(mixed, soft.size, [&](int first, int last) {
        for (int x = first; x < last; ++x)
            visit_sample(soft, x, to, out.behind.width, [&](int k, float value, Part part) {
                if (is_behind(value, out.front.disparity[k]))
                    out.behind.put(k, value, position_of(soft, to.sign, x, part, k + to.left));
            });
    });
}

/// Reads what a soft outline covers with no opaque surface in front of it; lays those behind others under these.
///
/// @param seen  (channels,) scratch.
template <int N>
inline void sample_soft(const Source<N>& from, const float* row_cover, const SoftTargets& out, float* seen) {
    const int channels = from.colours.channels(), layers = from.extra.count;
    const Source<N> colours_alone{from.colours, {from.extra.at, from.extra.width, 0}, from.disparity, from.alpha, false};
    for (int k = 0; k < out.front.width; ++k) {
        const float nearest = out.front.disparity[k];
        if (nearest == NOTHING || is_behind(nearest, out.opaque[k])) continue;
        const Position p{out.front.sample[k], out.front.fraction[k]};
        float cover = cover_at(row_cover, from.disparity, p);
        float* colour = out.colours + int64(k) * channels;
        if (cover > 0.0f) sample(from, p, colour, out.extra + int64(k) * layers);
        const float second = out.behind.disparity[k];
        if (cover > 0.0f && cover < 1.0f && second != NOTHING && !is_behind(second, out.opaque[k])) {
            const Position q{out.behind.sample[k], out.behind.fraction[k]};
            const float under = cover_at(row_cover, from.disparity, q);
            if (under > 0.0f) {
                sample(colours_alone, q, seen, nullptr);
                cover = lay_under(cover, under, seen, channels, colour);
            }
        }
        out.cover[k] = cover;
    }
}

ART3D_END
