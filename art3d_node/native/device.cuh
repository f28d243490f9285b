// The new view on a GPU: which thread does what. The arithmetic is that of the headers.
//
// Targets, holes and samples take a thread each; an outline is taken apart by one thread per row, as it concerns few
// pixels of each. The nearest surface wins by two passes of atomic maxima, first over the disparity, then over the sample's
// number among those that reach it, so the result does not depend on the order in which threads run.
//
// NVRTC compiles this file as it stands. Without a GPU it is compiled for the processor, one thread after the other
// (stand_in.cpp), which is how it is tested.
#pragma once
#include "jobs.h"

ART3D_BEGIN

#ifndef ART3D_CHANNELS
#define ART3D_CHANNELS 0  // of the plate, where they are known
#endif

/// What all kernels take; each reads what it needs. `gpu_job.py` mirrors it field by field.
struct DeviceJob {
    Plate plate;
    const float* clean;         // the plate's colours without what stands in front, or null
    Plate rows;                 // the window's rows of one of the plate's layers, (height, W)
    const float* rows_cover;    // (height, W) cover of the soft layer
    Plate other_rows;           // `split_rows`: the soft layer beside the opaque one in `rows`
    Planes view;                // (height, w) targets
    int* code;                  // (height, w) 4 * sample + part that each target shows, -1: none
    int* index;                 // (height, w) plate sample
    const float* nearest;       // (height, w) only what lies behind it takes part; null: everything
    Planes soft;                // (height, w) soft outlines: of the inner rows
    Planes behind;              // those behind them
    Planes clean_view;          // of the inner rows: the clean plate carried by its own disparity; null without one
    const int* behind_code;
    float* cover;               // (height, w)
    float* filled_disparity;
    bool* hole;
    bool* beyond;
    MixedPixels band;           // of the rows of the band
    MixedPixels mixed;          // of the window's rows
    Reaches reaches;
    CellSums cells;
    Learnt* learnt;
    float* sums;                // (rows, 2 * (1 + 2 channels)) scratch
    const Neighbourhood* around;
    float sign;
    int left, top;              // plate column and row of the window's first pixel
    int first;                  // first sample to carry, or first row to fill
    int widest;
    Span columns;               // to fill
    Span band_columns;          // of the plate, to look at
    Span settled;               // of the plate, whose mixed pixels are wanted
    int filled;
    int width, height;          // threads
};

#ifdef __CUDACC_RTC__
#define ART3D_KERNEL(name) extern "C" __global__ void name(const __grid_constant__ DeviceJob job)
inline int thread_x() { return blockIdx.x * blockDim.x + threadIdx.x; }
inline int thread_y() { return blockIdx.y * blockDim.y + threadIdx.y; }
inline void raise_to(int* at, int value) { atomicMax(at, value); }
inline void raise_to(float* at, float value) {  // floats of one sign sort like their bits
    if (__float_as_int(value) >= 0)
        atomicMax(reinterpret_cast<int*>(at), __float_as_int(value));
    else
        atomicMin(reinterpret_cast<unsigned*>(at), __float_as_uint(value));
}
#else
#define ART3D_KERNEL(name) static void name(const DeviceJob& job)
static thread_local int stand_in_x, stand_in_y;
inline int thread_x() { return stand_in_x; }
inline int thread_y() { return stand_in_y; }
template <typename T> inline void raise_to(T* at, T value) { *at = max(*at, value); }
#endif

constexpr int CHANNELS = ART3D_CHANNELS;

/// The calling thread's pixel; false where it has none.
#define ART3D_PIXEL                            \
    const int k = thread_x(), r = thread_y();  \
    if (k >= job.width || r >= job.height) return

#define ART3D_ROW                             \
    const int r = thread_x();                 \
    if (r >= job.width) return

template <typename Offer> inline void offer_sample(const DeviceJob& job, int x, int r, Offer offer) {
    const int width = job.view.width;
    visit_sample(job.rows.disparity_of(r), x, {job.sign, job.left}, width, [&](int k, float value, Part part) {
        const int64 at = int64(r) * width + k;
        if (!job.nearest || is_behind(value, job.nearest[at])) offer(at, value, 4 * x + part);
    });
}

/// A thread a sample: raises the disparity where it reaches.
ART3D_KERNEL(scatter) {
    ART3D_PIXEL;
    offer_sample(job, k + job.first, r, [&](int64 at, float value, int) { raise_to(job.view.disparity + at, value); });
}

/// A thread a sample: names the last sample that equals it.
ART3D_KERNEL(name_winners) {
    ART3D_PIXEL;
    offer_sample(job, k + job.first, r, [&](int64 at, float value, int name) {
        if (value == job.view.disparity[at]) raise_to(job.code + at, name);
    });
}

inline Position named_position(const DeviceJob& job, int name, int k, int r) {
    return position_of(job.rows.disparity_of(r), job.sign, name >> 2, Part(name & 3), k + job.left);
}

/// A thread a target: reads the winner's place of the plate.
ART3D_KERNEL(read_winners) {
    ART3D_PIXEL;
    const int64 at = int64(r) * job.view.width + k;
    float *out = job.view.colours + at * job.view.channels, *extra = job.view.extra + at * job.view.layers;
    if (job.code[at] < 0) {
        for (int c = 0; c < job.view.channels; ++c) out[c] = 0.0f;
        for (int c = 0; c < job.view.layers; ++c) extra[c] = 0.0f;
        return;
    }
    const Position p = named_position(job, job.code[at], k, r);
    job.index[at] = p.sample;
    const Source<CHANNELS> from{job.rows.colours_of<CHANNELS>(r), job.rows.extra_of(r), job.rows.disparity_of(r),
                                job.rows.alpha, false};
    sample(from, p, out, extra);
}

/// A thread a target: how much of it the soft outlines in front of the view cover, those behind others laid under these.
ART3D_KERNEL(cover_view) {
    ART3D_PIXEL;
    const int64 at = int64(r) * job.view.width + k;
    const float opaque = job.view.disparity[at];
    job.cover[at] = 0.0f;
    if (job.code[at] < 0 || is_behind(job.soft.disparity[at], opaque)) return;
    const Line<> row = job.rows.disparity_of(r);
    const float* row_cover = job.rows_cover + int64(r) * job.rows.width;
    float cover = cover_at(row_cover, row, named_position(job, job.code[at], k, r));
    const int behind = job.behind_code[at];
    if (cover > 0.0f && cover < 1.0f && behind >= 0 && !is_behind(job.behind.disparity[at], opaque)) {
        const float under = cover_at(row_cover, row, named_position(job, behind, k, r));
        const int64 colour = at * job.soft.channels;
        if (under > 0.0f)
            cover = lay_under(cover, under, job.behind.colours + colour, job.soft.channels, job.soft.colours + colour);
    }
    job.cover[at] = cover;
}

/// A thread a target; see `mark_holes`.
ART3D_KERNEL(find_holes) {
    ART3D_PIXEL;
    const HoleJob holes{job.view.disparity, job.cover, job.height, job.width, job.widest, nullptr, nullptr};
    const int64 row = int64(r) * job.width;
    const bool is_hole = holes.is_open(row + k);
    bool beyond = false;
    for (int step = -1; is_hole && step <= 1; step += 2) {
        int at = k, away = 0;
        for (; away <= job.widest && at >= 0 && at < job.width && holes.is_open(row + at); at += step) ++away;
        beyond |= away > job.widest || at < 0 || at >= job.width;
    }
    job.hole[row + k] = is_hole, job.beyond[row + k] = beyond;
}

/// A thread a target of the inner rows; see `fill_row`.
ART3D_KERNEL(fill_holes) {
    ART3D_PIXEL;
    const int row = r + job.first, width = job.view.width;
    const float* line = job.view.disparity_of(row);
    float& filled = job.filled_disparity[int64(r) * width + k];
    filled = line[k];
    if (line[k] != NOTHING || k < job.columns.first || k >= job.columns.last) return;
    Span hole{k, k + 1};
    while (hole.first > 0 && line[hole.first - 1] == NOTHING) --hole.first;
    while (hole.last < width && line[hole.last] == NOTHING) ++hole.last;
    const Line<> d = job.plate.disparity_of(row + job.top);
    const Background behind = background_of(line, width, job.index + int64(row) * width, d, job.sign, hole);
    const FillJob fill{job.plate, job.sign, job.left, job.top, job.view, job.index, 0, job.columns, nullptr,
                       {job.clean, job.clean_view, job.first}};
    const Filler<CHANNELS> filler{{job.view.disparity, width, job.view.height}, fill, job.view.channels};
    const EmptyPixel from{row, k, hole, sight(width, hole), behind.limit};
    filled = filler.fill_pixel(from, behind, [&](int i) { return filler.steps_along(from, ray(i)); });
}

inline bool touches_edge(const Plate& plate, int y, int x) {
    const Line<> d = plate.disparity_of(y);
    return (x + 1 < plate.width && is_cut(d[x], d[x + 1])) || (x > 0 && is_cut(d[x - 1], d[x])) ||
           (y + 1 < plate.height && is_cut(d[x], plate.disparity_of(y + 1)[x])) ||
           (y > 0 && is_cut(plate.disparity_of(y - 1)[x], d[x]));
}

/// A thread a pixel; see `reach_along`, `reach_across`.
ART3D_KERNEL(find_reaches) {
    ART3D_PIXEL;
    int nearest = FAR_PX;
    for (int dy = -BAND_PX; dy <= BAND_PX; ++dy)
        for (int dx = -BAND_PX; dx <= BAND_PX; ++dx) {
            const int y = clamp(r + job.reaches.top + dy, 0, job.plate.height - 1), x = k + job.reaches.left + dx;
            const int away = max(dx < 0 ? -dx : dx, dy < 0 ? -dy : dy);
            if (away < nearest && x >= 0 && x < job.plate.width && touches_edge(job.plate, y, x)) nearest = away;
        }
    job.reaches.at[int64(r) * job.reaches.width + k] = uint8(nearest);
}

/// A thread a row of the band.
ART3D_KERNEL(count_band_pixels) {
    ART3D_ROW;
    job.band.count[r] = count_band(job.reaches, r);
}

/// A thread a row of the band; see `survey_row`.
ART3D_KERNEL(survey) {
    ART3D_ROW;
    const int size = 1 + 2 * job.plate.channels;
    float* sums = job.sums + int64(r) * 2 * size;
    survey_row<CHANNELS>({&job.plate, &job.reaches, job.around}, job.band, r, job.band_columns, {sums, sums + size});
}

/// A thread a row of cells.
ART3D_KERNEL(gather) {
    ART3D_ROW;
    gather_cells(job.band, job.reaches.top + LOOK_PX, job.reaches.height - 2 * LOOK_PX, job.cells, r);
}

/// A thread a cell.
ART3D_KERNEL(learn_cells) {
    ART3D_PIXEL;
    job.learnt[int64(r) * job.cells.columns + k] = learn(job.cells, r, k);
}

/// A thread a row of the window, which is row `first` + r of the band; see `classify_mixed`.
ART3D_KERNEL(classify) {
    ART3D_ROW;
    classify_mixed<0>({&job.plate, &job.reaches, job.around}, job.clean, job.band, job.first + r, job.settled, job.cells,
                   job.learnt);
}

/// A thread a row of the window; see `split_row`.
ART3D_KERNEL(split_rows) {
    ART3D_ROW;
    if (job.mixed.count[r] == 0) return;
    const auto layer = [&](const Plate& rows, const float* cover) {
        const int64 at = int64(r) * rows.width;
        return Layer{const_cast<float*>(rows.colours) + at * rows.channels, const_cast<float*>(rows.extra) + at * rows.layers,
                     const_cast<float*>(rows.disparity) + at, const_cast<float*>(cover) + at};
    };
    const Layer base = layer(job.rows, job.rows_cover), soft = layer(job.other_rows, job.rows_cover);
    const Entries mixed{&job.mixed, {job.mixed.start[r], job.mixed.start[r] + job.mixed.count[r]}, 0};
    split_row(job.plate, job.plate.disparity_of(r + job.top), mixed, base, soft);
    drop_inner({soft.disparity, job.rows.width}, soft.cover, base.disparity);
}

/// A thread a pixel of the inner rows; see `compose_pixel`.
ART3D_KERNEL(compose) {
    ART3D_PIXEL;
    const ComposeJob over{job.view, job.filled_disparity, job.hole, job.soft, job.cover, job.columns, job.filled != 0};
    compose_pixel(over, int64(r) * job.width + k);
}

ART3D_END
