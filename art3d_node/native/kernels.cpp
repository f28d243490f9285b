// All kernels, compiled once for each instruction set (ART3D_ISA).
#include "kernels.h"

#include "depth_edges.h"
#include "jobs.h"
#include "knobs.h"
#include "match.h"
#include "match_outline.h"
#include "pictures.h"
#include "upsample.h"

ART3D_BEGIN

/// Calls a template with the number of channels where it is a usual one.
template <typename Call> static void with_channels(int channels, Call call) {
    if (channels == 4) return call.template operator()<4>();
    if (channels == 3) return call.template operator()<3>();
    call.template operator()<0>();
}

template <typename Job, void (*row)(const Job&, int)> static void plain(const void* job, int r, char*) {
    row(*static_cast<const Job*>(job), r);
}

template <typename Job, void (*row)(const Job&, int, Scratch)> static void scratching(const void* job, int r, char* at) {
    row(*static_cast<const Job*>(job), r, Scratch{at});
}

static void reach_along_kernel(const BandJob& job, int r, Scratch scratch) {
    reach_along(job.plate, job.reaches, r, job.lines + int64(r) * job.reaches.width,
                scratch.take<uint8>(2 * (job.reaches.width + 2 * BAND_PX)));
}

static void reach_across_kernel(const BandJob& job, int r) {
    reach_across(job.lines, job.reaches, r);
    const int row = r - LOOK_PX;
    if (row >= 0 && row < job.reaches.height - 2 * LOOK_PX) job.band.count[row] = count_band(job.reaches, row);
}

static void survey_kernel(const BandJob& job, int r, Scratch scratch) {
    const int size = 1 + 2 * job.plate.channels;
    float* sums = scratch.take<float>(2 * size);
    const Survey in{&job.plate, &job.reaches, &job.around};
    with_channels(job.plate.channels, [&]<int N>() {
        survey_row<N>(in, job.band, r + job.first_row, job.columns, {sums, sums + size});
    });
}

static void gather_kernel(const BandJob& job, int row) {
    gather_cells(job.band, job.reaches.top + LOOK_PX, job.reaches.height - 2 * LOOK_PX, job.cells, row);
}

static void learn_kernel(const BandJob& job, int row) {
    for (int q = 0; q < job.cells.columns; ++q)
        job.learnt[int64(row) * job.cells.columns + q] = learn(job.cells, row, q);
}

static void classify_kernel(const BandJob& job, int row) {
    const int r = row + job.first_settled;
    with_channels(job.plate.channels, [&]<int N>() {
        classify_mixed<N>({&job.plate, &job.reaches, &job.around}, job.clean, job.band, r, job.settled, job.cells, job.learnt);
    });
}

static void carry_kernel(const CarryHolesJob& job, int row, Scratch scratch) {
    const int r = row + job.first_row;
    with_channels(job.carry.plate.channels, [&]<int N>() { carry_row<N>(job.carry, r, scratch); });
    if (r >= job.carry.inner.first && r < job.carry.inner.last) mark_holes(job.holes, r - job.carry.inner.first);
}

static void fill_kernel(const FillJob& job, int row) {
    with_channels(job.plate.channels, [&]<int N>() { fill_row<N>(job, row); });
}

static void range_kernel(const RangeJob& job, int block, Scratch scratch) {
    const int top = job.rows.first + block * BLOCK_PX, width = job.columns.last - job.columns.first;
    const Span rows{top, min(top + BLOCK_PX, job.rows.last)};
    float *least = scratch.take<float>(width), *most = scratch.take<float>(width);
    BlockRange* out = job.out + int64(block) * parts(width, BLOCK_PX);
    job.wild[block] = block_ranges(job.plate, rows, job.columns, out, least, most);
}

extern const Kernels KERNELS;
const Kernels KERNELS = {
    .name = ART3D_ISA_NAME,
    .reach_along = scratching<BandJob, reach_along_kernel>,
    .reach_across = plain<BandJob, reach_across_kernel>,
    .survey = scratching<BandJob, survey_kernel>,
    .gather_cells = plain<BandJob, gather_kernel>,
    .learn = plain<BandJob, learn_kernel>,
    .classify = plain<BandJob, classify_kernel>,
    .carry = scratching<CarryHolesJob, carry_kernel>,
    .fill = plain<FillJob, fill_kernel>,
    .compose = plain<ComposeJob, compose_row>,
    .block_ranges = scratching<RangeJob, range_kernel>,
    .turn = plain<KnobJob, turn_row>,
    .resolve_ramps = scratching<RampJob, resolve_row>,
    .shrink_guide = scratching<ShrinkGuideJob, shrink_guide_row>,
    .refine = scratching<RefineJob, refine_row>,
    .enlarge = scratching<EnlargeJob, enlarge_rows>,
    .nearness = plain<DepthJob, nearness_row>,
    .keep_nearness = plain<DepthJob, keep_nearness_row>,
    .snap = plain<DepthJob, snap_row>,
    .from_opaque = plain<DepthJob, from_opaque_row>,
    .fill_unknown = plain<DepthJob, fill_unknown_row>,
    .look = scratching<LookJob, look_row>,
    .shrink = plain<ShrinkJob, shrink_row>,
    .settle_opinions = scratching<OpinionJob, settle_opinions_row>,
    .match_census = scratching<CensusJob, census_row>,
    .match_cost = scratching<CostJob, cost_row>,
    .match_sweep = plain<SweepJob, sweep>,
    .match_pick = scratching<PickJob, pick_row>,
    .match_voters = plain<Voters, voters_row>,
    .match_outline = scratching<Voters, outline_row>,
};

ART3D_END
