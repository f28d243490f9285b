// One region of the new view on a processor: the kernels over the window that it needs.
#pragma once
#include "jobs.h"
#include "threads.h"

namespace art3d {

using namespace baseline;

/// The part of the new view to compute, see `stereo.window`.
struct Window {
    int left, top;   // plate column and row of its first pixel
    Span samples;    // columns of the plate that can reach it
    Span inner;      // its rows that the region shows; the others are there for the fill to read
    Span columns;    // its columns that the region shows
    int widest;      // no hole inside the picture is wider, px
};

struct Request {
    float sign;  // +1 towards the right eye, -1 towards the left
    bool soft, fill;
    const float* clean;            // the plate's colours without what stands in front, or null
    const float* clean_disparity;  // (height, width) px of these, or null
    Span clean_samples;            // columns of them that can reach the window
};

/// What is made: of the window, and of its inner rows.
struct Targets {
    Planes view;              // the window's
    float* filled_disparity;  // (inner rows, width)
    bool* hole;
    bool* beyond;
};

void render(const Plate& plate, const Window& window, const Request& request, const Targets& out, const Check& check);

/// What the disparity does in some rows and columns of a plate.
struct DisparityRange {
    float low, high;  // px
    float step;  // no two samples that lie side by side, nor the surfaces of a mixed pixel there, lie further apart, px
    bool finite; // whether all are; else nothing is said of them
};

DisparityRange disparity_range(const Plate& plate, Span rows, Span columns);

}  // namespace art3d
