// The clean plate, the same camera without what stands in front, as the holes of the new view read it.
#pragma once
#include "background.h"

ART3D_BEGIN

/// A clean plate on the plate's grid, and where its own disparity is known, how the new view sees it.
struct CleanPlate {
    const float* colours;  // (plate height, plate width, channels), or null: there is none
    Planes carried;        // rows of the window, carried by its own disparity, NOTHING where it has none; null without
    int carried_from;      // the window's row that these begin with
};

/// Copies what the carried clean plate shows at (r, k) of the window and returns its disparity; NOTHING without.
inline float read_carried(const CleanPlate& clean, int r, int k, float* out) {
    const Planes& from = clean.carried;
    if (from.disparity == nullptr) return NOTHING;
    const int64 at = int64(r - clean.carried_from) * from.width + k;
    if (from.disparity[at] == NOTHING) return NOTHING;
    for (int c = 0; c < from.channels; ++c) out[c] = from.colours[at * from.channels + c];
    return from.disparity[at];
}

/// Reads row y of the clean plate where background seen in column x of it comes from, `shift` px away; false where it
/// has nothing there.
template <int N> inline bool read_clean(const CleanPlate& clean, const Plate& plate, int y, int x, float shift, float* out) {
    const int last = plate.width - 1, channels = N ? N : plate.channels;
    const float whole = floorf(shift), a = shift - whole;
    if (!(size_of(shift) < float(2 * last + 2))) return false;
    x += int(whole);
    if (x < 0 || x > last || (a > 0.0f && x == last)) return false;
    const Row<N> row{clean.colours + int64(y) * plate.width * channels, plate.width, channels};
    const Weights w = cubic_weights(a, x > 0, x + 2 <= last);
    const float *p1 = row[x], *p2 = row[min(x + 1, last)], *p0 = row[max(x - 1, 0)], *p3 = row[min(x + 2, last)];
    for (int c = 0; c < channels; ++c) {
        const float mixed = w.w0 * p0[c] + w.w1 * p1[c] + w.w2 * p2[c] + w.w3 * p3[c];
        out[c] = a == 0.0f ? p1[c] : is_finite(mixed) && c != plate.alpha ? mixed : mend(p1[c], p2[c], a);
    }
    return true;
}

ART3D_END
