// Rows of a job over the cores: the calling thread and as many helpers as it may use.
#pragma once
#include <cstdint>
#include <functional>

#include "kernels.h"

namespace art3d {

/// Called between chunks of rows; throws to stop the work.
using Check = std::function<void()>;

/// How many cores this process may use.
int cores();

/// How many of them the calling thread's jobs use, itself included; 1 .. cores().
int threads();
void set_threads(int count);

/// Runs a kernel over rows 0 .. rows - 1, in any order, and returns when all are done.
void for_rows(RowKernel kernel, const void* job, int rows, std::int64_t scratch_bytes = 0);

/// Pixels of one chunk: between two chunks work can be stopped.
int chunk_pixels();
void set_chunk_pixels(int count);

/// Calls run(first, last) for rows in chunks; `check` between two of them.
template <typename Run> void in_chunks(int rows, std::int64_t width, const Check& check, Run run) {
    const auto fitting = width > 0 ? chunk_pixels() / width : chunk_pixels();
    const int step = fitting > 1 ? static_cast<int>(fitting) : 1;
    for (int first = 0; first < rows; first += step) {
        run(first, first + step < rows ? first + step : rows);
        check();
    }
}

}  // namespace art3d
