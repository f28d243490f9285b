// What differs between a processor and a GPU: everything else in these headers is one definition for both.
//
// No header of the standard library may be used here but <math.h>: NVRTC has none, and each instruction set compiles
// the kernels once more, so that an inline function of the library would be shared between them by the linker.
#pragma once

#ifdef __CUDACC_RTC__
#define ART3D_FN __device__ inline
#define ART3D_FN_MEMBER __device__
#define ART3D_TABLE __constant__ const
#define ART3D_ISA device
using uint8 = unsigned char;
using int64 = long long;
#else
#include <math.h>
#define ART3D_FN static inline
#define ART3D_FN_MEMBER
#define ART3D_TABLE constexpr
#ifndef ART3D_ISA
#define ART3D_ISA baseline
#endif
using uint8 = unsigned char;
using int64 = long long;
#endif

// Every kernel lives in a namespace of its instruction set.
#define ART3D_BEGIN namespace art3d { namespace ART3D_ISA {
#define ART3D_END } }

ART3D_BEGIN

constexpr float INFINITE = __builtin_huge_valf();
constexpr float NOTHING = -INFINITE;  // the disparity of a target that no surface reaches

// Of numbers that are not comparable (NaN) both return the first one.
template <typename T> ART3D_FN T min(T a, T b) { return b < a ? b : a; }
template <typename T> ART3D_FN T max(T a, T b) { return b > a ? b : a; }
template <typename T> ART3D_FN T clamp(T value, T low, T high) { return min(max(value, low), high); }

ART3D_FN float size_of(float value) { return fabsf(value); }
ART3D_FN bool is_finite(float value) { return fabsf(value) < INFINITE; }

/// Integer division, rounded up.
ART3D_FN int parts(int whole, int part) { return (whole + part - 1) / part; }

/// First and one past the last of a range.
struct Span {
    int first, last;
};

ART3D_END
