// What Python sees of the library: numpy arrays in, numpy arrays written to. The interpreter is free while kernels run.
#include "bindings.h"

#include "matching.h"
#include "render.h"
#include "stand_in.h"
#include "softness.h"
#include "fill.h"

extern const char* const art3d_sources;  // what `stamp.py` makes of them

using namespace art3d;
using nb::arg;

namespace {

template <typename... Kept> struct Owner {
    std::tuple<Kept...> kept;
};

struct PlateArrays : Owner<Floats3, Floats3, Floats2> {
    Plate plate;
};

struct TargetArrays : Owner<Array<float, 3>, Array<float, 3>, Array<float, 2>, Array<float, 2>, Array<bool, 2>, Array<bool, 2>> {
    Targets targets;
};

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

struct CleanPlateArrays {
    Floats3 colours;
    std::optional<Floats2> disparity;
    Span samples;
};

void render_view(const PlateArrays& from, const Window& window, Request request, const TargetArrays& to,
                 const CleanPlateArrays* clean) {
    const Plate& plate = from.plate;
    const Planes& view = to.targets.view;
    const auto within = [](Span part, int size) { return part.first >= 0 && part.first <= part.last && part.last <= size; };
    need(view.channels == plate.channels && view.layers == plate.layers, "plate and targets differ in channels or layers");
    need(window.top >= 0 && window.top + view.height <= plate.height, "the window has rows that the plate has not");
    need(within(window.samples, plate.width) && within(window.inner, view.height) && within(window.columns, view.width),
         "the window's parts do not fit into it");
    if (clean) {
        const auto fits = [&](const auto& array) { return int(array.shape(0)) == plate.height && int(array.shape(1)) == plate.width; };
        need(fits(clean->colours) && int(clean->colours.shape(2)) == plate.channels, "the clean plate is not of the plate's size");
        need(!clean->disparity || fits(*clean->disparity), "the clean plate's disparity is not of the plate's size");
        need(within(clean->samples, plate.width), "the clean plate's samples are not in it");
        request.clean = clean->colours.data(), request.clean_samples = clean->samples;
        request.clean_disparity = clean->disparity ? clean->disparity->data() : nullptr;
    }
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

using Mask = Array<const bool, 2>;
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

    bind_maps(m);
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
        .def("__init__", [](Request* self, float sign, bool soft, bool fill) { new (self) Request{sign, soft, fill, nullptr, nullptr, {}}; },
             arg("sign"), arg("soft"), arg("fill"));
    nb::class_<CleanPlateArrays>(m, "CleanPlate")
        .def("__init__",
             [](CleanPlateArrays* self, Floats3 colours, std::optional<Floats2> disparity, Pair samples) {
                 new (self) CleanPlateArrays{colours, disparity, span(samples)};
             },
             arg("colours"), arg("disparity").none(), arg("samples"));
    m.def("render", render_view, arg("plate"), arg("window"), arg("request"), arg("targets"), arg("clean").none() = nb::none());
    m.def("look_around", look_around, arg("plate"), arg("rows"), arg("columns"));
    m.def("rows_around", rows_around, arg("disparity"), arg("columns"));

    m.def("stand_in", run_stand_in, arg("kernel"), arg("job"));
    m.def("neighbourhood", neighbourhood, arg("plate_width"), arg("reach_width"));
    m.attr("CELL_PX") = CELL_PX;
    m.attr("CELL_SUMS") = int(CELL_SUMS);
    m.attr("DEVICE_JOB_BYTES") = device_job_bytes();
    m.def("match_pair", match_pair, arg("left"), arg("right"), arg("first"), arg("count"), arg("disparity"), arg("margin"), arg("rise"));
    m.def("settle_outlines", outlines, arg("picture"), arg("disparity"), arg("outline"), arg("likeness"), arg("range"), arg("out"), arg("share"));
    m.attr("LANES") = LANES;
    m.attr("UNLIKE") = UNLIKE;
}
