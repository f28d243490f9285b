// Pictures as the kernels see them: contiguous memory that somebody else owns.
#pragma once
#include "platform.h"

ART3D_BEGIN

/// Pixels side by side, (width, channels) float32. N is the number of channels where the compiler may know it, else 0.
template <int N, typename T = const float> struct Row {
    T* at;
    int width, count;

    int channels() const { return N ? N : count; }
    T* operator[](int64 x) const { return at + x * channels(); }
};

/// A row of (width,) numbers.
template <typename T = const float> struct Line {
    T* at;
    int size;

    T& operator[](int64 x) const { return at[x]; }
};

/// The plate: colours (height, width, channels), extra layers (height, width, layers), disparity (height, width) in px.
struct Plate {
    const float* colours;
    const float* extra;
    const float* disparity;
    int height, width, channels, layers;
    int alpha;  // index of the alpha channel, -1 if there is none

    template <int N> Row<N> colours_of(int y) const {
        return {colours + int64(y) * width * channels, width, channels};
    }
    Row<0> extra_of(int y) const { return {extra + int64(y) * width * layers, width, layers}; }
    Line<> disparity_of(int y) const { return {disparity + int64(y) * width, width}; }
    bool holds(int y, int x) const { return y >= 0 && y < height && x >= 0 && x < width; }
};

/// Targets: colours (height, width, channels), extra layers (height, width, layers), disparity (height, width).
struct Planes {
    float* colours;
    float* extra;
    float* disparity;
    int height, width, channels, layers;

    template <int N> Row<N, float> colours_of(int r) const {
        return {colours + int64(r) * width * channels, width, channels};
    }
    Row<0, float> extra_of(int r) const { return {extra + int64(r) * width * layers, width, layers}; }
    float* disparity_of(int r) const { return disparity + int64(r) * width; }
};

/// How a row of the plate is carried: sign +1 towards the right eye, -1 towards the left; column of the first target.
struct Carry {
    float sign;
    int left;
};

ART3D_END
