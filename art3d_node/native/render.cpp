#include "render.h"

#include "workspace.h"

namespace art3d {
namespace {

/// Room for as many mixed pixels of each row as were counted.
MixedPixels room_for_mixed(int* count, int rows, int channels, Workspace& memory) {
    int* start = memory.take<int>(rows);
    int64 size = 0;
    for (int r = 0; r < rows; ++r) start[r] = static_cast<int>(size), size += count[r];
    const auto floats = [&](int64 each) { return memory.take<float>(each * size); };
    return {start, count, memory.take<int>(size), floats(1), floats(channels), floats(channels), floats(2),
            memory.take<int>(2 * size), memory.take<uint8>(size), floats(2), floats(2)};
}

/// First and one past the last cell along one axis that some pixels of the plate learn from.
Span cells_around(Span pixels, int size) {
    return {max(pixels.first / CELL_PX - 1, 0), min((pixels.last - 1) / CELL_PX + 2, parts(size, CELL_PX))};
}

/// Finds the mixed pixels of some rows and columns of the plate.
MixedPixels find_mixed(const Plate& plate, const float* clean, Span rows, Span columns, Workspace& memory, const Check& check) {
    const Span down = cells_around(rows, plate.height), along = cells_around(columns, plate.width);
    const int top = down.first * CELL_PX, tall = min(down.last * CELL_PX, plate.height) - top;
    const Span wide{along.first * CELL_PX, min(along.last * CELL_PX, plate.width)};
    BandJob job{};
    job.plate = plate, job.clean = clean;
    job.columns = wide;
    job.reaches = {nullptr, tall + 2 * LOOK_PX, wide.last - wide.first + 2 * LOOK_PX, top - LOOK_PX, wide.first - LOOK_PX};
    job.reaches.at = memory.take<uint8>(int64(job.reaches.height) * job.reaches.width);
    job.lines = memory.take<uint8>(int64(job.reaches.height + 2 * BAND_PX) * job.reaches.width);
    make_neighbourhood(plate.width, job.reaches.width, job.around);
    for_rows(kernels().reach_along, &job, job.reaches.height + 2 * BAND_PX, band_scratch_bytes(job));
    job.band.count = memory.take<int>(tall);
    for_rows(kernels().reach_across, &job, job.reaches.height);
    job.band = room_for_mixed(job.band.count, tall, plate.channels, memory);
    in_chunks(tall, job.reaches.width, check, [&](int begin, int end) {
        job.first_row = begin;
        for_rows(kernels().survey, &job, end - begin, band_scratch_bytes(job));
    });
    const int cell_rows = down.last - down.first, cell_columns = along.last - along.first;
    job.cells = {memory.take<float>(int64(CELL_SUMS) * cell_rows * cell_columns), cell_rows, cell_columns, down.first, along.first};
    job.learnt = memory.take<Learnt>(int64(cell_rows) * cell_columns);
    for_rows(kernels().gather_cells, &job, cell_rows);
    for_rows(kernels().learn, &job, cell_rows);
    job.first_settled = rows.first - top, job.settled = columns;
    for_rows(kernels().classify, &job, rows.last - rows.first);
    MixedPixels found = job.band;
    found.start += job.first_settled, found.count += job.first_settled;
    return found;
}

/// The clean plate of some rows of the window, carried by its own disparity; nothing without one.
Planes carry_clean(const Plate& plate, int width, const Window& window, const Request& request, Workspace& memory,
                   const Check& check) {
    if (request.clean == nullptr || request.clean_disparity == nullptr) return {};
    const int rows = window.inner.last - window.inner.first;
    const int64 targets = int64(rows) * width;
    CarryHolesJob job{};
    job.carry.plate = {request.clean, nullptr, request.clean_disparity, plate.height, plate.width, plate.channels, 0, plate.alpha};
    job.carry.sign = request.sign, job.carry.samples = request.clean_samples;
    job.carry.left = window.left, job.carry.top = window.top + window.inner.first;
    job.carry.view = {memory.take<float>(targets * plate.channels), nullptr, memory.take<float>(targets), rows, width, plate.channels, 0};
    job.carry.index = memory.take<int>(targets);
    in_chunks(rows, width, check, [&](int begin, int end) {
        job.first_row = begin;
        for_rows(kernels().carry, &job, end - begin, carry_scratch_bytes(job.carry));
    });
    return job.carry.view;
}

}  // namespace

void render(const Plate& plate, const Window& window, const Request& request, const Targets& out, const Check& check) {
    const Planes& view = out.view;
    const int inner = window.inner.last - window.inner.first, width = view.width;
    const bool soft = request.soft && inner > 0;
    const int64 targets = soft ? int64(inner) * width : 0;
    Workspace memory;
    int* index = memory.take<int>(int64(view.height) * width);
    const auto floats = [&](int64 each) { return memory.take<float>(each * targets); };

    CarryHolesJob carry{};
    carry.carry = {plate, request.sign, window.samples, window.left, window.top, {}, window.inner, view, index,
                   {floats(view.channels), floats(view.layers), floats(1), inner, width, view.channels, view.layers},
                   soft ? floats(1) : nullptr};
    carry.holes = {view.disparity_of(window.inner.first), carry.carry.cover, inner, width, window.widest, out.hole, out.beyond};
    if (soft)
        carry.carry.mixed =
            find_mixed(plate, request.clean, {window.top, window.top + view.height}, window.samples, memory, check);
    const auto carry_rows = [&](Span rows) {
        in_chunks(rows.last - rows.first, width, check, [&](int begin, int end) {
            carry.first_row = rows.first + begin;
            for_rows(kernels().carry, &carry, end - begin, carry_scratch_bytes(carry.carry));
        });
    };
    carry_rows(window.inner);

    float* disparity = view.disparity_of(window.inner.first);
    if (request.fill) {
        int above = 0, below = 0;  // rows that the fill reads beside the inner ones
        for (int r = 0; r < inner; ++r) {
            const int far = rows_read(disparity, width, r, window.columns);
            above = max(above, far - r), below = max(below, far - (inner - 1 - r));
        }
        carry_rows({max(window.inner.first - above, 0), window.inner.first});
        carry_rows({window.inner.last, min(window.inner.last + below, view.height)});
        const Planes clean = carry_clean(plate, width, window, request, memory, check);
        FillJob fill{plate, request.sign, window.left, window.top, view, index, 0, window.columns, nullptr,
                     {request.clean, clean, window.inner.first}};
        in_chunks(inner, width, check, [&](int begin, int end) {
            fill.first_row = window.inner.first + begin;
            fill.filled_disparity = out.filled_disparity + int64(begin) * width;
            for_rows(kernels().fill, &fill, end - begin);
        });
        disparity = out.filled_disparity;
    }
    Planes shown = view;
    shown.colours += int64(window.inner.first) * width * view.channels;
    shown.extra += int64(window.inner.first) * width * view.layers;
    const ComposeJob compose{shown, disparity, out.hole, carry.carry.soft, carry.carry.cover, window.columns, request.fill};
    for_rows(kernels().compose, &compose, inner);
}

DisparityRange disparity_range(const Plate& plate, Span rows, Span columns) {
    const int down = parts(rows.last - rows.first, BLOCK_PX), along = parts(columns.last - columns.first, BLOCK_PX);
    Workspace memory;
    const RangeJob job{plate, rows, columns, memory.take<BlockRange>(int64(down) * along), memory.take<bool>(down)};
    for_rows(kernels().block_ranges, &job, down, int64(2) * 4 * (columns.last - columns.first + 16) + 256);
    DisparityRange found{INFINITE, -INFINITE, 0.0f, true};
    for (int r = 0; r < down; ++r) {
        found.finite &= !job.wild[r];
        for (int k = 0; k < along; ++k) {
            BlockRange around = job.out[int64(r) * along + k];
            found.low = min(found.low, around.low), found.high = max(found.high, around.high);
            for (int v = max(r - 1, 0); v < min(r + 2, down); ++v)
                for (int u = max(k - 1, 0); u < min(k + 2, along); ++u) {
                    const BlockRange& block = job.out[int64(v) * along + u];
                    around = {min(around.low, block.low), max(around.high, block.high)};
                }
            found.step = max(found.step, around.high - around.low);
        }
    }
    return found;
}

}  // namespace art3d
