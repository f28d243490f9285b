// What Python sees of the library: numpy arrays in, numpy arrays written to. The interpreter is free while kernels run.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <optional>

#include "depth_edges.h"
#include "knobs.h"
#include "matching.h"
#include "pictures.h"
#include "render.h"
#include "stand_in.h"
#include "upsample.h"

extern const char* const art3d_sources;  // what `stamp.py` makes of them

namespace nb = nanobind;
using namespace art3d;
using nb::arg;

namespace {

template <typename T, int dimensions>
using Array = nb::ndarray<T, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;
using Floats3 = Array<const float, 3>;
using Floats2 = Array<const float, 2>;
using Pair = std::pair<int, int>;

template <typename... Kept> struct Owner {
    std::tuple<Kept...> kept;
};

struct PlateArrays : Owner<Floats3, Floats3, Floats2> {
    Plate plate;
};

struct TargetArrays : Owner<Array<float, 3>, Array<float, 3>, Array<float, 2>, Array<float, 2>, Array<bool, 2>, Array<bool, 2>> {
    Targets targets;
};

Span span(Pair of) { return {of.first, of.second}; }

void need(bool fits, const char* what) {
    if (!fits) throw nb::value_error(what);
}

/// Lets a signal's handler run, and what it raises stop the work: only the main thread's does anything.
void check_signals() {
    nb::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

/// Runs a kernel over rows without the interpreter, in chunks where a row is a pixel wide or more.
template <typename Job> void run(RowKernel kernel, const Job& job, int rows, int64 scratch = 0) {
    nb::gil_scoped_release released;
    for_rows(kernel, &job, rows, scratch);
}

void make_plate(PlateArrays* self, Floats3 colours, Floats3 extra, Floats2 disparity, int alpha) {
    const auto height = colours.shape(0), width = colours.shape(1);
    need(extra.shape(0) == height && extra.shape(1) == width, "the extra layers have another size than the colours");
    need(disparity.shape(0) == height && disparity.shape(1) == width, "the disparity has another size than the colours");
    need(alpha >= -1 && alpha < int(colours.shape(2)), "there is no such alpha channel");
    need(height * width < (1u << 31), "the plate has more than 2^31 pixels");
    const Plate plate{colours.data(), extra.data(), disparity.data(), int(height), int(width), int(colours.shape(2)),
                      int(extra.shape(2)), alpha};
    new (self) PlateArrays{{{colours, extra, disparity}}, plate};
}

void make_targets(TargetArrays* self, Array<float, 3> colours, Array<float, 3> extra, Array<float, 2> disparity,
                  Array<float, 2> filled, Array<bool, 2> hole, Array<bool, 2> beyond) {
    const auto height = colours.shape(0), width = colours.shape(1), inner = hole.shape(0);
    const auto is = [](const auto& array, auto rows, auto columns) { return array.shape(0) == rows && array.shape(1) == columns; };
    need(is(extra, height, width) && is(disparity, height, width), "the window's planes differ in size");
    need(is(filled, inner, width) && is(hole, inner, width) && is(beyond, inner, width), "the inner planes differ in size");
    const Planes view{colours.data(), extra.data(), disparity.data(), int(height), int(width), int(colours.shape(2)),
                      int(extra.shape(2))};
    new (self) TargetArrays{{{colours, extra, disparity, filled, hole, beyond}}, {view, filled.data(), hole.data(), beyond.data()}};
}

void render_view(const PlateArrays& from, const Window& window, Request request, const TargetArrays& to,
                 std::optional<Floats3> clean) {
    const Plate& plate = from.plate;
    const Planes& view = to.targets.view;
    const auto within = [](Span part, int size) { return part.first >= 0 && part.first <= part.last && part.last <= size; };
    need(view.channels == plate.channels && view.layers == plate.layers, "plate and targets differ in channels or layers");
    need(window.top >= 0 && window.top + view.height <= plate.height, "the window has rows that the plate has not");
    need(within(window.samples, plate.width) && within(window.inner, view.height) && within(window.columns, view.width),
         "the window's parts do not fit into it");
    need(!clean || (int(clean->shape(0)) == plate.height && int(clean->shape(1)) == plate.width &&
                    int(clean->shape(2)) == plate.channels), "the clean plate is not of the plate's size");
    request.clean = clean ? clean->data() : nullptr;
    nb::gil_scoped_release released;
    render(plate, window, request, to.targets, check_signals);
}

std::optional<std::tuple<float, float, float>> look_around(const PlateArrays& from, Pair rows, Pair columns) {
    need(rows.first >= 0 && rows.first < rows.second && rows.second <= from.plate.height && columns.first >= 0 &&
             columns.first < columns.second && columns.second <= from.plate.width,
         "these rows and columns are not the plate's");
    nb::gil_scoped_release released;
    const DisparityRange found = disparity_range(from.plate, span(rows), span(columns));
    if (!found.finite) return {};
    return std::tuple{found.low, found.high, found.step};
}

Pair rows_around(Floats2 disparity, Pair columns) {
    const int height = int(disparity.shape(0)), width = int(disparity.shape(1));
    Pair rows{0, 0};
    for (int r = 0; r < height; ++r) {
        const int far = rows_read(disparity.data(), width, r, span(columns));
        rows = {max(rows.first, far - r), max(rows.second, far - (height - 1 - r))};
    }
    return rows;
}

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

void resolve_ramps(Floats2 disparity, float sign, int reach, Pair rows, Pair columns, Array<float, 2> out) {
    need(disparity.shape(0) == out.shape(0) && disparity.shape(1) == out.shape(1), "the planes differ in size");
    need(rows.first >= 0 && rows.second <= int(out.shape(0)) && columns.first >= 0 && columns.second <= int(out.shape(1)),
         "these rows and columns are not the plane's");
    const RampJob job{disparity.data(), out.data(), int(out.shape(1)), sign, reach, span(columns), rows.first};
    if (columns.first < columns.second) run(kernels().resolve_ramps, job, rows.second - rows.first);
}

void shrink_guide(Floats3 guide, Array<float, 3> out) {
    need(guide.shape(2) == out.shape(0), "the guides differ in channels");
    const ShrinkGuideJob job{guide.data(), int(guide.shape(0)), int(guide.shape(1)), int(guide.shape(2)), out.data(),
                             int(out.shape(1)), int(out.shape(2))};
    run(kernels().shrink_guide, job, job.height);
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

void take_from_opaque(Floats2 depth, Floats2 alpha, Array<float, 2> out) {
    need(alpha.shape(0) == depth.shape(0) && alpha.shape(1) == depth.shape(1), "the alpha has another size");
    DepthJob job{};
    job.alpha = alpha.data();
    depth_repair(kernels().from_opaque, job, depth, out);
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
    run(kernels().look, job, job.height);
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

using Planes3 = Array<float, 3>;
using Eye = Array<const uint8, 3>;

void match_pair(Eye left, Eye right, int first, int count, Planes3 disparity, Planes3 margin, Planes3 rise) {
    const auto rows = left.shape(0), columns = left.shape(1);
    need(left.shape(2) == 3 && right.shape(2) == 3 && right.shape(0) == rows && right.shape(1) == columns,
         "the eyes differ in size, or have not three channels");
    need(count > 0 && count % LANES == 0, "the count of disparities is no multiple of LANES");
    need(first > -(1 << 20) && first < (1 << 20), "the first disparity is out of range");
    for (const Planes3& planes : {disparity, margin, rise})
        need(planes.shape(0) == 2 && planes.shape(1) == rows && planes.shape(2) == columns, "the results have another size");
    const auto of = [](Planes3& planes, int eye) { return planes.data() + eye * planes.shape(1) * planes.shape(2); };
    const MatchResult to{{of(disparity, 0), of(disparity, 1)}, {of(margin, 0), of(margin, 1)}, {of(rise, 0), of(rise, 1)}};
    nb::gil_scoped_release released;
    match({{left.data(), right.data()}, int(rows), int(columns), first, count}, to);
}

void outlines(Eye picture, Floats2 disparity, Mask outline, Array<const uint16, 1> likeness, Pair range,
              Array<float, 2> out, Array<float, 2> share) {
    const auto fits = [&](const auto& plane) { return plane.shape(0) == picture.shape(0) && plane.shape(1) == picture.shape(1); };
    need(fits(disparity) && fits(outline) && fits(out) && fits(share) && picture.shape(2) == 3, "the planes differ in size");
    need(likeness.shape(0) == UNLIKE && range.second > 0, "there are too few weights or disparities");
    const OutlineJob job{picture.data(), disparity.data(), outline.data(), likeness.data(), out.data(), share.data(),
                         int(picture.shape(0)), int(picture.shape(1)), range.first, range.second};
    nb::gil_scoped_release released;
    settle_outlines(job);
}

void run_stand_in(const char* kernel, nb::bytes job) {
    need(job.size() == device_job_bytes(), "the job has another size than the kernels expect");
    need(stand_in(kernel, job.data()), "there is no such kernel");
}

nb::bytes neighbourhood(int plate_width, int reach_width) {
    Neighbourhood made;
    make_neighbourhood(plate_width, reach_width, made);
    return nb::bytes(&made, sizeof made);
}

}  // namespace

NB_MODULE(_native, m) {
    m.attr("SOURCES") = art3d_sources;
    m.def("isa", [] { return kernels().name; });
    m.def("cores", cores);
    m.def("threads", threads);
    m.def("set_threads", set_threads, arg("count"));
    m.def("set_chunk_pixels", set_chunk_pixels, arg("count"));
    m.def("chunk_pixels", chunk_pixels);
    m.attr("APRON_PX") = RAY_PX + TAPS;
    m.attr("OUTLINE_PX") = AROUND_PX + LOOK_PX + BAND_PX + 1;
    m.attr("LOOK_PX") = LOOK_PX;
    m.attr("SLOPE_PX") = SLOPE_PX;

    nb::class_<PlateArrays>(m, "Plate")
        .def("__init__", make_plate, arg("colours"), arg("extra"), arg("disparity"), arg("alpha"));
    nb::class_<TargetArrays>(m, "Targets")
        .def("__init__", make_targets, arg("colours"), arg("extra"), arg("disparity"), arg("filled_disparity"),
             arg("hole"), arg("beyond"));
    nb::class_<Window>(m, "Window")
        .def("__init__",
             [](Window* self, Pair origin, Pair samples, Pair inner, Pair columns, int widest) {
                 new (self) Window{origin.first, origin.second, span(samples), span(inner), span(columns), widest};
             },
             arg("origin"), arg("samples"), arg("inner"), arg("columns"), arg("widest"));
    nb::class_<Request>(m, "Request")
        .def("__init__", [](Request* self, float sign, bool soft, bool fill) { new (self) Request{sign, soft, fill, nullptr}; },
             arg("sign"), arg("soft"), arg("fill"));
    m.def("render", render_view, arg("plate"), arg("window"), arg("request"), arg("targets"), arg("clean").none() = nb::none());
    m.def("look_around", look_around, arg("plate"), arg("rows"), arg("columns"));
    m.def("rows_around", rows_around, arg("disparity"), arg("columns"));

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
    m.def("take_from_opaque", take_from_opaque, arg("depth"), arg("alpha"), arg("out"));
    m.def("fill_unknown", fill_unknown, arg("depth"), arg("known"), arg("out"));
    m.def("make_look", make_look, arg("light"), arg("look"), arg("brightest"), arg("least"), arg("first"));
    m.def("shrink_look", shrink_look, arg("look"), arg("out"));
    m.def("stand_in", run_stand_in, arg("kernel"), arg("job"));
    m.def("neighbourhood", neighbourhood, arg("plate_width"), arg("reach_width"));
    m.attr("CELL_PX") = CELL_PX;
    m.attr("DEVICE_JOB_BYTES") = device_job_bytes();
    m.def("match_pair", match_pair, arg("left"), arg("right"), arg("first"), arg("count"), arg("disparity"), arg("margin"), arg("rise"));
    m.def("settle_outlines", outlines, arg("picture"), arg("disparity"), arg("outline"), arg("likeness"), arg("range"), arg("out"), arg("share"));
    m.attr("LANES") = LANES;
    m.attr("UNLIKE") = UNLIKE;
    m.def("settle_opinions", settle_opinions, arg("values"), arg("weights"), arg("median"), arg("mean"));
}
