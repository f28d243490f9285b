// How soft an outline is, learnt along it, and what that makes of each of its pixels.
//
// Focus, motion and sampling change little along an outline. So the pixels that touch the depth edge are asked together
// how much of the other surface they hold. Where an outline is softer than sampling alone makes it, every pixel of it
// is taken to be as mixed as is usual at its distance from the edge, unless its own colours tell more: it stays soft
// where both surfaces happen to look alike, before whatever background the new view lays it. A sharp one keeps the
// disparity's own edge there.
//
// What is learnt is gathered in cells of the plate, each with its eight neighbours, so that it is the same in every tile.
#pragma once
#include "matte.h"

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
constexpr float SPREAD = 1.5f;    // standard deviations that a mixed pixel's colours may lie off their surfaces' means

/// How far off the usual mix a pixel may be, by px from the edge.
inline float doubt_at(int reach) { return reach == 0 ? 0.35f : reach == 1 ? 0.15f : reach == 2 ? 0.08f : 0.04f; }

/// What the pixels at an edge say in each cell: (rows, columns, 2) of weight, and weighted share of the other surface.
struct CellSums {
    float* at;
    int rows, columns;
    int top, left;  // row and column of the first cell among the plate's

    float* of(int r, int q) const { return at + 2 * (int64(r) * columns + q); }
};

/// Share of the other surface in a pixel that lies at `spot` between the two.
inline float other_share(int kind, float spot) {
    const float held = clamp(spot, -STRAY, 1.0f + STRAY);
    return is_front(kind) ? 1.0f - held : held;
}

/// Adds up one row of cells.
inline void gather_cells(const MixedPixels& band, int band_top, int band_rows, const CellSums& sums, int row) {
    for (int q = 0; q < sums.columns; ++q) sums.of(row, q)[0] = sums.of(row, q)[1] = 0.0f;
    const int first = (sums.top + row) * CELL_PX - band_top;
    for (int r = max(first, 0); r < min(first + CELL_PX, band_rows); ++r)
        for (int i = band.start[r]; i < band.start[r] + band.count[r]; ++i) {
            if (reach_of(band.kind[i]) != 0 || !(band.noise[i] < INFINITE)) continue;
            float* sum = sums.of(row, band.column[i] / CELL_PX - sums.left);
            const float says = 1.0f / (band.noise[i] + TEXTURE);
            sum[0] += says;
            sum[1] += says * other_share(band.kind[i], band.foreground_alpha[i]);
        }
}

/// Share of the other surface that the pixels at an edge usually have in a cell; 0 where it is sharp.
///
/// From the cell and its eight neighbours, weighted 1 2 1 each way. Both sides of the edge are taken together: a rim
/// that is lit or shaded looks like a mix on its own side only.
inline float softness_of(const CellSums& sums, int row, int column) {
    float weight = STEP, mixed = 0.0f;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx) {
            const int r = row + dy, q = column + dx;
            if (r < 0 || r >= sums.rows || q < 0 || q >= sums.columns) continue;
            const float share = float((2 - dy * dy) * (2 - dx * dx)) * 0.0625f;
            weight += share * sums.of(r, q)[0];
            mixed += share * sums.of(r, q)[1];
        }
    const float mean = mixed / weight;
    return min(max(mean, 0.0f), max(mean - SHARP, 0.0f) * SOFTER);
}

/// Share of the other surface `reach` px from the edge of an outline, as a smooth step of that softness has it.
inline float usual_share(float soft, int reach) {
    if (reach == 0) return soft;
    if (reach == 1) return max(soft - 0.28f, 0.0f) * 1.5f;
    return reach == 2 ? max(soft - 0.34f, 0.0f) * 0.5f : 0.0f;
}

/// Alpha of a pixel from its own place between the surfaces, and from how soft its outline is.
inline float settled_alpha(float soft, int kind, float spot, float noise) {
    const float share = usual_share(soft, reach_of(kind)), doubt = doubt_at(reach_of(kind));
    const float usual = is_front(kind) ? 1.0f - share : share;
    const float alpha = usual + doubt * doubt / (doubt * doubt + noise) * (spot - usual);
    return alpha >= OPAQUE ? 1.0f : alpha <= PURE ? 0.0f : alpha;
}

/// Shares what the mean colours `front` and `back` leave unexplained of a pixel between them, in place.
///
/// Forte, "Approximate fast foreground colour estimation", 2021. Each takes no more than its surface's own colours vary,
/// `spread` (2, channels): beside a lamp a hundredth of alpha is worth more light than the wall behind it has, and the
/// wall would turn negative.
inline void split_colours(const float* pixel, float alpha, int matte, int channels, const float* spread, float* front,
                            float* back) {
    const float scale = 1.0f / (alpha * alpha + (1.0f - alpha) * (1.0f - alpha));
    for (int c = 0; c < channels; ++c) {
        const float f = front[c], b = back[c], f_room = SPREAD * spread[c], b_room = SPREAD * spread[channels + c];
        const float rest = (pixel[c] - alpha * f - (1.0f - alpha) * b) * scale;
        front[c] = f + clamp(rest * alpha, -f_room, f_room);
        back[c] = b + clamp(rest * (1.0f - alpha), -b_room, b_room);
        if (c == matte) {
            const float low = min(min(f, b), pixel[c]), high = max(max(f, b), pixel[c]);
            front[c] = clamp(front[c], low, high);
            back[c] = clamp(back[c], low, high);
        }
    }
}

/// Where a clean plate shows the background itself, it says better how much of it a pixel holds: `spot` and `noise` of
/// the band's i-th pixel, and its back colour, are made from it. The front alone is then as uncertain as its texture.
inline void know_background(const MixedPixels& band, int i, const float* pixel, const float* clean, int channels) {
    const float* front = band.front + int64(i) * channels;
    const float* spread = band.spread + int64(i) * 2 * channels;
    float along = 0.0f, gap = 0.0f, varies = 0.0f;
    for (int c = 0; c < channels; ++c) {
        const float step = front[c] - clean[c];
        along += (pixel[c] - clean[c]) * step;
        gap += step * step;
        varies += spread[c] * spread[c] * step * step;
    }
    if (!(gap > 0.0f) || !is_finite(along / gap)) return;
    const float noise = varies / (gap * gap) + 1e-4f;
    band.foreground_alpha[i] = along / gap;
    band.noise[i] = noise < INFINITE ? noise : INFINITE;
    for (int c = 0; c < channels; ++c) {
        band.back[int64(i) * channels + c] = clean[c];
        band.spread[int64(i) * 2 * channels + channels + c] = 0.0f;  // it takes none of what is left unexplained
    }
}

/// Settles the band's pixels of one row; keeps the mixed ones at the head of the row's entries.
///
/// @param r        row of the band, `y` the same row of the plate.
/// @param columns  first and one past the last plate column that counts.
/// @param soft     (cells.rows, cells.columns) of `softness_of`.
inline void classify_mixed(const Plate& plate, const float* clean, const MixedPixels& band, int r, int y, Span columns,
                           const CellSums& cells, const float* soft) {
    const int channels = plate.channels;
    int n = band.start[r];
    for (int i = band.start[r]; i < band.start[r] + band.count[r]; ++i) {
        const int x = band.column[i], kind = band.kind[i];
        if (x < columns.first || x >= columns.last) continue;
        const int64 at = (int64(y) * plate.width + x) * channels;
        if (clean) know_background(band, i, plate.colours + at, clean + at, channels);
        const float around = soft[int64(y / CELL_PX - cells.top) * cells.columns + x / CELL_PX - cells.left];
        const float alpha = settled_alpha(around, kind, band.foreground_alpha[i], band.noise[i]);
        if (alpha == (is_front(kind) ? 1.0f : 0.0f)) continue;
        float *front = band.front + int64(i) * channels, *back = band.back + int64(i) * channels;
        split_colours(plate.colours + at, alpha, plate.alpha, channels, band.spread + int64(i) * 2 * channels, front, back);
        band.column[n] = x;
        band.foreground_alpha[n] = alpha;
        for (int c = 0; c < channels; ++c) {
            band.front[int64(n) * channels + c] = front[c];
            band.back[int64(n) * channels + c] = back[c];
        }
        for (int j = 0; j < 2; ++j) {
            band.disparities[2 * n + j] = band.disparities[2 * i + j];
            band.other[2 * n + j] = band.other[2 * i + j];
        }
        ++n;
    }
    band.count[r] = n - band.start[r];
}

ART3D_END
