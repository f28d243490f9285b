// Where a sample lands, and what is read there.
#include "../scanline.h"

#include "check.h"

using namespace art3d::baseline;
using art3d::tests::same_row;

namespace {

struct Offer {
    int target;
    float value;
    Part part;
};

std::vector<Offer> offers(const std::vector<float>& row, int x, float sign = 1.0f) {
    std::vector<Offer> found;
    visit_sample(Line<>{row.data(), int(row.size())}, x, {sign, 0}, int(row.size()),
                 [&](int k, float value, Part part) { found.push_back({k, value, part}); });
    return found;
}

std::vector<float> read(const std::vector<float>& colours, const std::vector<float>& disparity, Position at, int alpha = -1) {
    std::vector<float> out(1);
    const int size = int(disparity.size());
    const Source<0> from{{colours.data(), size, 1}, {nullptr, size, 0}, {disparity.data(), size}, alpha, false};
    sample(from, at, out.data(), nullptr);
    return out;
}

}  // namespace

CASE(a_cell_reaches_both_targets_that_its_ends_hit) {
    const auto found = offers({2, 2, 2, 2, 2}, 3);
    CHECK(found.size() == 2 && found[0].target == 1 && found[1].target == 2 && found[0].part == CELL);
}

CASE(towards_the_left_eye_a_near_surface_moves_right) {
    const auto found = offers({1, 1, 1, 1}, 1, -1.0f);
    CHECK(found.size() == 2 && found[0].target == 2 && found[1].target == 3);
}

CASE(a_lone_sample_covers_half_a_pixel_on_either_side) {
    const auto near = offers({9, 0.4f, 9}, 1), exact = offers({9, 1, 9}, 1), half = offers({9, 9, 0.5f, 9}, 2);
    CHECK(near.size() == 1 && near[0].target == 1 && near[0].part == RIGHT_END);
    CHECK(exact.size() == 2 && exact[0].target == 0 && exact[1].target == 0 && exact[1].part == LEFT_END);
    CHECK(half.size() == 1 && half[0].target == 2);  // the half pixel itself belongs to the right end alone
}

CASE(what_is_nowhere_reaches_nothing) {
    CHECK(offers({UNKNOWN, UNKNOWN}, 0).empty());
    CHECK(offers({INFINITE, 0}, 0).empty());
}

CASE(surfaces_part_above_a_pixel_of_disparity) {
    CHECK(joined(1, 2) && !joined(1, 2.001f) && !joined(1, UNKNOWN) && !joined(INFINITE, INFINITE));
}

CASE(catmull_rom_at_the_middle_and_at_a_sample) {
    const Weights middle = whole_cubic(0.5f), at = whole_cubic(0.0f);
    CHECK(middle.w0 == -0.0625f && middle.w1 == 0.5625f && middle.w2 == 0.5625f && middle.w3 == -0.0625f);
    CHECK(at.w0 == 0 && at.w1 == 1 && at.w2 == 0 && at.w3 == 0);
}

CASE(a_slope_goes_on_beyond_a_cut) {
    const std::vector<float> slope{99, 1, 2, 3, 99}, cut{50, 0, 0, 0, 50};
    CHECK(same_row(read(slope, cut, {1, 0.5f}), {1.5f}));
    CHECK(same_row(read(slope, cut, {2, 0.5f}), {2.5f}));
    CHECK(same_row(read(slope, cut, {3, 0.25f}), {3}));  // past its last sample
}

CASE(alpha_does_not_overshoot) {
    const std::vector<float> step{0, 1, 1, 1, 1, 0}, flat(6, 0.0f);
    CHECK(read(step, flat, {1, 0.5f})[0] > 1.0f);
    CHECK(same_row(read(step, flat, {1, 0.5f}, 0), {1}));
}

CASE(what_is_not_finite_stays_in_its_pixel) {
    const std::vector<float> row{1, 1, INFINITE, 2, 2}, flat(5, 0.0f);
    CHECK(same_row(read(row, flat, {0, 0.75f}), {1}));
    CHECK(same_row(read(row, flat, {1, 0.25f}), {1}));
    CHECK(same_row(read(row, flat, {1, 0.75f}), {INFINITE}));
    CHECK(same_row(read(row, flat, {3, 0.5f}), {2}));
}
