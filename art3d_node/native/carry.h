// The bare kernel on a processor: one row of the plate carried to its place in the new view.
#pragma once
#include "soft_row.h"

ART3D_BEGIN

/// Memory that a row works in.
struct Scratch {
    char* at;

    template <typename T> T* take(int64 count) {
        T* taken = reinterpret_cast<T*>(at);
        at += (count * int64(sizeof(T)) + 63) / 64 * 64;
        return taken;
    }
};

/// Carry a part of the plate to a window of the new view.
struct CarryJob {
    Plate plate;
    float sign;       // +1 towards the right eye, -1 towards the left
    Span samples;     // first and one past the last column of the plate that can reach the window
    int left, top;    // plate column and row of the window's first pixel
    MixedPixels mixed;  // of the window's rows; no counts (null) for hard edges
    Span inner;       // rows of the window whose soft outlines are wanted
    Planes view;      // out: the opaque colours, 0 where nothing lands, and disparity, NOTHING there
    int* index;       // out: (height, width) plate sample left of the place that lands; anything where none does
    Planes soft;      // out: the soft outlines of the inner rows, where `cover` > 0
    float* cover;     // out: (inner rows, width) cover of the soft outlines, 0 .. 1
};

constexpr int SIDE = 4;  // samples beside those that are carried, that tell how these are interpolated

inline int64 carry_scratch_bytes(const CarryJob& job) {
    const int64 samples = job.samples.last - job.samples.first + 2 * SIDE + 2, width = job.view.width;
    const int64 floats = samples * (2 * job.plate.channels + 2 * job.plate.layers + 6) + 11 * width + job.plate.channels;
    return floats * 4 + 24 * 64;
}

template <int N> void carry_row(const CarryJob& job, int r, Scratch scratch) {
    const int width = job.view.width, y = r + job.top, channels = job.plate.channels, layers = job.plate.layers;
    const int left = max(job.samples.first - SIDE, 0), right = min(job.samples.last + SIDE, job.plate.width);
    const int size = right - left;
    const Plate& plate = job.plate;
    const float* colours = plate.colours_of<N>(y)[left];
    const float* extra = plate.extra_of(y)[left];
    const float* disparity = plate.disparity_of(y).at + left;
    const bool is_inner = job.inner.first <= r && r < job.inner.last && job.cover != nullptr;
    const int64 soft_row = int64(r - job.inner.first) * width;
    if (is_inner)
        for (int k = 0; k < width; ++k) job.cover[soft_row + k] = 0.0f;

    const bool is_split = job.mixed.count != nullptr && job.mixed.count[r] > 0;
    Entries mixed{&job.mixed, {0, 0}, left};
    Layer soft{};
    int soft_size = 0;
    if (is_split) {
        const Layer base{scratch.take<float>(int64(size) * channels), scratch.take<float>(int64(size) * layers),
                         scratch.take<float>(size), nullptr};
        for (int64 j = 0; j < int64(size) * channels; ++j) base.colours[j] = colours[j];
        for (int64 j = 0; j < int64(size) * layers; ++j) base.extra[j] = extra[j];
        for (int x = 0; x < size; ++x) base.disparity[x] = disparity[x];
        mixed.range = {job.mixed.start[r], job.mixed.start[r] + job.mixed.count[r]};
        const int first = max(job.mixed.column[mixed.range.first] - HALO, left) - left;
        const int last = min(job.mixed.column[mixed.range.last - 1] + HALO + 1, right) - left;
        mixed.left = left + first;
        soft_size = last - first;
        soft = {scratch.take<float>(int64(soft_size) * channels), scratch.take<float>(int64(soft_size) * layers),
                scratch.take<float>(soft_size), scratch.take<float>(soft_size)};
        for (int x = 0; x < soft_size; ++x) soft.disparity[x] = UNKNOWN, soft.cover[x] = 1.0f;
        copy_around(colours + int64(first) * channels, channels, mixed, soft_size, soft.colours);
        copy_around(extra + int64(first) * layers, layers, mixed, soft_size, soft.extra);
        const Layer part{base.colours + int64(first) * channels, base.extra + int64(first) * layers,
                         base.disparity + first, nullptr};
        split_row(plate, {disparity + first, soft_size}, mixed, part, soft);
        drop_inner({soft.disparity, soft_size}, soft.cover, part.disparity);
        colours = base.colours, extra = base.extra, disparity = base.disparity;
    }

    const Winners won{job.view.disparity_of(r), job.index + int64(r) * width, scratch.take<float>(width), width};
    for (int k = 0; k < width; ++k) won.disparity[k] = NOTHING, won.fraction[k] = 0.0f, won.sample[k] = 0;
    const Cells cells{scratch.take<int>(size), scratch.take<float>(size), scratch.take<float>(size)};
    const Source<N> from{{colours, size, channels}, {extra, size, layers}, {disparity, size}, plate.alpha,
                         is_tidy(Row<N>{colours, size, channels})};
    scatter_row(from.disparity, {job.samples.first - left, job.samples.last - left}, {job.sign, job.left - left}, 0, won,
                cells);
    sample_row(from, won, scratch.take<uint8>(size + 1) + 1, job.view.colours_of<N>(r), job.view.extra_of(r));
    for (int k = 0; k < width; ++k) won.sample[k] += left;

    if (is_inner && soft_size > 0) {
        const SoftTargets out{
            {job.soft.disparity + soft_row, scratch.take<int>(width), won.fraction, width},
            {scratch.take<float>(width), scratch.take<int>(width), scratch.take<float>(width), width},
            won.disparity,
            job.soft.colours + soft_row * channels,
            job.soft.extra + soft_row * layers,
            job.cover + soft_row};
        for (int k = 0; k < width; ++k) out.front.disparity[k] = out.behind.disparity[k] = NOTHING;
        const Line<> row{soft.disparity, soft_size};
        scatter_soft(row, mixed, {job.sign, job.left - mixed.left}, out, cells);
        const Source<N> soft_from{{soft.colours, soft_size, channels}, {soft.extra, soft_size, layers}, row, plate.alpha,
                                  false};
        sample_soft(soft_from, soft.cover, out, scratch.take<float>(channels));
    }
}

ART3D_END
