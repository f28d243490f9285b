// The kernels of one instruction set, as the driver calls them: a function for one row (or block of rows) of a job.
//
// A job is a struct of the headers, `job` points to it, and `scratch` to as many bytes as the job's `_scratch_bytes` says.
#pragma once

namespace art3d {

using RowKernel = void (*)(const void* job, int row, char* scratch);

struct Kernels {
    const char* name;
    RowKernel reach_along, reach_across, survey, gather_cells, learn, classify, carry, fill, compose;
    RowKernel block_ranges, turn, resolve_ramps, shrink_guide, refine, enlarge;
    RowKernel nearness, keep_nearness, snap, from_opaque, fill_unknown, look, shrink, settle_opinions;
    RowKernel match_census, match_cost, match_sweep, match_pick, match_voters, match_outline;
};

/// Those of the best instruction set that this processor has; $ART3D_ISA names another one.
const Kernels& kernels();

}  // namespace art3d
