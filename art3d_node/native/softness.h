// How soft an outline is and how far its pixels are to be trusted, learnt along it, and what that makes of each of them.
//
// Focus, motion and sampling change little along an outline. So the pixels that touch the depth edge are asked together
// how much of the other surface they hold. Where an outline is softer than sampling alone makes it, every pixel of it
// is taken to be as mixed as is usual at its distance from the edge, unless its own colours tell more: it stays soft
// where both surfaces happen to look alike, before whatever background the new view lays it. A sharp one keeps the
// disparity's own edge there.
//
// A codec smears one surface over the other and shifts colours besides, so that pixels lie off the line between the two
// colours by more than the surfaces' texture explains. Where all around an outline do, its pixels say less of the scene
// than the surfaces beside it: they are drawn to their own surface's colour.
//
// What is learnt is gathered in cells of the plate, each with its eight neighbours, so that it is the same in every tile.
#pragma once
#include "survey.h"

ART3D_BEGIN

constexpr int CELL_PX = 16;
constexpr int AROUND_PX = 2 * CELL_PX - 1;  // from a pixel to the furthest that its softness depends on
constexpr float TEXTURE = 0.03f;  // added to the variance by texture, so that pixels without any do not decide alone
constexpr float STEP = 14.0f;     // weight of the disparity's own answer, that nothing is mixed
constexpr float SHARP = 0.25f;    // an outline whose edge pixels are mixed no more than this in the mean is sharp
constexpr float SOFTER = 3.4f;    // so fast is the mean believed above that
constexpr float STRAY = 0.5f;     // no pixel counts as further outside both colours than this
constexpr float PURE = 0.04f;     // a mix closer than this to one surface is that surface
constexpr float OPAQUE = 0.9f;    // a front surface that covers this much hides what is behind it: no guess is shown
constexpr float BEYOND[] = {8.0f, 0.35f};  // so much wider is a front's and a back's range than that of the pixels asked
constexpr int SMEAR_PX = 1;       // from the edge: pixels that are drawn to their surface where a codec smeared
constexpr float LEAST_TRUST = 0.25f, FULL_TRUST = 0.9f;  // trust below and above these counts as this much, and as 1
constexpr float NEARLY = 0.03f;   // a pixel that is drawn so close to its surface holds nothing of the other
constexpr float TINY = 1e-9f;
constexpr float FEW = 0.01f;      // scatter, added so that few pixels far off do not decide alone
constexpr int PURE_PX = BAND_PX;  // from the edge: pixels of a surface that hold nothing of the other, nor of a halo

/// How far off the usual mix a pixel may be, by px from the edge.
inline float doubt_at(int reach) { return reach == 0 ? 0.35f : reach == 1 ? 0.15f : reach == 2 ? 0.08f : 0.04f; }

// What the band's pixels say in a cell: those at the edge their weight and weighted share of the other surface; these, and
// those further in, their scatter off the line and what texture makes of it.
enum CellSum { WEIGHT, SHARE, EDGE_SCATTER, EDGE_TEXTURE, INNER_SCATTER, INNER_TEXTURE, CELL_SUMS };

/// What is learnt of a cell's outlines: the share of the other surface that the pixels at an edge usually have, 0 where it
/// is sharp, and how far its pixels are trusted, LEAST_TRUST .. 1.
struct Learnt {
    float softness, trust;
};

/// (rows, columns, CELL_SUMS) sums.
struct CellSums {
    float* at;
    int rows, columns;
    int top, left;  // row and column of the first cell among the plate's

    float* of(int r, int q) const { return at + CELL_SUMS * (int64(r) * columns + q); }
};

/// Share of the other surface in a pixel that lies at `raw_alpha` between the two.
inline float other_share(int kind, float raw_alpha) {
    const float held = clamp(raw_alpha, -STRAY, 1.0f + STRAY);
    return is_front(kind) ? 1.0f - held : held;
}

/// Adds one pixel of the band to its cell's sums.
inline void add_to_cell(const MixedPixels& band, int i, float* sum) {
    if (!(band.noise[2 * i] < INFINITE)) return;
    const bool at_edge = reach_of(band.kind[i]) == 0;
    const float scatter = band.off_line[2 * i], texture = band.off_line[2 * i + 1];
    if (is_finite(scatter + texture)) {
        const float counts = 1.0f / (FEW + scatter + texture);
        sum[at_edge ? EDGE_SCATTER : INNER_SCATTER] += counts * scatter;
        sum[at_edge ? EDGE_TEXTURE : INNER_TEXTURE] += counts * texture;
    }
    if (!at_edge) return;
    const float says = 1.0f / (band.noise[2 * i] + TEXTURE);
    sum[WEIGHT] += says;
    sum[SHARE] += says * other_share(band.kind[i], band.foreground_alpha[i]);
}

/// Adds up one row of cells.
inline void gather_cells(const MixedPixels& band, int band_top, int band_rows, const CellSums& sums, int row) {
    for (int j = 0; j < CELL_SUMS * sums.columns; ++j) sums.of(row, 0)[j] = 0.0f;
    const int first = (sums.top + row) * CELL_PX - band_top;
    for (int r = max(first, 0); r < min(first + CELL_PX, band_rows); ++r)
        for (int i = band.start[r]; i < band.start[r] + band.count[r]; ++i)
            add_to_cell(band, i, sums.of(row, band.column[i] / CELL_PX - sums.left));
}

/// How far pixels are trusted whose scatter off the line is so many times texture's, at the edge and further in.
///
/// Both have to speak against them: at the edge alone a third surface scatters them, further in alone a slope of light.
inline float trust_of(float at_edge, float inside) {
    const float explained = min(1.0f / sqrtf(at_edge * inside), 1.0f), square = explained * explained;
    return square * square > FULL_TRUST ? 1.0f : max(square * square, LEAST_TRUST);
}

/// What is learnt of a cell, from it and its eight neighbours, weighted 1 2 1 each way.
///
/// Both sides of the edge are taken together: a rim that is lit or shaded looks like a mix on its own side only.
inline Learnt learn(const CellSums& sums, int row, int column) {
    float total[CELL_SUMS] = {STEP, 0.0f, 0.0f, TINY, 0.0f, TINY};
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
            const int r = row + dy, q = column + dx;
            if (r < 0 || r >= sums.rows || q < 0 || q >= sums.columns) continue;
            const float share = float((2 - dy * dy) * (2 - dx * dx)) * 0.0625f;
            for (int j = 0; j < CELL_SUMS; ++j) total[j] += share * sums.of(r, q)[j];
        }
    const float mean = total[SHARE] / total[WEIGHT];
    return {min(max(mean, 0.0f), max(mean - SHARP, 0.0f) * SOFTER),
            trust_of(total[EDGE_SCATTER] / total[EDGE_TEXTURE], total[INNER_SCATTER] / total[INNER_TEXTURE])};
}

/// Share of the other surface `reach` px from the edge of an outline, as a smooth step of that softness has it.
inline float usual_share(float soft, int reach) {
    if (reach == 0) return soft;
    if (reach == 1) return max(soft - 0.28f, 0.0f) * 1.5f;
    return reach == 2 ? max(soft - 0.34f, 0.0f) * 0.5f : 0.0f;
}

/// How far a pixel of an outline is trusted.
inline float trust_in(const Learnt& around, int kind) { return reach_of(kind) <= SMEAR_PX ? around.trust : 1.0f; }

/// Alpha of a pixel from its own place between the surfaces, and from how soft its outline is.
inline float settled_alpha(const Learnt& around, int kind, float raw_alpha, float noise) {
    const float share = usual_share(around.softness, reach_of(kind)), doubt = doubt_at(reach_of(kind));
    const float usual = is_front(kind) ? 1.0f - share : share, own = is_front(kind) ? 1.0f : 0.0f;
    const float found = usual + doubt * doubt / (doubt * doubt + noise) * (raw_alpha - usual);
    const float alpha = found >= OPAQUE ? 1.0f : found <= PURE ? 0.0f : found, trust = trust_in(around, kind);
    if (trust == 1.0f) return alpha;
    const float drawn = own + trust * (alpha - own);
    return drawn > 1.0f - NEARLY ? 1.0f : drawn < NEARLY ? 0.0f : drawn;
}

/// The pure neighbours of a pixel on each surface, a bit each: those PURE_PX from the edge; of a surface that nowhere is
/// as wide, those furthest from it.
struct Pure {
    unsigned front, back;
};

inline Pure pure_around(const Survey& in, const BandPixel& p) {
    const Seen seen = see(in, p);
    const float tolerance = tolerance_of(p);
    const uint8* reach = in.reaches->at + p.reach_at;
    int front[NEIGHBOURS], back[NEIGHBOURS];  // px from the edge; -1 of what is not on the surface
    int furthest_front = 0, furthest_back = 0;
    for (int i = 0; i < NEIGHBOURS; ++i) front[i] = min(int(reach[in.around->in_reach[i]]), PURE_PX);
    for (int i = 0; i < NEIGHBOURS; ++i) {
        const bool of_front = size_of(seen[i] - p.high) <= tolerance;
        const bool of_back = (size_of(seen[i] - p.low) <= tolerance) & !of_front;
        back[i] = of_back ? front[i] : -1;
        front[i] = of_front ? front[i] : -1;
        furthest_front = max(furthest_front, front[i]), furthest_back = max(furthest_back, back[i]);
    }
    Pure found{0, 0};
    for (int i = 0; i < NEIGHBOURS; ++i) {
        found.front |= unsigned(front[i] == furthest_front) << i;
        found.back |= unsigned(back[i] == furthest_back) << i;
    }
    return found;
}

/// The mean of a pixel's channels without alpha.
template <int N> inline float light_of(const float* colour, int channels, int alpha) {
    float total = 0.0f;
    for (int c = 0; c < (N ? N : channels); ++c) total += c == alpha ? 0.0f : colour[c];
    return total / float(max((N ? N : channels) - (alpha >= 0 ? 1 : 0), 1));
}

/// Shares what the mean colours `front` and `back` leave unexplained of a mixed pixel between them, in place.
///
/// Forte, "Approximate fast foreground colour estimation", 2021. Neither leaves what its surface's pure pixels nearby and
/// its mean hold, a little widened, neither channel by channel nor in hue, which is what a channel differs by from the
/// mean of all: at the bounds of three channels, one from above and one from below, lies a hue of no surface. A colour that was taken apart is only as good as its alpha:
/// beside a bright shoulder a hundredth too much leaves a wall darker than any part of it, and a hole filled from there
/// shows it as a stripe.
///
/// @param trust  this much of what is left unexplained is the scene's.
template <int N>
inline void split_colours(const Survey& in, const BandPixel& p, float alpha, float trust, float* front, float* back) {
    const Plate& plate = *in.plate;
    const int channels = N ? N : plate.channels;
    const float* pixel = plate.colours + p.at * channels;
    const float scale = trust / (alpha * alpha + (1.0f - alpha) * (1.0f - alpha));
    const Pure pure = pure_around(in, p);
    const unsigned of_surface[] = {pure.front, pure.back};
    const float shares[] = {alpha, 1.0f - alpha}, widening[] = {BEYOND[0], BEYOND[1]};
    const float lights[] = {light_of<N>(front, channels, plate.alpha), light_of<N>(back, channels, plate.alpha)};
    const float unexplained = (light_of<N>(pixel, channels, plate.alpha) - shares[0] * lights[0] - shares[1] * lights[1]) * scale;
    for (int c = 0; c < channels; c += AT_ONCE<N>) {
        const auto f = load<N>(front + c), b = load<N>(back + c);
        const auto rest = (load<N>(pixel + c) - shares[0] * f - shares[1] * b) * scale;
        for (int j = 0; j < 2; ++j) {
            const auto mean = j ? b : f;
            auto low = mean, high = mean, least = mean - lights[j], most = least;
            for (unsigned left = of_surface[j]; left != 0; left &= left - 1) {
                const float* colour = pixel + int64(in.around->in_plate[first_bit(left)]) * channels;
                const auto value = finite_or(load<N>(colour + c), low);
                const auto hue = finite_or(load<N>(colour + c) - light_of<N>(colour, channels, plate.alpha), least);
                low = min(low, value), high = max(high, value);
                least = min(least, hue), most = max(most, hue);
            }
            const auto beyond = without<N>(widening[j] * (high - low), plate.alpha - c), off = widening[j] * (most - least);
            const float light = lights[j] + unexplained * shares[j];
            const auto hued = light + min(max(mean + rest * shares[j] - light, least - off), most + off);
            store<N>(min(max(hued, low - beyond), high + beyond), (j ? back : front) + c);
        }
    }
}

/// Where a clean plate shows the background itself, it says better how much of it the band's i-th pixel holds. The front
/// alone is then as uncertain as its texture.
inline void know_background(const MixedPixels& band, int i, const float* pixel, const float* clean, int channels) {
    const float* front = band.front + int64(i) * channels;
    float along = 0.0f, gap = 0.0f;
    for (int c = 0; c < channels; ++c) {
        const float step = front[c] - clean[c];
        along += (pixel[c] - clean[c]) * step;
        gap += step * step;
    }
    if (!(gap > 0.0f) || !is_finite(along / gap)) return;
    band.foreground_alpha[i] = along / gap;
    band.noise[2 * i] = band.noise[2 * i + 1];
    for (int c = 0; c < channels; ++c) band.back[int64(i) * channels + c] = clean[c];
}

/// Settles the band's pixels of one row; keeps the mixed ones at the head of the row's entries.
///
/// @param clean    the plate without what stands in front, or null.
/// @param r        row of the band.
/// @param columns  first and one past the last plate column that counts.
/// @param learnt   (cells.rows, cells.columns)
template <int N>
inline void classify_mixed(const Survey& in, const float* clean, const MixedPixels& band, int r, Span columns,
                           const CellSums& cells, const Learnt* learnt) {
    const Plate& plate = *in.plate;
    const int channels = N ? N : plate.channels, y = in.reaches->top + LOOK_PX + r;
    int n = band.start[r];
    for (int i = band.start[r]; i < band.start[r] + band.count[r]; ++i) {
        const int x = band.column[i], kind = band.kind[i];
        if (x < columns.first || x >= columns.last) continue;
        const BandPixel p = band_pixel(in, r, x, band.disparities[2 * i], band.disparities[2 * i + 1]);
        const float* pixel = plate.colours + p.at * channels;
        if (clean) know_background(band, i, pixel, clean + p.at * channels, channels);
        const Learnt around = learnt[int64(y / CELL_PX - cells.top) * cells.columns + x / CELL_PX - cells.left];
        const float alpha = settled_alpha(around, kind, band.foreground_alpha[i], band.noise[2 * i]);
        const float trust = trust_in(around, kind);
        if (alpha == (is_front(kind) ? 1.0f : 0.0f) && trust == 1.0f) continue;
        float *front = band.front + int64(n) * channels, *back = band.back + int64(n) * channels;
        for (int c = 0; c < channels; ++c) {
            front[c] = band.front[int64(i) * channels + c];
            back[c] = band.back[int64(i) * channels + c];
        }
        split_colours<N>(in, p, alpha, trust, front, back);
        if (clean && alpha != (is_front(kind) ? 1.0f : 0.0f))
            for (int c = 0; c < channels; ++c) back[c] = clean[p.at * channels + c];
        band.column[n] = x;
        band.foreground_alpha[n] = alpha;
        for (int j = 0; j < 2; ++j) {
            band.disparities[2 * n + j] = band.disparities[2 * i + j];
            band.other[2 * n + j] = band.other[2 * i + j];
        }
        ++n;
    }
    band.count[r] = n - band.start[r];
}

ART3D_END
