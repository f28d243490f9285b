// What to put into the holes of the new view: a continuation of the background around them.
//
// From every empty pixel sixteen rays, in narrow holes eight, look for the background. Each brings the colour that it
// meets first; near ones count more, and so do rays along which the background changes less than across them, because
// that is the way an edge or a stripe continues. A ray passes over what stands in front of the hole's background without
// reading it, so no foreground is pulled in, and a thin object's hole is filled from both of its sides. All weights are
// smooth in the picture and nothing is iterated: a small change of disparity changes the fill a little, and a pixel
// depends only on its surroundings (RAY_PX, or the width of its hole along the row).
#pragma once
#include "clean_plate.h"

ART3D_BEGIN

constexpr int RAY_PX = 48;  // how far a ray looks, even, except along the row, where it looks as far as a hole can reach
constexpr int TAPS = 2;     // pixels that one ray averages once it has met the background
constexpr int ALL_RAYS_PX = 24;    // rays that look no further, those of holes up to eight px wide, are eight, not sixteen
constexpr float NEARER = 2.0f / 3; // weight of the nearer of the two taps
constexpr float STEADY = 0.1f;     // added to the share of the background's change that lies along a ray, 0 .. 1
constexpr int HIDDEN_TAPS = 4;     // pixels that are averaged of background that the new view hides, along the row
constexpr float FADE = 0.5f;       // weight of each of them relative to the one before

/// How far the rays of a hole look: twice its width and eight px, as a narrow one gains nothing from what is far away.
/// A hole at either end of a row may be wider than what is seen of it.
inline int sight(int row_width, Span hole) {
    if (hole.first == 0 || hole.last == row_width) return RAY_PX;
    return min(2 * (hole.last - hole.first) + 8, RAY_PX);
}

/// A window of the new view whose holes are filled in place, and the plate that it was carried from.
struct FillJob {
    Plate plate;
    float sign;
    int left, top;     // plate column and row of the window's first pixel
    Planes view;       // disparity is NOTHING in holes
    const int* index;  // (height, width) plate sample that each target shows
    int first_row;     // the first one to fill
    Span columns;      // those to fill
    float* filled_disparity;  // out: (rows to fill, width)
    CleanPlate clean;
};

/// One empty pixel and how it is looked around from.
struct EmptyPixel {
    int r, k;
    Span hole;
    int look;
    float limit;
};

/// A ray: half steps (dx, dy) / 2 per px along the longer axis, and the pixel step across it.
struct Ray {
    int dx, dy, across_x, across_y;
};

/// The i-th of sixteen rays: four of one quarter, each turned to the other three; the first eight are the coarse ones.
inline Ray ray(int i) {
    const int of = i >> 2, turn = i & 3;
    const int dx = of == 3 ? 1 : 2, dy = of == 0 ? 0 : of == 2 ? 1 : 2, ax = of & 1 ? -1 : 0, ay = of == 3 ? 0 : 1;
    switch (turn) {
        case 0: return {dx, dy, ax, ay};
        case 1: return {-dy, dx, -ay, ax};
        case 2: return {-dx, -dy, -ax, -ay};
        default: return {dy, -dx, ay, -ax};
    }
}

template <int N> struct Filler {
    const FillJob& job;
    const float* disparity;
    int width, height, channels;

    const float* colour(int64 p) const { return job.view.colours + p * (N ? N : channels); }
    bool holds(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }

    /// Whether something lies there and not in front of the limit.
    bool is_background(int64 p, float limit) const {
        return disparity[p] <= limit && disparity[p] != NOTHING;
    }

    /// Sum of the channels' absolute differences between two pixels.
    float difference(int64 p, int64 q) const {
        const float *a = colour(p), *b = colour(q);
        if ((N ? N : channels) == 4)
            return (size_of(a[0] - b[0]) + size_of(a[1] - b[1])) + (size_of(a[2] - b[2]) + size_of(a[3] - b[3]));
        float total = 0.0f;
        for (int c = 0; c < (N ? N : channels); ++c) total += size_of(a[c] - b[c]);
        return total;
    }

    /// Steps to the background of the pixel's row, the hole ending `away` steps from there; 0 without any.
    ///
    /// One pixel of background may be all there is, so each is looked at. A ray that has to pass over something in front
    /// of the hole's background looks no further than any other.
    int along_row(const EmptyPixel& from, int step, int away) const {
        const int64 at = int64(from.r) * width + from.k;
        const int last = step > 0 ? width - 1 - from.k : from.k;
        if (away <= last && is_background(at + int64(step) * away, from.limit)) return away;
        for (int t = away + 1; t <= min(last, from.look); ++t)
            if (is_background(at + int64(step) * t, from.limit)) return t;
        return 0;
    }

    /// Steps along a ray that leaves the row, 0 without any background within sight.
    int across_rows(const EmptyPixel& from, int dx, int dy) const {
        const int r = from.r, k = from.k;
        int y = r + ((dy + 1) >> 1), x = k + ((dx + 1) >> 1);
        if (!holds(y, x)) return 0;
        if (is_background(int64(y) * width + x, from.limit)) return 1;
        // Two half steps are whole pixels; a look every other pixel.
        const int rows = dy > 0 ? (height - 1 - r) >> (dy - 1) : r >> (-dy - 1);
        const int columns = dx == 0 ? from.look : dx > 0 ? (width - 1 - k) >> (dx - 1) : k >> (-dx - 1);
        const int64 shift = int64(dy) * width + dx;
        int64 at = int64(r) * width + k;
        const int turns = min(min(from.look >> 1, rows), columns);
        for (int turn = 1; turn <= turns; ++turn) {
            at += shift;
            if (!is_background(at, from.limit)) continue;
            y = r + (((2 * turn - 1) * dy + 1) >> 1), x = k + (((2 * turn - 1) * dx + 1) >> 1);
            return is_background(int64(y) * width + x, from.limit) ? 2 * turn - 1 : 2 * turn;
        }
        return 0;
    }

    /// Whether two pixels of the window lie on one surface.
    bool same_surface(int64 p, int64 q) const { return size_of(disparity[q] - disparity[p]) <= 1.0f; }

    /// Change of the background from (y, x) to its two neighbours across a ray; 0 where another surface is.
    float change_across(int y, int x, const Ray& along) const {
        float change = 0.0f;
        const int64 p = int64(y) * width + x;
        for (int side = -1; side <= 1; side += 2) {
            const int qy = y + side * along.across_y, qx = x + side * along.across_x;
            const int64 q = int64(qy) * width + qx;
            if (holds(qy, qx) && same_surface(p, q)) change += 0.5f * difference(p, q);
        }
        return change;
    }

    /// What a ray found: the background's distance (0: none), its first pixel, the one behind it (-1: that is another
    /// surface), and which share of the background's change there lies along the ray, 0 .. 1.
    struct Found {
        float distance, share;
        int64 first, second;
    };

    Found follow(const EmptyPixel& from, const Ray& along) const {
        const int r = from.r, k = from.k, dx = along.dx, dy = along.dy;
        const int away = dx > 0 ? from.hole.last - k : k - from.hole.first + 1;
        const int steps = dy == 0 ? along_row(from, dx >> 1, away) : across_rows(from, dx, dy);
        if (steps == 0) return {0.0f, 0.5f, -1, -1};
        const int y = r + ((steps * dy + 1) >> 1), x = k + ((steps * dx + 1) >> 1);
        const int qy = r + (((steps + 1) * dy + 1) >> 1), qx = k + (((steps + 1) * dx + 1) >> 1);
        const int64 p = int64(y) * width + x;
        int64 q = int64(qy) * width + qx;
        float change_along = 0.0f, across = change_across(y, x, along);
        if (holds(qy, qx) && same_surface(p, q)) {
            change_along = difference(p, q);
            across += change_across(qy, qx, along);
        } else {
            q = -1;
        }
        float check = change_along + across, share = 0.5f;
        for (int c = 0; c < (N ? N : channels); ++c) check += colour(p)[c];
        if (!is_finite(check)) return {0.0f, 0.5f, -1, -1};
        if (q >= 0 && change_along + across > 0.0f) share = change_along / (change_along + across);
        return {float(steps) * sqrtf(float(dx * dx + dy * dy)) * 0.5f, share, p, q};
    }

    /// Weight of background `distance` px away whose change lies along the ray by `share`.
    static float weight_of(float distance, float share) {
        return 1.0f / (distance * sqrtf(share + STEADY));
    }

    /// Averages the hidden background from a plate sample on into `out`; false if it is not finite.
    bool follow_hidden(Row<N> plate, Line<> d, int x, float limit, float* out) const {
        float total = 0.0f, weight = 1.0f, check = 0.0f;
        for (int c = 0; c < plate.channels(); ++c) out[c] = 0.0f;
        for (int taps = 0; taps < HIDDEN_TAPS && x >= 0 && x < d.size && is_finite(d[x]) && d[x] <= limit; ++taps) {
            for (int c = 0; c < plate.channels(); ++c) {
                out[c] += weight * plate[x][c];
                check += plate[x][c];
            }
            total += weight;
            weight *= FADE;
            x += job.sign > 0.0f ? 1 : -1;
        }
        for (int c = 0; c < plate.channels(); ++c) out[c] /= total;
        return is_finite(check);
    }

    /// Mixes what the rays bring into `out`, which holds the hidden background, `hidden_away` px away (0: none).
    void mix_rays(const EmptyPixel& from, float hidden_away, float* out) const {
        float local[N ? N : 1];
        float* sum = N ? local : out;
        float total = hidden_away > 0.0f ? weight_of(hidden_away, 0.5f) : 0.0f;
        for (int c = 0; c < (N ? N : channels); ++c) sum[c] = hidden_away > 0.0f ? total * out[c] : 0.0f;
        const int rays = from.look > ALL_RAYS_PX ? 16 : 8;
        for (int i = 0; i < rays; ++i) {
            const Found found = follow(from, ray(i));
            if (!(found.distance > 0.0f)) continue;
            const float weight = weight_of(found.distance, found.share);
            total += weight;
            const float first = found.second >= 0 ? weight * NEARER : weight;
            const float second = found.second >= 0 ? weight * (1.0f - NEARER) : 0.0f;
            const float *a = colour(found.first), *b = colour(found.second >= 0 ? found.second : found.first);
            for (int c = 0; c < (N ? N : channels); ++c) sum[c] += first * a[c] + second * b[c];
        }
        for (int c = 0; c < (N ? N : channels); ++c) out[c] = total > 0.0f ? sum[c] / total : sum[c];
    }

    /// Fills one pixel. Extra layers repeat the nearest background of the hole's row: an id keeps a value that exists.
    /// Returns its disparity.
    float fill_pixel(int r, int k, Span hole, const Background& behind) const {
        const int y = r + job.top, layers = job.plate.layers;
        const int64 at = int64(r) * width + k;
        float *out = job.view.colours + at * (N ? N : channels), *extra = job.view.extra + at * layers;
        const Line<> d = job.plate.disparity_of(y);
        float away = 0.0f;
        const float* other = nullptr;
        if (behind.hidden >= 0) {
            if (follow_hidden(job.plate.colours_of<N>(y), d, behind.hidden, behind.limit, out))
                away = max(size_of(float(behind.hidden - k - job.left) - job.sign * d[behind.hidden]), 1.0f);
            other = job.plate.extra_of(y)[behind.hidden];
        } else if (behind.source >= 0) {
            other = job.view.extra + (int64(r) * width + behind.source) * layers;
        }
        if (other)
            for (int c = 0; c < layers; ++c) extra[c] = other[c];
        if (job.clean.colours) {
            const float own = read_carried(job.clean, r, k, out);
            if (own != NOTHING) return own;
            const float found = continued_disparity(disparity + int64(r) * width, width, hole, behind, k);
            if (read_clean<N>(job.clean, job.plate, y, k + job.left, job.sign * found, out)) return found;
        }
        mix_rays({r, k, hole, sight(width, hole), behind.limit}, away, out);
        return behind.disparity;
    }
};

/// Fills the holes of one row, `row` counted from the first that is filled; what lies around them is only read.
template <int N> inline void fill_row(const FillJob& job, int row) {
    const int r = row + job.first_row, width = job.view.width;
    const Filler<N> filler{job, job.view.disparity, width, job.view.height, job.view.channels};
    const float* line = job.view.disparity_of(r);
    float* filled = job.filled_disparity + int64(row) * width;
    for (int k = 0; k < width; ++k) filled[k] = line[k];
    for (int k = 0; k < width; ++k) {
        if (line[k] != NOTHING) continue;
        Span hole{k, k + 1};
        while (hole.last < width && line[hole.last] == NOTHING) ++hole.last;
        if (k < job.columns.last && hole.last > job.columns.first) {
            const int* index = job.index + int64(r) * width;
            const Background behind =
                background_of(line, width, index, job.plate.disparity_of(r + job.top), job.sign, hole);
            for (int j = max(k, job.columns.first); j < min(hole.last, job.columns.last); ++j)
                filled[j] = filler.fill_pixel(r, j, hole, behind);
        }
        k = hole.last;
    }
}

ART3D_END
