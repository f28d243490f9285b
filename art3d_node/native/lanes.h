// The channels of a pixel, several at once. Each lane adds up in the order in which it is written: no result depends on it.
#pragma once
#include "platform.h"

ART3D_BEGIN

#ifdef __CUDACC_RTC__
struct Four {
    float at[4];

    float operator[](int i) const { return at[i]; }
};

#define ART3D_LANES(op)                                                                                     \
    inline Four operator op(Four a, Four b) {                                                               \
        return {{a.at[0] op b.at[0], a.at[1] op b.at[1], a.at[2] op b.at[2], a.at[3] op b.at[3]}};          \
    }                                                                                                       \
    inline Four operator op(float a, Four b) { return Four{{a, a, a, a}} op b; }                            \
    inline Four operator op(Four a, float b) { return a op Four{{b, b, b, b}}; }
ART3D_LANES(+)
ART3D_LANES(-)
ART3D_LANES(*)
ART3D_LANES(/)
#undef ART3D_LANES

template <typename Each> inline Four by_lane(Four a, Four b, Each each) {
    return {{each(a.at[0], b.at[0]), each(a.at[1], b.at[1]), each(a.at[2], b.at[2]), each(a.at[3], b.at[3])}};
}
inline Four min(Four a, Four b) { return by_lane(a, b, [](float x, float y) { return y < x ? y : x; }); }
inline Four max(Four a, Four b) { return by_lane(a, b, [](float x, float y) { return y > x ? y : x; }); }
inline Four finite_or(Four a, Four b) { return by_lane(a, b, [](float x, float y) { return is_finite(x) ? x : y; }); }
inline Four size_of(Four a) { return by_lane(a, a, [](float x, float) { return size_of(x); }); }
inline Four four(float a, float b, float c, float d) { return {{a, b, c, d}}; }
#else
using Four = float __attribute__((vector_size(16)));

inline Four min(Four a, Four b) { return b < a ? b : a; }
inline Four max(Four a, Four b) { return b > a ? b : a; }
/// Each lane of `a` where it is finite, else of `b`.
inline Four finite_or(Four a, Four b) { return (a < INFINITE) & (a > -INFINITE) ? a : b; }
inline Four size_of(Four a) {
    using Bits = int __attribute__((vector_size(16)));
    return Four(Bits(a) & 0x7fffffff);
}
inline Four four(float a, float b, float c, float d) { return Four{a, b, c, d}; }
#endif

inline float finite_or(float a, float b) { return is_finite(a) ? a : b; }

/// So many channels of a pixel with N of them are worked on at once, as such a type.
template <int N> constexpr int AT_ONCE = N == 3 || N == 4 ? N : 1;
template <int N> struct LanesOf { using type = float; };
template <> struct LanesOf<3> { using type = Four; };
template <> struct LanesOf<4> { using type = Four; };
template <int N> using Lanes = typename LanesOf<N>::type;

/// Reads them; a lane that is left over is 0.
template <int N> inline Lanes<N> load(const float* at) {
    if constexpr (AT_ONCE<N> == 1) return at[0];
    else return four(at[0], at[1], at[2], N == 4 ? at[N - 1] : 0.0f);
}

template <int N> inline void store(Lanes<N> lanes, float* at) {
    if constexpr (AT_ONCE<N> == 1) at[0] = lanes;
    else for (int c = 0; c < N; ++c) at[c] = lanes[c];
}

template <int N> inline Lanes<N> all_lanes(float value) {
    if constexpr (AT_ONCE<N> == 1) return value;
    else return four(value, value, value, value);
}

/// Their sum, from the first to the last.
template <int N> inline float sum_of(Lanes<N> lanes) {
    if constexpr (AT_ONCE<N> == 1) return lanes;
    else return N == 4 ? lanes[0] + lanes[1] + lanes[2] + lanes[3] : lanes[0] + lanes[1] + lanes[2];
}

/// The lanes, of which one is 0; none where there is no such lane.
template <int N> inline Lanes<N> without(Lanes<N> lanes, int lane) {
    if constexpr (AT_ONCE<N> == 1) return lane == 0 ? 0.0f : lanes;
    else return four(lane == 0 ? 0.0f : lanes[0], lane == 1 ? 0.0f : lanes[1], lane == 2 ? 0.0f : lanes[2],
                     lane == 3 ? 0.0f : lanes[3]);
}

ART3D_END
