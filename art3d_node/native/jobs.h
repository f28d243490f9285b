// The jobs of a new view that consist of one call of the headers a row.
#pragma once
#include "band.h"
#include "carry.h"
#include "holes.h"
#include "softness.h"

ART3D_BEGIN

/// Find the pixels of the band in some rows and columns of the plate, and what is around them.
struct BandJob {
    Plate plate;
    const float* clean;  // the plate's colours without what stands in front, or null
    Reaches reaches;
    Neighbourhood around;
    uint8* lines;       // (reaches.height + 2 BAND_PX, reaches.width) scratch of all rows
    MixedPixels band;   // of reaches.height - 2 LOOK_PX rows
    Span columns;       // of the plate, to look at
    CellSums cells;
    Learnt* learnt;     // (cells.rows, cells.columns) out
    int first_settled;  // row of the band
    Span settled;       // columns of the plate whose mixed pixels are wanted
    int first_row;      // that a call with row 0 surveys
};

inline int64 band_scratch_bytes(const BandJob& job) {
    return max(int64(job.reaches.width + 2 * BAND_PX) * 2, int64(2 * (1 + 2 * job.plate.channels)) * 4) + 256;
}

/// Some rows of a `CarryJob`, and their holes where they are the inner ones.
struct CarryHolesJob {
    CarryJob carry;
    HoleJob holes;  // of the inner rows
    int first_row;
};

/// Survey a part of the plate in blocks.
struct RangeJob {
    Plate plate;
    Span rows, columns;
    BlockRange* out;  // (rows of blocks, blocks of a row)
    bool* wild;       // (rows of blocks,) out: whether a value is not finite
};

ART3D_END
