// Soft edges: which pixels of an outline may mix two surfaces, and what their surroundings tell of the two.
//
// An antialiased, defocused or motion-blurred outline holds alpha F + (1 - alpha) B. Moved whole it carries a halo of
// background along, or leaves a smear of foreground behind. In a thin band around every depth edge the mix is estimated
// from the plate itself:
//
// * the pixels of each surface further from the edge tell its colour F, B and how much that varies;
// * the pixel's place between them along F - B is a first alpha, as uncertain as the two surfaces' own texture makes it
//   (linear discriminant), and the less to be believed the further the pixel is from the edge;
// * what stands where it is worth little, the disparity and the softness of the outline around say: see softness.h,
//   which settles alpha and the two colours.
#pragma once
#include "scanline.h"

ART3D_BEGIN

constexpr int BAND_PX = 3;               // on either side of a depth edge that may be mixed
constexpr int FAR_PX = BAND_PX + 1;      // further from an edge than any mixed pixel
constexpr int LOOK_PX = 2 * BAND_PX + 2; // around a mixed pixel that tell the colours of its surfaces

/// The pixels of the band around depth edges, row after row; once they are settled, those of them that are mixed.
struct MixedPixels {
    int* start;               // (rows,) index of each row's first entry
    int* count;               // (rows,) entries of each row; no rows at all (null) where edges are hard
    int* column;              // (n,) plate column
    float* foreground_alpha;  // (n,) share of the front surface; before that is settled the place between the surfaces
    float* front;             // (n, channels) colour of the front surface
    float* back;              // (n, channels) colour of the back surface
    float* disparities;       // (n, 2) of front and back, px
    int* other;               // (n, 2) plate row and column of the nearest pixel of the surface not named by disparity
    uint8* kind;              // (n,) whole px from the edge on the back surface, and FAR_PX more on the front one
    float* noise;             // (n, 2) variance of a pixel's place between its surfaces, and the front one's part in it
    float* off_line;          // (n, 2) squared distance from the line between both colours, and what texture makes of it,
                              // next to that between the colours
};

inline int reach_of(int kind) { return kind % FAR_PX; }
inline bool is_front(int kind) { return kind > BAND_PX; }

/// Whether neighbours with these disparities (px) lie on two surfaces; NaN and infinity lie on none.
inline bool is_cut(float d0, float d1) {
    const float gap = size_of(d1 - d0);
    return (gap > SURFACE_SLOPE) & (gap < INFINITE);
}

// Neighbours that a mixed pixel asks: eight directions, each ring of four √2 times as far as the one before.
constexpr int NEIGHBOURS = 28;
constexpr int ACROSS = 24;  // so many of them can lie across the edge of a band pixel

struct Offset {
    int dy, dx;
};

constexpr Offset neighbour(int i) {
    const int r = 1 << (i >> 3), turn = i & 3;
    if ((i >> 2) & 1) return {turn & 2 ? r : -r, turn & 1 ? r : -r};
    return {turn == 0 ? -r : turn == 3 ? r : 0, turn == 1 ? -r : turn == 2 ? r : 0};
}

/// How much the i-th neighbour tells, `reach` px from an edge: more far from the edge, and near to us.
constexpr float telling(int i, int reach) {
    const Offset o = neighbour(i);
    const float closeness = 1.0f / (4.0f + float(o.dy * o.dy + o.dx * o.dx)), inside = float(reach) + 0.2f;
    return inside * inside * closeness;
}

/// Tables that are the same for every pixel of one plate.
struct Neighbourhood {
    Offset offset[NEIGHBOURS];
    int in_plate[NEIGHBOURS], in_reach[NEIGHBOURS];  // what to add to a pixel's place in the plate, and in the reaches
    float weight[NEIGHBOURS][FAR_PX + 1];
};

inline void make_neighbourhood(int plate_width, int reach_width, Neighbourhood& out) {
    for (int i = 0; i < NEIGHBOURS; ++i) {
        out.offset[i] = neighbour(i);
        out.in_plate[i] = out.offset[i].dy * plate_width + out.offset[i].dx;
        out.in_reach[i] = out.offset[i].dy * reach_width + out.offset[i].dx;
        for (int reach = 0; reach <= FAR_PX; ++reach) out.weight[i][reach] = telling(i, reach);
    }
}

/// Where the band is looked for: (height, width) whole px to the nearest edge, of LOOK_PX more on every side.
struct Reaches {
    uint8* at;
    int height, width;  // with that margin
    int top, left;      // plate row and column of the first of them
};

struct Survey {
    const Plate* plate;
    const Reaches* reaches;
    const Neighbourhood* around;
};

/// One band pixel: where it is, and the disparities of its two surfaces.
struct BandPixel {
    int y, x;
    int64 at, reach_at;  // its place in the plate, and in the reaches
    bool inner;          // no neighbour lies outside the plate
    float high, low;
};

/// The band pixel in column x of row r of the band.
inline BandPixel band_pixel(const Survey& in, int r, int x, float high, float low) {
    const int y = in.reaches->top + LOOK_PX + r, width = in.plate->width, height = in.plate->height;
    const int64 at = int64(y) * width + x, reach_at = int64(r + LOOK_PX) * in.reaches->width + x - in.reaches->left;
    const bool inner = y >= LOOK_PX && y < height - LOOK_PX && x >= LOOK_PX && x < width - LOOK_PX;
    return {y, x, at, reach_at, inner, high, low};
}

/// Index of the nearest neighbour on another surface, -1 if none is near.
inline int nearest_other(const Survey& in, const BandPixel& p) {
    const float here = in.plate->disparity[p.at];
    for (int i = 0; i < ACROSS; ++i) {
        const Offset o = in.around->offset[i];
        if ((p.inner || in.plate->holds(p.y + o.dy, p.x + o.dx)) &&
            is_cut(here, in.plate->disparity[p.at + in.around->in_plate[i]]))
            return i;
    }
    return -1;
}

/// Sums of one surface around a pixel, of which `locate` makes means: 1 + 2 channels numbers.
struct Surfaces {
    float* front;
    float* back;
};

/// Gathers both surfaces around a pixel: weight, colours, their squares. At most one of them is told of by a neighbour.
///
/// With `careful` what is not finite is left out, else it makes the sums so: false means that they have to be made again.
template <int N> inline bool gather_surfaces(const Survey& in, const BandPixel& p, bool careful, Surfaces sums) {
    const Plate& plate = *in.plate;
    const int channels = N ? N : plate.channels;
    const float tolerance = max(1.0f, 0.25f * (p.high - p.low));
    float local[2][2 * (N ? N : 1) + 1] = {};
    float *front = N ? local[0] : sums.front, *back = N ? local[1] : sums.back;
    for (int j = 0; j < 1 + 2 * channels; ++j) front[j] = back[j] = 0.0f;
    for (int i = 0; i < NEIGHBOURS; ++i) {
        const Offset o = in.around->offset[i];
        if (!p.inner && !plate.holds(p.y + o.dy, p.x + o.dx)) continue;
        const int64 q = p.at + in.around->in_plate[i];
        const float value = plate.disparity[q];
        const float weight = in.around->weight[i][in.reaches->at[p.reach_at + in.around->in_reach[i]]];
        // Not branches: which surface it is on, nobody can predict.
        const float u = size_of(value - p.high) <= tolerance ? weight : 0.0f;
        const float v = max((size_of(value - p.low) <= tolerance ? weight : 0.0f) - u, 0.0f);
        const float* colour = plate.colours + q * channels;
        if (careful) {
            float total = 0.0f;
            for (int c = 0; c < channels; ++c) total += colour[c];
            if (!(u + v > 0.0f) || !is_finite(total)) continue;
        }
        front[0] += u;
        back[0] += v;
        for (int c = 0; c < channels; ++c) {
            const float square = colour[c] * colour[c];
            front[1 + c] += u * colour[c];
            back[1 + c] += v * colour[c];
            front[1 + channels + c] += u * square;
            back[1 + channels + c] += v * square;
        }
    }
    float check = 0.0f;
    for (int c = 0; c < channels; ++c) check += front[1 + channels + c] + back[1 + channels + c];
    if (N)
        for (int j = 0; j < 1 + 2 * channels; ++j) sums.front[j] = front[j], sums.back[j] = back[j];
    return is_finite(check);
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
    const int channels = N ? N : count;
    float gap = 0.0f, along = 0.0f, of_front = 0.0f, of_back = 0.0f, total = 0.0f;
    for (int c = 0; c < channels; ++c) {
        float *f = sums.front + 1 + c, *b = sums.back + 1 + c;
        const float front = *f / sums.front[0], back = *b / sums.back[0], step = front - back;
        f[channels] = max(f[channels] / sums.front[0] - front * front, 0.0f);
        b[channels] = max(b[channels] / sums.back[0] - back * back, 0.0f);
        *f = front, *b = back;
        gap += step * step;
        along += (pixel[c] - back) * step;
        of_front += f[channels] * step * step;
        of_back += b[channels] * step * step;
        total += pixel[c];
    }
    if (!(gap > 0.0f)) return {0.0f * total, INFINITE, INFINITE, 0.0f, 0.0f};
    const float raw = along / gap, alpha = clamp(raw, 0.0f, 1.0f), share = 1.0f / gap;
    float off_line = 0.0f, by_texture = 0.0f;
    for (int c = 0; c < channels; ++c) {
        const float *f = sums.front + 1 + c, *b = sums.back + 1 + c, step = *f - *b;
        const float off = pixel[c] - *b - raw * step;
        off_line += off * off;
        by_texture += (alpha * alpha * f[channels] + (1.0f - alpha) * (1.0f - alpha) * b[channels]) *
                      max(1.0f - step * step * share, 0.0f);
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
        const int other = nearest_other(in, p);
        if (other < 0) continue;
        const float beyond = plate.disparity[p.at + in.around->in_plate[other]];
        p.high = max(own, beyond), p.low = min(own, beyond);
        if (!N || !gather_surfaces<N>(in, p, false, sums)) gather_surfaces<N>(in, p, true, sums);
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
