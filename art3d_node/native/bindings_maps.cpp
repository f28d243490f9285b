// What Python sees of the kernels that work on single maps.
#include "bindings.h"

#include "depth_edges.h"
#include "knobs.h"
#include "pictures.h"
#include "upsample.h"

namespace art3d {

using nb::arg;

namespace {

void make_limit(Limit* self, float limit, float knee, float room) { new (self) Limit{limit, knee, room}; }

struct KnobTurn {
    std::optional<float> gain, sculpt, away;  // those away from rest
    float scale, shift, share;
};

void turn(Floats2 disparity, Floats2 inverse_depth, std::optional<Floats2> matte, const KnobTurn& by,
          std::pair<Limit, Limit> limits, std::pair<Pair, Pair> at, Array<float, 2> out) {
    const auto same = [&](const auto& plane) { return plane.shape(0) == out.shape(0) && plane.shape(1) == out.shape(1); };
    const auto [rows, columns] = at;
    need(same(disparity) && same(inverse_depth) && (!matte || same(*matte)), "the planes differ in size");
    need(rows.first >= 0 && rows.second <= int(out.shape(0)) && columns.first >= 0 && columns.second <= int(out.shape(1)),
         "these rows and columns are not the plane's");
    const KnobJob job{disparity.data(), inverse_depth.data(), matte ? matte->data() : nullptr, out.data(),
                      int(out.shape(1)), span(columns), rows.first, by.gain.has_value(), by.sculpt.has_value(),
                      by.away.has_value(), by.gain.value_or(0), by.sculpt.value_or(0), by.scale, by.shift,
                      by.away.value_or(0), by.share, limits.first, limits.second};
    if (columns.first < columns.second) run(kernels().turn, job, rows.second - rows.first);
}

void resolve_ramps(Floats2 disparity, float sign, Pair reach, Pair rows, Pair columns, Array<float, 2> out) {
    need(disparity.shape(0) == out.shape(0) && disparity.shape(1) == out.shape(1), "the planes differ in size");
    need(rows.first >= 0 && rows.second <= int(out.shape(0)) && columns.first >= 0 && columns.second <= int(out.shape(1)),
         "these rows and columns are not the plane's");
    const RampJob job{disparity.data(), out.data(), int(out.shape(0)), int(out.shape(1)), sign, reach.first, reach.second, span(columns), rows.first};
    if (columns.first < columns.second)
        run(kernels().resolve_ramps, job, rows.second - rows.first, int64(job.width) * sizeof(float) + 256);
}

void shrink_guide(Floats3 guide, Array<float, 3> out) {
    need(guide.shape(2) == out.shape(0), "the guides differ in channels");
    const ShrinkGuideJob job{guide.data(), int(guide.shape(0)), int(guide.shape(1)), int(guide.shape(2)), out.data(),
                             int(out.shape(1)), int(out.shape(2))};
    run(kernels().shrink_guide, job, job.height, shrink_guide_scratch_bytes(job));
}

SmallMaps small_maps(const Floats3& values, const Floats3& guide) {
    need(values.shape(1) == guide.shape(1) && values.shape(2) == guide.shape(2), "maps and guide differ in size");
    return {values.data(), guide.data(), int(values.shape(0)), int(guide.shape(0)), int(values.shape(1)), int(values.shape(2))};
}

void refine(Floats3 values, Floats3 guide, Array<float, 3> out, int radius, int step, float sharp) {
    const RefineJob job{small_maps(values, guide), out.data(), radius, step, sharp};
    need(out.shape(0) == values.shape(0) && out.shape(1) == values.shape(1) && out.shape(2) == values.shape(2), "the result has another size");
    run(kernels().refine, job, job.in.height, refine_scratch_bytes(job));
}

void enlarge(Floats3 values, Floats3 small_guide, Floats3 guide, Array<float, 3> out, float sharp) {
    need(out.shape(0) == values.shape(0) && out.shape(1) == guide.shape(0) && out.shape(2) == guide.shape(1) &&
             guide.shape(2) == small_guide.shape(0), "guide, maps and result do not fit together");
    EnlargeJob job{small_maps(values, small_guide), guide.data(), out.data(), int(out.shape(1)), int(out.shape(2)), 0, sharp};
    nb::gil_scoped_release released;
    in_chunks(parts(job.rows, ENLARGE_ROWS), int64(job.columns) * ENLARGE_ROWS, check_signals, [&](int first, int last) {
        job.first_row = first * ENLARGE_ROWS;
        for_rows(kernels().enlarge, &job, last - first, enlarge_scratch_bytes(job));
    });
}

using Mask = Array<const bool, 2>;

void depth_repair(RowKernel kernel, DepthJob job, const Floats2& depth, const Array<float, 2>& out) {
    need(depth.shape(0) == out.shape(0) && depth.shape(1) == out.shape(1), "the result has another size");
    job.depth = depth.data(), job.out = out.data(), job.height = int(out.shape(0)), job.width = int(out.shape(1));
    run(kernel, job, job.height);
}

void nearness(Floats2 z, bool inverse, Array<float, 2> out, Array<bool, 2> valid) {
    need(valid.shape(0) == z.shape(0) && valid.shape(1) == z.shape(1), "the mask has another size");
    DepthJob job{};
    job.valid = valid.data();
    depth_repair(inverse ? kernels().keep_nearness : kernels().nearness, job, z, out);
}

void snap_mixed(Floats2 depth, float step, Array<float, 2> out) {
    DepthJob job{};
    job.step = step;
    depth_repair(kernels().snap, job, depth, out);
}

void take_from_opaque(Array<float, 2> depth, Floats2 alpha) {
    need(alpha.shape(0) == depth.shape(0) && alpha.shape(1) == depth.shape(1), "the alpha has another size");
    const DepthJob job{.depth = depth.data(), .alpha = alpha.data(), .known = nullptr, .out = depth.data(), .valid = nullptr,
                       .height = int(depth.shape(0)), .width = int(depth.shape(1)), .step = 0.0f};
    run(kernels().from_opaque, job, job.height);
}

void fill_unknown(Floats2 depth, Mask known, Array<float, 2> out) {
    need(known.shape(0) == depth.shape(0) && known.shape(1) == depth.shape(1), "the mask has another size");
    DepthJob job{};
    job.known = known.data();
    depth_repair(kernels().fill_unknown, job, depth, out);
}

void make_look(nb::ndarray<const float, nb::ndim<3>, nb::device::cpu> light, Array<uint8, 3> look, float brightest,
               Array<const float, 1> least, Array<const uint8, 1> first) {
    need(light.shape(2) == 3 && look.shape(2) == 3 && least.shape(0) == LEVELS, "a look has three channels and 256 levels");
    need((__builtin_bit_cast(int, brightest) >> KEPT_BITS) < int(first.shape(0)), "there are too few levels");
    const LookJob job{light.data(), int(light.shape(0)), int(light.shape(1)), light.stride(0), light.stride(1),
                      light.stride(2), look.data(), int(look.shape(0)), int(look.shape(1)), brightest, least.data(), first.data()};
    run(kernels().look, job, job.height, look_scratch_bytes(job));
}

void shrink_look(Array<const uint8, 3> look, Array<float, 3> out) {
    need(look.shape(2) == 3 && out.shape(0) == 3, "a look has three channels");
    const ShrinkJob job{look.data(), int(look.shape(0)), int(look.shape(1)), out.data(), int(out.shape(1)), int(out.shape(2))};
    run(kernels().shrink, job, job.height);
}

void settle_opinions(Floats3 values, Floats3 weights, Array<float, 2> median, Array<float, 2> mean) {
    const auto fits = [&](const auto& plane) { return plane.shape(0) == values.shape(1) && plane.shape(1) == values.shape(2); };
    need(fits(median) && fits(mean) && weights.shape(0) == values.shape(0) && weights.shape(1) == values.shape(1) &&
             weights.shape(2) == values.shape(2) && values.shape(0) > 0, "the planes differ in size");
    const OpinionJob job{values.data(), weights.data(), median.data(), mean.data(), int(values.shape(0)), int(values.shape(1)), int(values.shape(2))};
    run(kernels().settle_opinions, job, job.height, int64(8) * job.count + 256);
}

}  // namespace

void bind_maps(nb::module_& m) {
    nb::class_<Limit>(m, "Limit").def("__init__", make_limit, arg("limit"), arg("knee"), arg("room"));
    nb::class_<KnobTurn>(m, "KnobTurn")
        .def("__init__",
             [](KnobTurn* self, std::optional<float> gain, std::optional<float> sculpt, std::optional<float> away,
                float scale, float shift, float share) { new (self) KnobTurn{gain, sculpt, away, scale, shift, share}; },
             arg("gain").none(), arg("sculpt").none(), arg("away").none(), arg("scale"), arg("shift"), arg("share"));
    m.def("turn", turn, arg("disparity"), arg("inverse_depth"), arg("matte").none(), arg("by"), arg("limits"), arg("at"), arg("out"));
    m.def("resolve_ramps", resolve_ramps, arg("disparity"), arg("sign"), arg("reach"), arg("rows"), arg("columns"), arg("out"));
    m.def("shrink_guide", shrink_guide, arg("guide"), arg("out"));
    m.def("refine", refine, arg("values"), arg("guide"), arg("out"), arg("radius"), arg("step"), arg("sharp"));
    m.def("enlarge", enlarge, arg("values"), arg("small_guide"), arg("guide"), arg("out"), arg("sharp"));
    m.def("nearness", nearness, arg("z"), arg("inverse"), arg("out"), arg("valid"));
    m.def("snap_mixed", snap_mixed, arg("depth"), arg("step"), arg("out"));
    m.def("take_from_opaque", take_from_opaque, arg("depth"), arg("alpha"));
    m.def("fill_unknown", fill_unknown, arg("depth"), arg("known"), arg("out"));
    m.def("make_look", make_look, arg("light"), arg("look"), arg("brightest"), arg("least"), arg("first"));
    m.def("shrink_look", shrink_look, arg("look"), arg("out"));
    m.def("settle_opinions", settle_opinions, arg("values"), arg("weights"), arg("median"), arg("mean"));
}

}  // namespace art3d
