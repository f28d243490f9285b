// What the surroundings of a band pixel tell of its two surfaces: their colours, how much these vary, and a first alpha.
//
// A survey of one plate asks some ten thousand pixels for 28 neighbours each, so nothing here branches on what a neighbour
// is: nobody can predict it.
#pragma once
#include "lanes.h"
#include "matte.h"

ART3D_BEGIN

/// Disparity of the i-th neighbour of a band pixel; UNKNOWN outside the plate.
inline float disparity_beside(const Survey& in, const BandPixel& p, int i) {
    const Offset o = in.around->offset[i];
    const bool there = p.inner || in.plate->holds(p.y + o.dy, p.x + o.dx);
    return there ? in.plate->disparity[p.at + in.around->in_plate[i]] : UNKNOWN;
}

/// How much the i-th neighbour of a band pixel tells.
inline float weight_beside(const Survey& in, const BandPixel& p, int i) {
    return in.around->weight[i][in.reaches->at[p.reach_at + in.around->in_reach[i]]];
}

/// Furthest from a surface's disparity that a neighbour still is on it, px.
inline float tolerance_of(const BandPixel& p) { return max(1.0f, 0.25f * (p.high - p.low)); }

/// How much a neighbour tells of both surfaces: at most of one of them.
struct Share {
    float front, back;
};

inline Share share_of(const BandPixel& p, float tolerance, float disparity, float weight) {
    const float u = size_of(disparity - p.high) <= tolerance ? weight : 0.0f;
    return {u, max((size_of(disparity - p.low) <= tolerance ? weight : 0.0f) - u, 0.0f)};
}

#ifdef __CUDACC_RTC__
// A thread has no registers for so many neighbours: it reads them again.
struct Seen {
    const Survey& in;
    const BandPixel& p;

    float operator[](int i) const { return disparity_beside(in, p, i); }
};

struct Told {
    const Survey& in;
    const BandPixel& p;

    Share operator[](int i) const {
        return share_of(p, tolerance_of(p), disparity_beside(in, p, i), weight_beside(in, p, i));
    }
};

inline Seen see(const Survey& in, const BandPixel& p) { return {in, p}; }
inline Told weigh(const Survey& in, const BandPixel& p, const Seen&) { return {in, p}; }
#else
constexpr int SLOTS = 32;  // those beyond NEIGHBOURS fill up a register

/// The disparities around a band pixel.
struct Seen {
    float at[SLOTS];

    float operator[](int i) const { return at[i]; }
};

/// What each neighbour tells of both surfaces.
struct Told {
    float front[SLOTS], back[SLOTS];

    Share operator[](int i) const { return {front[i], back[i]}; }
};

inline Seen see(const Survey& in, const BandPixel& p) {
    Seen seen;
    if (p.inner)
        for (int i = 0; i < NEIGHBOURS; ++i) seen.at[i] = in.plate->disparity[p.at + in.around->in_plate[i]];
    else
        for (int i = 0; i < NEIGHBOURS; ++i) seen.at[i] = disparity_beside(in, p, i);
    for (int i = NEIGHBOURS; i < SLOTS; ++i) seen.at[i] = UNKNOWN;
    return seen;
}

inline Told weigh(const Survey& in, const BandPixel& p, const Seen& seen) {
    const float tolerance = tolerance_of(p);
    float weight[SLOTS] = {};
    for (int i = 0; i < NEIGHBOURS; ++i) weight[i] = weight_beside(in, p, i);
    Told told;
    for (int i = 0; i < SLOTS; ++i) {
        const Share share = share_of(p, tolerance, seen.at[i], weight[i]);
        told.front[i] = share.front, told.back[i] = share.back;
    }
    return told;
}
#endif

/// Index of the nearest neighbour on another surface than one of disparity `here`, NEIGHBOURS if none is near.
inline int nearest_other(const Seen& seen, float here) {
    int nearest = NEIGHBOURS;
    for (int i = 0; i < ACROSS; ++i) {
        const int found = is_cut(here, seen[i]) ? i : NEIGHBOURS;
        nearest = found < nearest ? found : nearest;
    }
    return nearest;
}

/// Sums of one surface around a pixel, of which `locate` makes means: 1 + 2 channels numbers.
struct Surfaces {
    float* front;
    float* back;
};

/// Gathers both surfaces around a pixel: weight, colours, their squares. What is not finite is left out.
inline void gather_with_care(const Survey& in, const BandPixel& p, const Told& told, Surfaces sums) {
    const Plate& plate = *in.plate;
    const int channels = plate.channels;
    for (int j = 0; j < 1 + 2 * channels; ++j) sums.front[j] = sums.back[j] = 0.0f;
    for (int i = 0; i < NEIGHBOURS; ++i) {
        const float u = told[i].front, v = told[i].back;
        if (!(u + v > 0.0f)) continue;
        const float* colour = plate.colours + (p.at + in.around->in_plate[i]) * channels;
        float total = 0.0f;
        for (int c = 0; c < channels; ++c) total += colour[c];
        if (!is_finite(total)) continue;
        sums.front[0] += u;
        sums.back[0] += v;
        for (int c = 0; c < channels; ++c) {
            const float square = colour[c] * colour[c];
            sums.front[1 + c] += u * colour[c];
            sums.back[1 + c] += v * colour[c];
            sums.front[1 + channels + c] += u * square;
            sums.back[1 + channels + c] += v * square;
        }
    }
}

/// The same of a pixel whose neighbours all lie in the plate, without a look at what is finite: false means that
/// something was not.
template <int N>
inline bool gather_quickly(const Survey& in, const BandPixel& p, const Told& told, Surfaces sums) {
    const float* colours = in.plate->colours + p.at * N;
    Four front = all_lanes<N>(0.0f), back = front, front_squares = front, back_squares = front;
    float of_front = 0.0f, of_back = 0.0f;
    for (int i = 0; i < NEIGHBOURS; ++i) {
        const Four colour = load<N>(colours + int64(in.around->in_plate[i]) * N), square = colour * colour;
        const Share share = told[i];
        of_front += share.front;
        of_back += share.back;
        front = front + share.front * colour;
        back = back + share.back * colour;
        front_squares = front_squares + share.front * square;
        back_squares = back_squares + share.back * square;
    }
    sums.front[0] = of_front, sums.back[0] = of_back;
    store<N>(front, sums.front + 1), store<N>(front_squares, sums.front + 1 + N);
    store<N>(back, sums.back + 1), store<N>(back_squares, sums.back + 1 + N);
    return is_finite(sum_of<N>(front_squares) + sum_of<N>(back_squares));
}

template <int N> inline void gather_surfaces(const Survey& in, const BandPixel& p, const Told& told, Surfaces sums) {
    if constexpr (N == 3 || N == 4)
        if (p.inner && gather_quickly<N>(in, p, told, sums)) return;
    gather_with_care(in, p, told, sums);
}

struct RawAlpha {
    float alpha, variance, front_variance;  // front_variance: the front surface's part in the variance
    float off_line, by_texture;
};

/// First alpha of a pixel between its two surfaces, and the variance that their texture gives it.
///
/// 1 is the front surface's mean colour, 0 the back one's. The variance is infinite where these are the same, the alpha
/// not finite where the pixel is not. So far off the line between them, in squares of its length, is the pixel, and so
/// far would the variances have it in the mean. Leaves the mean colours in `sums`.
template <int N> inline RawAlpha locate(const float* pixel, int count, Surfaces sums) {
    using Value = Lanes<N>;
    const int channels = N ? N : count;
    const float weights[] = {sums.front[0], sums.back[0]};
    const Value zero = all_lanes<N>(0.0f);
    float gap = 0.0f, along = 0.0f, of_front = 0.0f, of_back = 0.0f, total = 0.0f;
    for (int c = 0; c < channels; c += AT_ONCE<N>) {
        float *f = sums.front + 1 + c, *b = sums.back + 1 + c;
        const Value front = load<N>(f) / weights[0], back = load<N>(b) / weights[1], step = front - back;
        const Value varies = max(load<N>(f + channels) / weights[0] - front * front, zero);
        const Value behind = max(load<N>(b + channels) / weights[1] - back * back, zero);
        const Value own = load<N>(pixel + c);
        store<N>(front, f), store<N>(varies, f + channels);
        store<N>(back, b), store<N>(behind, b + channels);
        gap += sum_of<N>(step * step);
        along += sum_of<N>((own - back) * step);
        of_front += sum_of<N>(varies * step * step);
        of_back += sum_of<N>(behind * step * step);
        total += sum_of<N>(own);
    }
    if (!(gap > 0.0f)) return {0.0f * total, INFINITE, INFINITE, 0.0f, 0.0f};
    const float raw = along / gap, alpha = clamp(raw, 0.0f, 1.0f), share = 1.0f / gap;
    const float of_both[] = {alpha * alpha, (1.0f - alpha) * (1.0f - alpha)};
    float off_line = 0.0f, by_texture = 0.0f;
    for (int c = 0; c < channels; c += AT_ONCE<N>) {
        const float *f = sums.front + 1 + c, *b = sums.back + 1 + c;
        const Value back = load<N>(b), step = load<N>(f) - back, off = load<N>(pixel + c) - back - raw * step;
        off_line += sum_of<N>(off * off);
        by_texture += sum_of<N>((of_both[0] * load<N>(f + channels) + of_both[1] * load<N>(b + channels)) *
                                max(1.0f - step * step * share, zero));
    }
    const auto noise = [&](float sum) { return sum * share * share < INFINITE ? sum * share * share + 1e-4f : INFINITE; };
    return {raw, noise(of_front + of_back), noise(of_front), off_line * share, by_texture * share};
}

/// Surveys the band pixels of one row that have two surfaces around them.
///
/// @param r        row of the band.
/// @param columns  first and one past the last plate column to look at.
/// @param sums     scratch of both surfaces.
template <int N>
inline void survey_row(const Survey& in, const MixedPixels& out, int r, Span columns, Surfaces sums) {
    const Plate& plate = *in.plate;
    const int y = in.reaches->top + LOOK_PX + r, channels = N ? N : plate.channels;
    const int64 line = int64(r + LOOK_PX) * in.reaches->width - in.reaches->left;
    int n = out.start[r];
    for (int x = columns.first; x < columns.last; ++x) {
        const int reach = in.reaches->at[line + x];
        if (reach > BAND_PX) continue;
        BandPixel p = band_pixel(in, r, x, 0.0f, 0.0f);
        const float own = plate.disparity[p.at];
        if (!is_finite(own)) continue;
        const Seen seen = see(in, p);
        const int other = nearest_other(seen, own);
        if (other == NEIGHBOURS) continue;
        const float beyond = seen[other];
        p.high = max(own, beyond), p.low = min(own, beyond);
        gather_surfaces<N>(in, p, weigh(in, p, seen), sums);
        if (!(sums.front[0] > 0.0f) || !(sums.back[0] > 0.0f)) continue;
        const RawAlpha raw = locate<N>(plate.colours + p.at * channels, channels, sums);
        if (!is_finite(raw.alpha)) continue;
        out.column[n] = x;
        out.foreground_alpha[n] = raw.alpha;
        out.noise[2 * n] = raw.variance, out.noise[2 * n + 1] = raw.front_variance;
        out.off_line[2 * n] = raw.off_line, out.off_line[2 * n + 1] = raw.by_texture;
        out.kind[n] = uint8(reach + (own == p.high ? FAR_PX : 0));
        for (int c = 0; c < channels; ++c) {
            out.front[int64(n) * channels + c] = sums.front[1 + c];
            out.back[int64(n) * channels + c] = sums.back[1 + c];
        }
        out.disparities[2 * n] = p.high, out.disparities[2 * n + 1] = p.low;
        out.other[2 * n] = y + in.around->offset[other].dy, out.other[2 * n + 1] = x + in.around->offset[other].dx;
        ++n;
    }
    out.count[r] = n - out.start[r];
}

ART3D_END
