// What differs between a processor and a GPU: everything else in these headers is one definition for both.
//
// No header of the standard library may be used here but <math.h>: NVRTC has none, and each instruction set compiles
// the kernels once more, so that an inline function of the library would be shared between them by the linker.
#pragma once

#ifdef __CUDACC_RTC__
#define ART3D_ISA device
#else
#include <math.h>
#ifndef ART3D_ISA
#define ART3D_ISA baseline
#endif
#endif

using uint8 = unsigned char;
using int64 = long long;

// Every kernel lives in a namespace of its instruction set.
#define ART3D_BEGIN namespace art3d { namespace ART3D_ISA {
#define ART3D_END } }

ART3D_BEGIN

constexpr float INFINITE = __builtin_bit_cast(float, 0x7f800000);
constexpr float UNKNOWN = __builtin_bit_cast(float, 0x7fc00000);  // NaN
constexpr float NOTHING = -INFINITE;  // the disparity of a target that no surface reaches

// Of numbers that are not comparable (NaN) both return the first one.
template <typename T> inline T min(T a, T b) { return b < a ? b : a; }
template <typename T> inline T max(T a, T b) { return b > a ? b : a; }
template <typename T> inline T clamp(T value, T low, T high) { return min(max(value, low), high); }

inline float size_of(float value) { return fabsf(value); }
inline bool is_finite(float value) { return fabsf(value) < INFINITE; }

/// Integer division, rounded up.
inline int parts(int whole, int part) { return (whole + part - 1) / part; }

/// Number of the lowest bit that is set.
#ifdef __CUDACC_RTC__
inline int first_bit(unsigned bits) { return __ffs(int(bits)) - 1; }
#else
inline int first_bit(unsigned bits) { return __builtin_ctz(bits); }
#endif

/// The first k from `first` on that has(k), or `last`; looked for in AT_A_GLANCE at once, as mostly none of these has it.
constexpr int AT_A_GLANCE = 64;
template <typename Has> inline int find(int first, int last, Has has) {
    if (first < last && has(first)) return first;
    for (; first + AT_A_GLANCE <= last; first += AT_A_GLANCE) {
        int any = 0;
        for (int j = 0; j < AT_A_GLANCE; ++j) any |= int(has(first + j));
        if (any) break;
    }
    while (first < last && !has(first)) ++first;
    return first;
}

/// First and one past the last of a range.
struct Span {
    int first, last;
};

ART3D_END
