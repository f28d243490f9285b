#include "render.h"

#include <memory>
#include <vector>

namespace art3d {
namespace {

/// Memory that nobody has written to: pages that stay untouched cost nothing.
template <typename T> std::unique_ptr<T[]> room_for(int64 count) { return std::unique_ptr<T[]>(new T[count > 0 ? count : 1]); }

/// The mixed pixels of some rows, and what owns them.
class Mixed {
public:
    /// Room for as many pixels of each row as were counted.
    Mixed(std::vector<int> count, int channels) : count_(std::move(count)), start_(count_.size()) {
        int64 size = 0;
        for (std::size_t r = 0; r < count_.size(); ++r) start_[r] = static_cast<int>(size), size += count_[r];
        ints_ = room_for<int>(3 * size);
        floats_ = room_for<float>((7 + 2 * channels) * size);
        kinds_ = room_for<uint8>(size);
        float* at = floats_.get();
        const auto take = [&](int64 each) { return at += each * size, at - each * size; };
        pixels_ = {start_.data(), count_.data(), ints_.get(), take(1), take(channels), take(channels), take(2),
                   ints_.get() + size, kinds_.get(), take(2), take(2)};
    }

    /// Those of the rows from `first` on.
    MixedPixels from(int first) const {
        MixedPixels of = pixels_;
        of.start += first, of.count += first;
        return of;
    }

private:
    std::vector<int> count_, start_;
    std::unique_ptr<int[]> ints_;
    std::unique_ptr<float[]> floats_;
    std::unique_ptr<uint8[]> kinds_;
    MixedPixels pixels_;
};

/// First and one past the last cell along one axis that some pixels of the plate learn from.
Span cells_around(Span pixels, int size) {
    return {max(pixels.first / CELL_PX - 1, 0), min((pixels.last - 1) / CELL_PX + 2, parts(size, CELL_PX))};
}

/// Finds the mixed pixels of some rows and columns of the plate. The band's first row is `first` of the result.
Mixed find_mixed(const Plate& plate, const float* clean, Span rows, Span columns, int& first, const Check& check) {
    const Span down = cells_around(rows, plate.height), along = cells_around(columns, plate.width);
    const int top = down.first * CELL_PX, tall = min(down.last * CELL_PX, plate.height) - top;
    const Span wide{along.first * CELL_PX, min(along.last * CELL_PX, plate.width)};
    BandJob job{};
    job.plate = plate, job.clean = clean;
    job.columns = wide;
    job.reaches = {nullptr, tall + 2 * LOOK_PX, wide.last - wide.first + 2 * LOOK_PX, top - LOOK_PX, wide.first - LOOK_PX};
    const auto reaches = room_for<uint8>(int64(job.reaches.height) * job.reaches.width);
    const auto lines = room_for<uint8>(int64(job.reaches.height + 2 * BAND_PX) * job.reaches.width);
    job.reaches.at = reaches.get(), job.lines = lines.get();
    make_neighbourhood(plate.width, job.reaches.width, job.around);
    for_rows(kernels().reach_along, &job, job.reaches.height + 2 * BAND_PX, band_scratch_bytes(job));
    std::vector<int> count(tall);
    job.band.count = count.data();
    for_rows(kernels().reach_across, &job, job.reaches.height);
    Mixed found(std::move(count), plate.channels);
    job.band = found.from(0);
    in_chunks(tall, job.reaches.width, check, [&](int begin, int end) {
        job.first_row = begin;
        for_rows(kernels().survey, &job, end - begin, band_scratch_bytes(job));
    });
    const int cell_rows = down.last - down.first, cell_columns = along.last - along.first;
    const auto sums = room_for<float>(int64(CELL_SUMS) * cell_rows * cell_columns);
    const auto learnt = room_for<Learnt>(int64(cell_rows) * cell_columns);
    job.cells = {sums.get(), cell_rows, cell_columns, down.first, along.first};
    job.learnt = learnt.get();
    for_rows(kernels().gather_cells, &job, cell_rows);
    for_rows(kernels().learn, &job, cell_rows);
    job.first_settled = first = rows.first - top, job.settled = columns;
    for_rows(kernels().classify, &job, rows.last - rows.first);
    return found;
}

/// The clean plate of some rows of the window, carried by its own disparity.
class CarriedClean {
public:
    CarriedClean(const Plate& plate, int width, const Window& window, const Request& request, const Check& check) {
        if (request.clean == nullptr || request.clean_disparity == nullptr) return;
        const int rows = window.inner.last - window.inner.first;
        const int64 targets = int64(rows) * width;
        colours_ = room_for<float>(targets * plate.channels), disparity_ = room_for<float>(targets);
        const auto index = room_for<int>(targets);
        planes = {colours_.get(), nullptr, disparity_.get(), rows, width, plate.channels, 0};
        CarryHolesJob job{};
        job.carry.plate = {request.clean, nullptr, request.clean_disparity, plate.height, plate.width, plate.channels, 0, plate.alpha};
        job.carry.sign = request.sign, job.carry.samples = request.clean_samples;
        job.carry.left = window.left, job.carry.top = window.top + window.inner.first;
        job.carry.view = planes, job.carry.index = index.get();
        in_chunks(rows, width, check, [&](int begin, int end) {
            job.first_row = begin;
            for_rows(kernels().carry, &job, end - begin, carry_scratch_bytes(job.carry));
        });
    }

    Planes planes{};

private:
    std::unique_ptr<float[]> colours_, disparity_;
};

}  // namespace

void render(const Plate& plate, const Window& window, const Request& request, const Targets& out, const Check& check) {
    const Planes& view = out.view;
    const int inner = window.inner.last - window.inner.first, width = view.width;
    const bool soft = request.soft && inner > 0;
    const int64 targets = soft ? int64(inner) * width : 0;
    const auto index = room_for<int>(int64(view.height) * width);
    const auto soft_colours = room_for<float>(targets * view.channels), soft_extra = room_for<float>(targets * view.layers);
    const auto soft_disparity = room_for<float>(targets), cover = room_for<float>(targets);

    CarryHolesJob carry{};
    carry.carry = {plate, request.sign, window.samples, window.left, window.top, {}, window.inner, view, index.get(),
                   {soft_colours.get(), soft_extra.get(), soft_disparity.get(), inner, width, view.channels, view.layers},
                   soft ? cover.get() : nullptr};
    carry.holes = {view.disparity_of(window.inner.first), carry.carry.cover, inner, width, window.widest, out.hole, out.beyond};
    std::unique_ptr<Mixed> mixed;
    if (soft) {
        int first = 0;
        mixed = std::make_unique<Mixed>(
            find_mixed(plate, request.clean, {window.top, window.top + view.height}, window.samples, first, check));
        carry.carry.mixed = mixed->from(first);
    }
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
        const CarriedClean clean(plate, width, window, request, check);
        FillJob fill{plate, request.sign, window.left, window.top, view, index.get(), 0, window.columns, nullptr,
                     {request.clean, clean.planes, window.inner.first}};
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
    const auto blocks = room_for<BlockRange>(int64(down) * along);
    const auto wild = room_for<bool>(down);
    const RangeJob job{plate, rows, columns, blocks.get(), wild.get()};
    for_rows(kernels().block_ranges, &job, down, int64(2) * 4 * (columns.last - columns.first + 16) + 256);
    DisparityRange found{INFINITE, -INFINITE, 0.0f, true};
    for (int r = 0; r < down; ++r) {
        found.finite &= !wild[r];
        for (int k = 0; k < along; ++k) {
            BlockRange around = blocks[int64(r) * along + k];
            found.low = min(found.low, around.low), found.high = max(found.high, around.high);
            for (int v = max(r - 1, 0); v < min(r + 2, down); ++v)
                for (int u = max(k - 1, 0); u < min(k + 2, along); ++u) {
                    const BlockRange& block = blocks[int64(v) * along + u];
                    around = {min(around.low, block.low), max(around.high, block.high)};
                }
            found.step = max(found.step, around.high - around.low);
        }
    }
    return found;
}

}  // namespace art3d
