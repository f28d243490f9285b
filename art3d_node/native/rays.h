// The rays along which an empty pixel of the new view looks for background, and how far it lies.
#pragma once
#include "view.h"

ART3D_BEGIN

constexpr int RAYS = 16;
constexpr int RAY_PX = 48;       // how far a ray looks, even, except along the row, where it looks as far as a hole can reach
constexpr int ALL_RAYS_PX = 24;  // rays that look no further, those of holes up to eight px wide, are half as many
constexpr int ABREAST = 32;      // empty pixels of a row that look along a ray together

/// How far the rays of a hole look: twice its width and eight px, as a narrow one gains nothing from what is far away.
/// A hole at either end of a row may be wider than what is seen of it.
inline int sight(int row_width, Span hole) {
    if (hole.first == 0 || hole.last == row_width) return RAY_PX;
    return min(2 * (hole.last - hole.first) + 8, RAY_PX);
}

/// One empty pixel and how it is looked around from.
struct EmptyPixel {
    int r, k;
    Span hole;
    int look;
    float limit;
};

inline int rays_of(const EmptyPixel& from) { return from.look > ALL_RAYS_PX ? RAYS : RAYS / 2; }

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

/// The window of the new view that rays cross: (height, width) disparity, NOTHING in holes.
struct Lookout {
    const float* disparity;
    int width, height;

    bool holds(int y, int x) const { return (unsigned(y) < unsigned(height)) & (unsigned(x) < unsigned(width)); }

    /// Whether something lies there and not in front of the limit.
    bool is_background(int64 p, float limit) const {
        return (disparity[p] <= limit) & (disparity[p] != NOTHING);
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

    /// Which of LANES pixels side by side are background and wanted, where `steps` are 0; whether any is.
    template <int LANES> bool any_finds(int64 at, float limit, const int* steps, int* finds) const {
        int any = 0;
        for (int j = 0; j < LANES; ++j) any |= finds[j] = int(is_background(at + j, limit)) & int(steps[j] == 0);
        return any != 0;
    }

    /// Steps of LANES pixels side by side along a ray that leaves the row: written where they are 0, and left at 0 without
    /// any background within sight. `from` is the first pixel; of several none may look beyond either end of a row.
    template <int LANES> void across_rows(const EmptyPixel& from, int dx, int dy, int* steps) const {
        const int r = from.r, k = from.k, y = r + ((dy + 1) >> 1), x = k + ((dx + 1) >> 1);
        if (!holds(y, x)) return;
        int finds[LANES], missing = 0;
        any_finds<LANES>(int64(y) * width + x, from.limit, steps, finds);
        for (int j = 0; j < LANES; ++j) steps[j] |= finds[j], missing |= int(steps[j] == 0);
        // Two half steps are whole pixels; a look every other pixel.
        const int rows = dy > 0 ? (height - 1 - r) >> (dy - 1) : r >> (-dy - 1);
        const int columns = dx == 0 ? from.look : dx > 0 ? (width - 1 - k) >> (dx - 1) : k >> (-dx - 1);
        const int64 shift = int64(dy) * width + dx;
        int64 at = int64(r) * width + k;
        const int turns = min(min(from.look >> 1, rows), columns);
        for (int turn = 1; missing && turn <= turns; ++turn) {
            at += shift;
            if (!any_finds<LANES>(at, from.limit, steps, finds)) continue;
            const int64 half = int64(r + (((2 * turn - 1) * dy + 1) >> 1)) * width + k + (((2 * turn - 1) * dx + 1) >> 1);
            missing = 0;
            for (int j = 0; j < LANES; ++j) {
                const int found = is_background(half + j, from.limit) ? 2 * turn - 1 : 2 * turn;
                steps[j] = finds[j] ? found : steps[j];
                missing |= int(steps[j] == 0);
            }
        }
    }

    /// Steps to the background along a ray; 0 without any within sight.
    int steps_along(const EmptyPixel& from, const Ray& along) const {
        const int away = along.dx > 0 ? from.hole.last - from.k : from.k - from.hole.first + 1;
        if (along.dy == 0) return along_row(from, along.dx >> 1, away);
        int steps = 0;
        across_rows<1>(from, along.dx, along.dy, &steps);
        return steps;
    }

    /// The same of `count` pixels side by side, at most ABREAST, `from` the first of them.
    void look_abreast(EmptyPixel from, int count, const Ray& along, int* steps) const {
        const int reach = along.dx * (from.look >> 1);
        if (along.dy != 0 && from.k + min(reach, 0) >= 0 && from.k + ABREAST + max(reach, 1) <= width) {
            for (int j = 0; j < ABREAST; ++j) steps[j] = j < count ? 0 : 1;
            return across_rows<ABREAST>(from, along.dx, along.dy, steps);
        }
        for (int j = 0; j < count; ++j, ++from.k) steps[j] = steps_along(from, along);
    }
};

ART3D_END
