#include "matching.h"

#include <cstdlib>
#include <memory>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

#include "kernels.h"
#include "threads.h"

namespace art3d {

using namespace ART3D_ISA;

namespace {

// Tuned on Art, Cones and Teddy alone: docs/decisions/140.
constexpr int NOISE = 64, SLOPE_CAP = 12, CENSUS_WEIGHT = 16, SLOPE_WEIGHT = 16, OUTSIDE = 40;
constexpr int SMALL = 30, LARGE = 80, LEAST_LARGE = 40, CHANGE = 5;
constexpr int SLOPE_RANGE = 60;

constexpr size_t HUGE_PAGE = 2 << 20;

struct Freed {
    void operator()(void* memory) const { std::free(memory); }
};
template <typename T> using Room = std::unique_ptr<T[], Freed>;

/// Memory that is written before it is read; in large pages where there are some: faults cost more than the work.
template <typename T> Room<T> room(int64 count) {
    const size_t bytes = size_t(count) * sizeof(T);
    void* memory = nullptr;
#ifdef __linux__
    if (bytes >= HUGE_PAGE) {
        memory = std::aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
        if (memory) madvise(memory, bytes, MADV_HUGEPAGE);
    }
#endif
    if (memory == nullptr) memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    return Room<T>(static_cast<T*>(memory));
}

void make_light(const uint8* eye, uint16* light, int64 pixels) {
    for (int64 i = 0; i < pixels; ++i) light[i] = uint16(77 * eye[3 * i] + 150 * eye[3 * i + 1] + 29 * eye[3 * i + 2]);
}

}  // namespace

void match(const MatchRequest& request, const MatchResult& result) {
    const int rows = request.rows, columns = request.columns, count = request.count;
    const int64 pixels = int64(rows) * columns, cells = pixels * count;
    const auto light = room<uint16>(2 * pixels);
    const auto census = room<uint64>(2 * pixels);
    const auto slope = room<uint8>(2 * pixels);
    for (int eye = 0; eye < 2; ++eye) make_light(request.eyes[eye], light.get() + eye * pixels, pixels);
    const MatchPictures in{{light.get(), light.get() + pixels}, {census.get(), census.get() + pixels},
                           {slope.get(), slope.get() + pixels}, rows, columns};
    const CensusJob seen{in, NOISE, SLOPE_RANGE};
    for_rows(kernels().match_census, &seen, rows, census_scratch_bytes(seen));

    const auto cost = room<uint8>(cells);
    const CostJob costs{in, cost.get(), request.first, count, CENSUS_WEIGHT, SLOPE_WEIGHT, SLOPE_CAP, OUTSIDE};
    for_rows(kernels().match_cost, &costs, rows, cost_scratch_bytes(costs));

    const auto sums = room<uint16>(2 * cells);
    const int64 lines = sweep_cells(columns, count);
    const auto line = room<uint16>(2 * lines);
    const SweepJob sweeps{light.get(), cost.get(), {sums.get(), sums.get() + cells}, {line.get(), line.get() + lines},
                          rows, columns, count, SMALL, LARGE, LEAST_LARGE, CHANGE};
    for_rows(kernels().match_sweep, &sweeps, 2);

    const PickJob picks{{sums.get(), sums.get() + cells}, cost.get(), {result.disparity[0], result.disparity[1]},
                        {result.margin[0], result.margin[1]}, {result.rise[0], result.rise[1]},
                        rows, columns, request.first, count, OUTSIDE};
    for_rows(kernels().match_pick, &picks, rows, pick_scratch_bytes(picks));
}

void settle_outlines(const OutlineJob& job) {
    const int64 pitch = voters_pitch(job.columns), cells = job.rows * pitch;
    const auto channels = room<uint8>(3 * cells);
    const auto bins = room<uint16>(cells);
    const Voters voters{job, {channels.get(), channels.get() + cells, channels.get() + 2 * cells}, bins.get(), pitch};
    for_rows(kernels().match_voters, &voters, job.rows);
    for_rows(kernels().match_outline, &voters, job.rows, outline_scratch_bytes(job));
}

}  // namespace art3d
