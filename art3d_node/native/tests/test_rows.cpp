// One row from its disparity to a filled view: the contest, holes, their fill, and ramps.
#include "../holes.h"
#include "../knobs.h"
#include "../scatter.h"

#include "check.h"

using namespace art3d::baseline;
using art3d::tests::same_row;

namespace {

std::vector<float> resolved(const std::vector<float>& row, float sign, int reach) {
    std::vector<float> made(row.size(), -1.0f), lined(row.size() + 16);
    const int width = int(row.size());
    resolve_row({row.data(), made.data(), 1, width, sign, 1, reach, {0, width}, 0}, 0, {reinterpret_cast<char*>(lined.data())});
    return made;
}

struct Marked {
    bool hole[5], beyond[5];
};

Marked marked(const std::vector<float>& row, int widest) {
    Marked found;
    mark_holes({row.data(), nullptr, 1, int(row.size()), widest, found.hole, found.beyond}, 0);
    return found;
}

}  // namespace

CASE(the_nearest_surface_wins_and_leaves_a_hole) {
    const std::vector<float> d{0, 0, 0, 2, 2, 0, 0, 0};
    std::vector<float> won(8, NOTHING), fraction(8), cell(16);
    std::vector<int> sample(8, -1), offset(8);
    scatter_row({d.data(), 8}, {0, 8}, {1.0f, 0}, 0, {won.data(), sample.data(), fraction.data(), 8},
                {offset.data(), cell.data(), cell.data() + 8});
    CHECK(same_row(won, {0, 2, 2, NOTHING, NOTHING, 0, 0, 0}));
    CHECK(sample[1] == 3 && sample[3] == -1 && sample[5] == 5);
}

CASE(a_hole_wider_than_any_is_the_borders) {
    const std::vector<float> row{1, NOTHING, NOTHING, 1, NOTHING};
    const Marked inside = marked(row, 2), narrow = marked(row, 1);
    CHECK(!inside.hole[0] && inside.hole[1] && inside.hole[2] && !inside.hole[3] && inside.hole[4]);
    CHECK(!inside.beyond[1] && !inside.beyond[2] && inside.beyond[4]);
    CHECK(narrow.beyond[1] && narrow.beyond[2]);
}

CASE(a_hole_reads_as_far_as_its_rays_look) {
    const std::vector<float> row{1, 1, NOTHING, NOTHING, 1, 1};
    CHECK(rows_read(row.data(), 6, 0, {0, 6}) == 12 + TAPS);
    CHECK(rows_read(row.data(), 6, 0, {0, 2}) == 0 && rows_read(row.data(), 6, 0, {4, 6}) == 0);
}

CASE(a_hole_is_filled_from_the_background_alone) {
    const std::vector<float> plate_disparity{0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    std::vector<float> disparity{0, 0, 0, 0, NOTHING, NOTHING, NOTHING, 5, 5, 5, 5, 5}, filled(12);
    std::vector<float> colours{.25f, .25f, .25f, .25f, 0, 0, 0, 1, 1, 1, 1, 1};
    const std::vector<int> index{0, 1, 2, 3, 0, 0, 0, 12, 13, 14, 15, 16};
    const Plate plate{colours.data(), nullptr, plate_disparity.data(), 1, 17, 1, 0, -1};
    const Planes view{colours.data(), nullptr, disparity.data(), 1, 12, 1, 0};
    fill_row<0>({plate, 1.0f, 0, 0, view, index.data(), 0, {0, 12}, filled.data(), {}}, 0);
    CHECK(same_row(colours, {.25f, .25f, .25f, .25f, .25f, .25f, .25f, 1, 1, 1, 1, 1}));
    CHECK(same_row(filled, {0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5}));
}

CASE(a_ramp_goes_to_its_two_ends) {
    CHECK(same_row(resolved({6, 6, 5, 2, 0, 0}, 1.0f, 5), {6, 6, 6, 6, 0, 0}));
    CHECK(same_row(resolved({6, 6, 5, 1.5f, 0, 0}, 1.0f, 5), {6, 6, 6, 0, 0, 0}));
}

CASE(a_ramp_behind_a_long_level_is_found) {
    for (int lead = 0; lead < 50; ++lead) {
        std::vector<float> row(lead, 6.0f), made;
        row.insert(row.end(), {6, 5, 2, 0, 0});
        made = resolved(row, 1.0f, 5);
        CHECK(made[lead + 1] == 6 && made[lead + 2] == 6 && made[lead + 3] == 0);
    }
}

CASE(a_wide_ramp_that_folds_stays) {
    const std::vector<float> wide{6, 4.8f, 3.6f, 2.4f, 1.2f, 0};
    CHECK(same_row(resolved(wide, -1.0f, 9), {6, 4.8f, 3.6f, 2.4f, 1.2f, 0}));
    CHECK(same_row(resolved(wide, 1.0f, 9), {6, 6, 6, 6, 0, 0}));
    CHECK(same_row(resolved(wide, 1.0f, 4), {6, 4.8f, 3.6f, 2.4f, 1.2f, 0}));
}

CASE(a_slope_is_no_ramp) {
    CHECK(same_row(resolved({3, 2.2f, 1.4f, 0.6f}, 1.0f, 9), {3, 2.2f, 1.4f, 0.6f}));
}
