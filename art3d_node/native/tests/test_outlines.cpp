// The band around depth edges, and what its pixels say of their two surfaces.
#include "../band.h"
#include "../softness.h"

#include "check.h"

using namespace art3d::baseline;
using art3d::tests::same_row;

namespace {

constexpr int TALL = 24, WIDE = 40;

/// A plate whose left part lies in front, its outline slanted, and the survey of its rows.
template <int CHANNELS> struct Made {
    std::vector<float> colours, disparity;
    std::vector<uint8> reach, lines;
    std::vector<int> start, count, ints;
    std::vector<float> floats;
    Plate plate;
    Reaches reaches;
    Neighbourhood around;
    MixedPixels band;

    explicit Made(float spoilt = 0.5f) : colours(TALL * WIDE * CHANNELS), disparity(TALL * WIDE) {
        unsigned noise = 1;
        for (int i = 0; i < TALL * WIDE; ++i) {
            const bool front = i % WIDE < 15 + i / WIDE / 3;
            disparity[i] = front ? 6.0f : -2.0f;
            for (int c = 0; c < CHANNELS; ++c) {
                noise = noise * 1664525u + 1013904223u;
                colours[i * CHANNELS + c] = (front ? 0.75f : 0.25f) + float(noise >> 20) / 65536.0f;
            }
        }
        colours[(12 * WIDE + 20) * CHANNELS] = spoilt;
        plate = {colours.data(), nullptr, disparity.data(), TALL, WIDE, CHANNELS, 0, CHANNELS - 1};
        const int height = TALL + 2 * LOOK_PX, width = WIDE + 2 * LOOK_PX;
        reach.resize(height * width), lines.resize((height + 2 * BAND_PX) * width);
        reaches = {reach.data(), height, width, -LOOK_PX, -LOOK_PX};
        std::vector<uint8> scratch(2 * (width + 2 * BAND_PX));
        for (int r = 0; r < height + 2 * BAND_PX; ++r)
            reach_along(plate, reaches, r, lines.data() + r * width, scratch.data());
        for (int r = 0; r < height; ++r) reach_across(lines.data(), reaches, r);
        make_neighbourhood(WIDE, width, around);
        const int size = TALL * WIDE;
        start.resize(TALL), count.resize(TALL), ints.resize(3 * size), floats.resize((7 + 2 * CHANNELS) * size);
        kinds.resize(size);
        for (int r = 0; r < TALL; ++r) start[r] = r * WIDE;
        float* at = floats.data();
        const auto take = [&](int each) { return at += each * size, at - each * size; };
        band = {start.data(), count.data(), ints.data(), take(1), take(CHANNELS), take(CHANNELS), take(2),
                ints.data() + size, kinds.data(), take(2), take(2)};
    }

    template <int N> void survey() {
        std::vector<float> sums(2 * (1 + 2 * CHANNELS));
        for (int r = 0; r < TALL; ++r)
            survey_row<N>({&plate, &reaches, &around}, band, r, {0, WIDE}, {sums.data(), sums.data() + 1 + 2 * CHANNELS});
    }

    /// Takes every pixel of the survey apart at the same alpha.
    template <int N> void split() {
        for (int r = 0; r < TALL; ++r)
            for (int i = start[r]; i < start[r] + count[r]; ++i) {
                const Survey in{&plate, &reaches, &around};
                const BandPixel p = band_pixel(in, r, band.column[i], band.disparities[2 * i], band.disparities[2 * i + 1]);
                split_colours<N>(in, p, 0.6f, 0.9f, band.front + i * CHANNELS, band.back + i * CHANNELS);
            }
    }

    std::vector<uint8> kinds;
};

template <int N> void lanes_say_what_numbers_say(float spoilt) {
    Made<N> lanes(spoilt), numbers(spoilt);
    lanes.template survey<N>(), numbers.template survey<0>();
    CHECK(lanes.count == numbers.count && lanes.ints == numbers.ints && lanes.kinds == numbers.kinds);
    CHECK(lanes.floats == numbers.floats);
    lanes.template split<N>(), numbers.template split<0>();
    CHECK(lanes.floats == numbers.floats);
    int total = 0;
    for (const int each : lanes.count) total += each;
    CHECK(total > 6 * TALL);
}

}  // namespace

CASE(distances_grow_from_both_sides_of_an_edge) {
    const Made<3> made;
    const uint8* row = made.reach.data() + (LOOK_PX + 1) * (WIDE + 2 * LOOK_PX) + LOOK_PX;
    const uint8 wanted[] = {4, 3, 2, 1, 0, 0, 1, 2, 2};  // between columns 14 and 15; two rows on, further right
    for (int k = 0; k < 9; ++k) CHECK(row[10 + k] == wanted[k]);
    CHECK(row[20] == FAR_PX && row[0] == FAR_PX && row[WIDE - 1] == FAR_PX);
}

CASE(four_channels_at_once_are_as_good_as_one) { lanes_say_what_numbers_say<4>(0.5f); }
CASE(three_channels_at_once_are_as_good_as_one) { lanes_say_what_numbers_say<3>(0.5f); }
CASE(a_value_that_is_not_finite_is_left_out_of_both) {
    lanes_say_what_numbers_say<4>(INFINITE);
    lanes_say_what_numbers_say<3>(UNKNOWN);
}

CASE(the_survey_finds_both_surfaces) {
    Made<3> made;
    made.survey<3>();
    const int i = made.start[12] + made.count[12] / 2;
    CHECK(made.band.disparities[2 * i] == 6 && made.band.disparities[2 * i + 1] == -2);
    CHECK(made.band.front[3 * i] > 0.74f && made.band.front[3 * i] < 0.82f);
    CHECK(made.band.back[3 * i] > 0.24f && made.band.back[3 * i] < 0.32f);
}

CASE(a_place_between_two_colours) {
    float front[] = {2, 2, 2, 2, 2}, back[] = {4, 0, 4, 0, 4};  // means (1, 1) and (0, 1), without any texture
    const float pixel[] = {0.25f, 1};
    const RawAlpha found = locate<0>(pixel, 2, {front, back});
    CHECK(found.alpha == 0.25f && found.variance == 1e-4f && found.off_line == 0);
    float other[] = {2, 2, 2, 2, 2}, same[] = {1, 1, 1, 1, 1};
    CHECK(locate<0>(pixel, 2, {other, same}).variance == INFINITE);
}

CASE(lanes_add_up_from_the_first_to_the_last) {
    const float values[] = {1e8f, 1, -1e8f, 1};
    CHECK(sum_of<4>(load<4>(values)) == 1.0f);
    CHECK(load<3>(values)[3] == 0.0f);
    const float wild[] = {UNKNOWN, 1, INFINITE, -INFINITE}, tame[] = {5, 6, 7, 8};
    std::vector<float> out(4);
    store<4>(finite_or(load<4>(wild), load<4>(tame)), out.data());
    CHECK(same_row(out, {5, 1, 7, 8}));
    store<4>(without<4>(load<4>(tame), 2), out.data());
    CHECK(same_row(out, {5, 6, 0, 8}));
}

CASE(an_outline_that_is_sharp_keeps_its_own_edge) {
    const Learnt sharp{0, 1}, soft{0.5f, 1};
    CHECK(settled_alpha(sharp, FAR_PX, 0.97f, 0.0f) == 1.0f);       // on the front surface, all but whole
    CHECK(settled_alpha(sharp, 0, 0.02f, 0.0f) == 0.0f);            // on the back one
    CHECK(settled_alpha(soft, FAR_PX, 0.9f, INFINITE) == 0.5f);     // it tells nothing itself
    CHECK(settled_alpha(soft, FAR_PX, 0.25f, 0.0f) == 0.25f);       // it tells all
}
