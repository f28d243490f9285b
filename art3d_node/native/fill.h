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
#include "lanes.h"
#include "rays.h"

ART3D_BEGIN

constexpr int TAPS = 2;            // pixels that one ray averages once it has met the background
constexpr float NEARER = 2.0f / 3; // weight of the nearer of the two taps
constexpr float STEADY = 0.1f;     // added to the share of the background's change that lies along a ray, 0 .. 1
constexpr int HIDDEN_TAPS = 4;     // pixels that are averaged of background that the new view hides, along the row
constexpr float FADE = 0.5f;       // weight of each of them relative to the one before

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

template <int N> struct Filler : Lookout {
    const FillJob& job;
    int channels;

    const float* colour(int64 p) const { return job.view.colours + p * (N ? N : channels); }

    /// Sum of the channels' absolute differences between two pixels.
    float difference(int64 p, int64 q) const {
        const float *a = colour(p), *b = colour(q);
        if ((N ? N : channels) == 4) {
            const Four steps = size_of(load<4>(a) - load<4>(b)), pairs = steps + four(steps[1], steps[0], steps[3], steps[2]);
            return pairs[0] + pairs[2];
        }
        float total = 0.0f;
        for (int c = 0; c < (N ? N : channels); ++c) total += size_of(a[c] - b[c]);
        return total;
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

    Found follow(const EmptyPixel& from, const Ray& along, int steps) const {
        const int r = from.r, k = from.k, dx = along.dx, dy = along.dy;
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

    /// Mixes what the rays bring, the i-th after steps(i), into `out`, which holds the hidden background, `hidden_away` px
    /// away (0: none).
    template <typename Steps> void mix_rays(const EmptyPixel& from, float hidden_away, Steps steps, float* out) const {
        float local[N ? N : 1];
        float* sum = N ? local : out;
        float total = hidden_away > 0.0f ? weight_of(hidden_away, 0.5f) : 0.0f;
        for (int c = 0; c < (N ? N : channels); ++c) sum[c] = hidden_away > 0.0f ? total * out[c] : 0.0f;
        for (int i = 0; i < rays_of(from); ++i) {
            const Found found = follow(from, ray(i), steps(i));
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
    template <typename Steps> float fill_pixel(const EmptyPixel& from, const Background& behind, Steps steps) const {
        const int r = from.r, k = from.k, y = r + job.top, layers = job.plate.layers;
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
            const float found = continued_disparity(disparity + int64(r) * width, width, from.hole, behind, k);
            if (read_clean<N>(job.clean, job.plate, y, k + job.left, job.sign * found, out)) return found;
        }
        mix_rays(from, away, steps, out);
        return behind.disparity;
    }
};

/// Fills the holes of one row, `row` counted from the first that is filled; what lies around them is only read.
template <int N> inline void fill_row(const FillJob& job, int row) {
    const int r = row + job.first_row, width = job.view.width;
    const Filler<N> filler{{job.view.disparity, width, job.view.height}, job, job.view.channels};
    const float* line = job.view.disparity_of(r);
    float* filled = job.filled_disparity + int64(row) * width;
    for (int k = 0; k < width; ++k) filled[k] = line[k];
    const auto is_empty = [line](int k) { return line[k] == NOTHING; };
    const auto is_seen = [line](int k) { return line[k] != NOTHING; };
    for (Span hole{find(0, width, is_empty), 0}; hole.first < job.columns.last; hole.first = find(hole.last, width, is_empty)) {
        hole.last = find(hole.first + 1, width, is_seen);
        if (hole.last <= job.columns.first) continue;
        const Background behind =
            background_of(line, width, job.index + int64(r) * width, job.plate.disparity_of(r + job.top), job.sign, hole);
        const int last = min(hole.last, job.columns.last);
        for (int k = max(hole.first, job.columns.first); k < last; k += ABREAST) {
            EmptyPixel from{r, k, hole, sight(width, hole), behind.limit};
            const int count = min(ABREAST, last - k);
            int steps[RAYS][ABREAST];
            for (int i = 0; i < rays_of(from); ++i) filler.look_abreast(from, count, ray(i), steps[i]);
            for (int n = 0; n < count; ++n, ++from.k)
                filled[from.k] = filler.fill_pixel(from, behind, [&](int i) { return steps[i][n]; });
        }
    }
}

ART3D_END
