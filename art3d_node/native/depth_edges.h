// Nearness from rendered depth, and its repair: pixels without a value, and pixels whose value lies on no surface.
//
// A renderer that filters its Z like a colour writes, on every outline, depths between foreground and background. Such a
// pixel would fly alone between the two in the other eye. It is snapped to the nearer in value of its two surfaces.
#pragma once
#include "platform.h"

ART3D_BEGIN

constexpr double FAR_SENTINEL = 1e9;  // depths from here on are a renderer's way to write "nothing there"
constexpr float SOLID_ALPHA = 0.999f;
constexpr int REACH_PX = 3;        // how far a partly covered pixel looks for an opaque one
constexpr float NEAREST = 1e-6f;   // distances below it count as it
constexpr int WIDEST_PX = 2;       // how far a mixed pixel's surfaces may be away
constexpr double SMOOTH = 0.2;     // of the gap between two surfaces: more than they change themselves
constexpr double APART = 0.08;     // of that gap: nearer to one of them is that one

/// What one depth repair reads and writes, (height, width) each.
struct DepthJob {
    const float* depth;
    const float* alpha;   // of `take_from_opaque`
    const bool* known;    // of `fill_unknown`
    float* out;
    bool* valid;          // out, of `nearness`
    int height, width;
    float step;           // of `snap_mixed`: the least gap between two surfaces
};

inline void nearness_row(const DepthJob& job, int y) {
    for (int64 at = int64(y) * job.width; at < int64(y + 1) * job.width; ++at) {
        const float size = size_of(job.depth[at]);
        job.valid[at] = size == size;
        job.out[at] = size > 0.0f && size < FAR_SENTINEL ? 1.0f / max(size, NEAREST) : 0.0f;
    }
}

inline void keep_nearness_row(const DepthJob& job, int y) {
    for (int64 at = int64(y) * job.width; at < int64(y + 1) * job.width; ++at) {
        job.valid[at] = size_of(job.depth[at]) < FAR_SENTINEL;
        job.out[at] = job.valid[at] ? size_of(job.depth[at]) : 0.0f;
    }
}

/// v, or the one of the surfaces a-b and c-d whose value is closer when v mixes the two.
inline float between(float a, float b, float v, float c, float d, float step) {
    const float gap = size_of(c - b);
    if (!(gap > step) || size_of(b - a) + size_of(d - c) > SMOOTH * gap) return v;
    const float to_b = size_of(v - b), to_c = size_of(v - c);
    if (to_b >= gap || to_c >= gap || min(to_b, to_c) < APART * gap) return v;
    return to_b <= to_c ? b : c;
}

constexpr int BLOCK_COLUMNS = 64;  // of a row, looked through at once for one that has work

/// Rows above and below where both lie in the picture with one more beyond them; else the row itself twice: no gap.
struct Beside {
    const float *above, *below;
};

inline Beside rows_beside(const DepthJob& job, int y, int r) {
    const float* row = job.depth + int64(y) * job.width;
    const int64 away = y - r - 1 >= 0 && y + r + 1 < job.height ? int64(r) * job.width : 0;
    return {row - away, row + away};
}

/// Whether any of these pixels, with WIDEST_PX + 1 beside them in the row, could lie between two surfaces: hardly any do.
inline bool may_mix(const float* __restrict__ row, Beside near, Beside far, Span columns, float step) {
    static_assert(WIDEST_PX == 2);
    int any = 0;
    for (int x = columns.first; x < columns.last; ++x)
        any |= int(size_of(row[x + 2] - row[x - 2]) > step) | int(size_of(row[x + 1] - row[x - 1]) > step) |
               int(size_of(far.below[x] - far.above[x]) > step) | int(size_of(near.below[x] - near.above[x]) > step);
    return any != 0;
}

inline float snapped(const DepthJob& job, int x, int y) {
    const int64 w = job.width;
    const float* p = job.depth + y * w + x;
    float found = *p;
    for (int r = WIDEST_PX; r > 0 && found == *p; --r) {
        if (x - r - 1 >= 0 && x + r + 1 < w) found = between(p[-r - 1], p[-r], *p, p[r], p[r + 1], job.step);
        if (found == *p && y - r - 1 >= 0 && y + r + 1 < job.height)
            found = between(p[-(r + 1) * w], p[-r * w], *p, p[r * w], p[(r + 1) * w], job.step);
    }
    return found;
}

inline void snap_row(const DepthJob& job, int y) {
    const float* row = job.depth + int64(y) * job.width;
    float* out = job.out + int64(y) * job.width;
    const Beside near = rows_beside(job, y, 1), far = rows_beside(job, y, WIDEST_PX);
    for (int first = 0; first < job.width; first += BLOCK_COLUMNS) {
        const int last = min(first + BLOCK_COLUMNS, job.width);
        const bool inside = first > WIDEST_PX && last + WIDEST_PX < job.width;
        if (inside && !may_mix(row, near, far, {first, last}, job.step))
            for (int x = first; x < last; ++x) out[x] = row[x];
        else
            for (int x = first; x < last; ++x) out[x] = snapped(job, x, y);
    }
}

inline bool partly_covered(float alpha) { return alpha > 0.0f && alpha < SOLID_ALPHA; }

/// In place: it reads opaque pixels and writes others.
inline void from_opaque_row(const DepthJob& job, int y) {
    const int64 w = job.width;
    const float* alpha = job.alpha + y * w;
    for (int first = 0; first < job.width; first += BLOCK_COLUMNS) {
        const int last = min(first + BLOCK_COLUMNS, job.width);
        int any = 0;
        for (int x = first; x < last; ++x) any |= int(partly_covered(alpha[x]));
        for (int x = first; any && x < last; ++x) {
            if (!partly_covered(alpha[x])) continue;
            float best = 1e30f;
            for (int j = max(0, y - REACH_PX); j < min(job.height, y + REACH_PX + 1); ++j)
                for (int i = max(0, x - REACH_PX); i < min(job.width, x + REACH_PX + 1); ++i) {
                    const float away = float((j - y) * (j - y) + (i - x) * (i - x));
                    if (away < best && job.alpha[j * w + i] >= SOLID_ALPHA)
                        best = away, job.out[y * w + x] = job.out[j * w + i];
                }
        }
    }
}

/// Gives pixels without a value that of the nearest known pixel of their row, the left one of two; a row without any
/// stays as it is.
inline void fill_unknown_row(const DepthJob& job, int y) {
    const int64 row = int64(y) * job.width;
    const bool* known = job.known + row;
    int before = -1, after = 0;
    for (int x = 0; x < job.width; ++x) {
        if (after <= x) after = x + 1;
        job.out[row + x] = job.depth[row + x];
        if (known[x]) {
            before = x;
            continue;
        }
        while (after < job.width && !known[after]) ++after;
        const bool has_after = after < job.width;
        if (has_after && (before < 0 || after - x < x - before))
            job.out[row + x] = job.depth[row + after];
        else if (before >= 0)
            job.out[row + x] = job.depth[row + before];
    }
}

ART3D_END
