// What both parts of the bindings take for granted: arrays of numpy, and kernels run without the interpreter.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <optional>

#include "kernels.h"
#include "render.h"
#include "threads.h"

namespace art3d {

namespace nb = nanobind;
template <typename T, int dimensions>
using Array = nb::ndarray<T, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;
using Floats3 = Array<const float, 3>;
using Floats2 = Array<const float, 2>;
using Pair = std::pair<int, int>;

inline Span span(Pair of) { return {of.first, of.second}; }

inline void need(bool fits, const char* what) {
    if (!fits) throw nb::value_error(what);
}

/// Lets a signal's handler run, and what it raises stop the work: only the main thread's does anything.
inline void check_signals() {
    nb::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

/// Runs a kernel over rows without the interpreter, in chunks where a row is a pixel wide or more.
template <typename Job> void run(RowKernel kernel, const Job& job, int rows, int64 scratch = 0) {
    nb::gil_scoped_release released;
    for_rows(kernel, &job, rows, scratch);
}

/// Adds the kernels that work on single maps: knobs, upsampling, depth's repair, a plate's look.
void bind_maps(nb::module_& m);

}  // namespace art3d
