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

ART3D_END
