"""One scene for each idea of the new view, small enough that its answer can be worked out on paper."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from art3d_node.stereo.synthesis import NewView, new_view

NEAREST = 1e-5  # float32 arithmetic on values of about 1
STRIPE = 2.0  # a stripe that a hole continues is so much brighter than what lies beside it


def board(height: int, width: int, columns: slice, *, near: float = 10.0) -> tuple[Tensor, Tensor]:
    """A black wall at 0 px, a red board of all rows before it: towards the right eye a hole as wide as ``near``."""
    image, disparity = torch.zeros(height, width, 3), torch.zeros(height, width)
    image[:, columns, 0], disparity[:, columns] = 1.0, near
    return image, disparity


def row_view(values: list[float], disparity: list[float], **options: Any) -> NewView:
    """The new view of one row."""
    return new_view(torch.tensor(values)[None, :, None], torch.tensor(disparity)[None], edges="hard", **options)


# How a row is carried and read


def test_half_a_pixel_is_the_catmull_rom_mean_of_four_samples() -> None:
    """Keys' weights at 1/2 are -1/16, 9/16, 9/16, -1/16; a quarter pixel has -9/128, 111/128, 29/128, -3/128."""
    values = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    half = row_view(values, [0.5] * 6).image[0, :, 0]
    assert half[2] == pytest.approx((-2.0 + 9 * 4 + 9 * 8 - 16) / 16)
    quarter = row_view(values, [0.25] * 6).image[0, :, 0]
    assert quarter[2] == pytest.approx((-9 * 2.0 + 111 * 4 + 29 * 8 - 3 * 16) / 128)


def test_beyond_a_cut_a_straight_line_stands_in() -> None:
    """p[-1] = 2 p[0] - p[1]: the first cell of a surface holds a straight line's value plus what lies right of it."""
    values = [9.0, 9.0, 1.0, 2.0, 4.0, 8.0]
    view = row_view(values, [-5.0, -5.0, 0.5, 0.5, 0.5, 0.5], fill="none").image[0, :, 0]
    assert view[2] == pytest.approx((-(2 * 1.0 - 2.0) + 9 * 1 + 9 * 2 - 4) / 16)


@pytest.mark.parametrize(("slope", "holes"), [(1.0, 0), (1.0625, 4)])
def test_a_surface_is_cut_where_neighbours_differ_by_more_than_a_pixel(slope: float, holes: int) -> None:
    """Four steps that stretch it: of one pixel each they are one surface, a little more and a hole opens at each."""
    disparity = [0.0] * 8 + [-slope * k for k in range(1, 5)] + [-4 * slope] * 12
    view = row_view([1.0] * 24, disparity, fill="none")
    inner = view.occlusion & ~view.beyond_border
    assert int(inner.sum()) == holes


def test_a_surface_ends_half_a_pixel_past_its_last_sample() -> None:
    """The half pixel counts on the right of it, so that a shift by half a pixel keeps every width."""
    for shift, first, last in ((0.5, 5, 8), (0.25, 5, 8), (-0.25, 5, 8), (-0.5, 6, 9)):
        disparity = [math.nan] * 5 + [shift] * 4 + [math.nan] * 5
        seen = torch.nonzero(~row_view([1.0] * 14, disparity, fill="none").occlusion[0]).flatten()
        assert (int(seen[0]), int(seen[-1])) == (first, last), shift


def test_of_two_samples_that_fold_onto_one_target_the_nearer_shows() -> None:
    view = row_view([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [0, 0, 0, 0, 3.0, 0, 0, 0], fill="none")
    assert view.image[0, 1, 0] == 5.0 and view.disparity[0, 1] == 3.0
    assert view.image[0, 2, 0] == 3.0


# What fills a hole


def test_a_stripe_is_continued_through_a_hole() -> None:
    """Rays along which the background does not change count more than those that cross the stripe's edge."""
    image, disparity = board(60, 80, slice(30, 50), near=16.0)
    wall = torch.zeros(60, 80)
    wall[24:36] = 1.0
    image[..., 1] = torch.where(disparity > 0, 0.0, wall)
    view = new_view(image, disparity, edges="hard")
    assert view.occlusion[30, 34:50].all() and not view.occlusion[30, 33] and not view.occlusion[30, 50]
    inside, outside = view.image[24:36, 42:50, 1].mean(), view.image[[*range(16, 24), *range(36, 44)], 42:50, 1].mean()
    assert inside > 3 * outside
    assert view.image[28:32, 49, 1].min() > 0.98, "beside the wall the stripe goes on as it was"


def test_a_stripe_between_the_eight_directions_is_continued_too() -> None:
    """Two pixels along for one down: only a ray of the finer eight runs along it."""
    image, disparity = board(80, 96, slice(40, 60), near=16.0)
    y, x = torch.meshgrid(torch.arange(80.0), torch.arange(96.0), indexing="ij")
    wall = ((y - 40 - 0.5 * (x - 52)).abs() < 5).float()
    image[..., 1] = torch.where(disparity > 0, 0.0, wall)
    view = new_view(image, disparity, edges="hard")
    hole = view.occlusion & ~view.beyond_border & (x > 48)
    away = (y - 40 - 0.5 * (x - 52)).abs()
    on, beside = (
        view.image[..., 1][hole & (away < 3)].mean(),
        view.image[..., 1][hole & (away > 8) & (away < 14)].mean(),
    )
    assert on > STRIPE * beside


def test_near_background_counts_more_than_far_background() -> None:
    """A thin board before a wall, dark left of it and bright right of it: the fill rises from one to the other."""
    image, disparity = board(40, 100, slice(48, 52), near=4.0)
    image[:, :48, 1], image[:, 52:, 1] = 0.0, 1.0
    view = new_view(image, disparity, edges="hard")
    assert view.occlusion[20, 48:52].all()
    # The board stands over 44 .. 47: the dark wall's first pixel is 43, the bright one's 52. All rays to one side are
    # as much longer than the one along the row as those to the other, so that they do not change the shares.
    assert view.image[20, 48:52, 1].tolist() == pytest.approx([(k - 43) / 9 for k in range(48, 52)], abs=NEAREST)


def test_two_taps_and_the_change_along_the_ray() -> None:
    """One row, so that only the two rays along it are left; the board over 3 and 4 is passed over, not read."""
    values = [0.0, 3.0, 6.0, 7.0, 8.0, 50.0, 50.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    disparity = [0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    view = row_view(values, disparity)
    assert torch.nonzero(view.occlusion[0]).flatten().tolist() == [5, 6]
    left, right = (2 * 6.0 + 3.0) / 3, 9.0
    # Left all of the background's change lies along the ray (share 1), right there is none (share 1/2).
    for k, to_left, to_right in ((5, 3, 2), (6, 4, 1)):
        one, other = 1 / (to_left * math.sqrt(1.1)), 1 / (to_right * math.sqrt(0.6))
        assert float(view.image[0, k, 0]) == pytest.approx((one * left + other * right) / (one + other), abs=NEAREST)


@pytest.mark.parametrize("toward", ["right", "left"])
def test_a_hidden_gap_shows_what_lay_in_it(toward: Any) -> None:
    """Between two boards that close over it, the hole holds the gap's four pixels, each half as much as the last."""
    width, gap = 120, [1.0, 2.0, 4.0, 8.0]
    values, disparity = [0.0] * width, [-6.0] * width
    values[55:59] = gap
    for bar in (slice(25, 55), slice(59, 89)):
        disparity[bar] = [14.0] * 30
    view = row_view(values, disparity, toward=toward, data=torch.tensor(disparity)[None, :, None])
    order = gap if toward == "right" else gap[::-1]
    hidden = sum(value / 2**k for k, value in enumerate(order)) / (1 + 1 / 2 + 1 / 4 + 1 / 8)
    between = slice(41, 45) if toward == "right" else slice(69, 73)  # where the boards carry the gap
    assert view.occlusion[0, between].all() and (view.disparity[0, between] == -6.0).all()
    assert view.image[0, between, 0].tolist() == pytest.approx([hidden] * 4, rel=1e-5)
    assert view.data is not None and (view.data[0, between] == -6.0).all()


def test_the_border_hides_what_lies_beyond_it_and_nothing_else() -> None:
    """A hole that the border cuts is beyond it; one as wide inside the picture is not."""
    view = row_view([1.0] * 60, [-8.0] * 20 + [2.0] * 20 + [-8.0] * 20, fill="none")
    assert torch.nonzero(view.beyond_border[0]).flatten().tolist() == list(range(8))
    inner = view.occlusion & ~view.beyond_border
    assert torch.nonzero(inner[0]).flatten().tolist() == list(range(38, 48))


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("fill", ["background", "none"])
def test_ids_are_never_invented(edges: Any, fill: Any) -> None:
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(96.0), indexing="ij")
    cover = (0.5 - (((x - 48) ** 2 + (y - 24) ** 2).sqrt() - 12) / 5).clamp(0, 1)
    image = cover[..., None].expand(-1, -1, 3).contiguous()
    ids = torch.where(cover >= 0.5, 7.0, 3.0)[..., None]
    view = new_view(image, torch.where(cover >= 0.5, 9.4, -2.2), data=ids, edges=edges, fill=fill)
    assert view.data is not None
    allowed = {3.0, 7.0} if fill == "background" else {0.0, 3.0, 7.0}
    assert set(view.data.unique().tolist()) == allowed
    if fill == "background":  # and each pixel has the id of the surface whose disparity it has
        assert torch.equal(view.data[..., 0] == 7.0, view.disparity > 4.0)


# Soft outlines


def disc(softness: float, shift: float = 0.0) -> tuple[Tensor, Tensor]:
    """A white disc over black, its outline a ramp ``softness`` px wide, moved to the left; and its cover."""
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(120.0), indexing="ij")
    cover = (0.5 - (((x - 60 + shift) ** 2 + (y - 32) ** 2).sqrt() - 18) / softness).clamp(0, 1)
    return cover[..., None].expand(-1, -1, 3).contiguous(), cover


def test_a_soft_outline_carries_its_own_cover() -> None:
    """Over black, what is seen of a white disc is its cover: the moved disc, exactly, and black beside it."""
    image, cover = disc(4.0)
    view = new_view(image, torch.where(cover >= 0.5, 8.0, 0.0))
    truth, _ = disc(4.0, 8.0)
    assert (view.image - truth).abs().max() < 0.08
    assert view.image[32, 80:86].max() < 1e-3, "the old outline left a ghost"


def test_where_an_outline_covers_half_a_pixel_its_disparity_begins() -> None:
    image, cover = disc(4.0)
    view = new_view(image, torch.where(cover >= 0.5, 8.0, 0.0))
    _, moved = disc(4.0, 8.0)
    sure = (moved - 0.5).abs() > 0.12
    assert torch.equal((view.disparity > 4.0)[sure], (moved > 0.5)[sure])


def test_an_outline_that_sampling_alone_made_is_hard_where_both_surfaces_look_alike() -> None:
    """It says of itself that it is sharp, so the disparity's own edge is kept before its like."""
    image, cover = disc(1.0)
    image[28:36] = 1.0  # a band of the disc's own white across the picture
    disparity = torch.where(cover >= 0.5, 8.0, 0.0)
    soft, hard = (new_view(image, disparity, edges=edges, fill="none") for edges in ("soft", "hard"))
    inner = slice(30, 34)
    assert torch.equal(soft.occlusion[inner], hard.occlusion[inner])


def test_the_split_colours_add_up_to_the_pixel() -> None:
    """Nothing moves: foreground over background gives back the plate, textures and all."""
    generator = torch.Generator().manual_seed(2)
    image, cover = disc(4.0)
    image = 0.3 + 0.5 * image + 0.05 * torch.rand(image.shape, generator=generator)
    still = torch.where(cover >= 0.5, 1.5, 0.0)  # cut, and one and a half pixels on
    view = new_view(image, still - 1.5)
    inside = (cover == 1.0) & (torch.roll(cover, 4, 1) == 1.0) & (torch.roll(cover, -4, 1) == 1.0)
    assert torch.equal(view.image[inside], image[inside])


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_a_matte_is_interpolated_along_a_straight_line(channels: int) -> None:
    """A cubic would overshoot beside a step; the alpha channel and the extra layers do not."""
    image = torch.zeros(1, 20, channels)
    image[:, 10:] = 1.0
    view = new_view(image, torch.full((1, 20), 0.4), alpha=channels - 1, data=image[..., :1], edges="hard")
    assert view.data is not None
    for matte in (view.image[0, :19, -1], view.data[0, :19, 0]):
        assert matte.tolist() == pytest.approx([0.0] * 9 + [0.4] + [1.0] * 9, abs=NEAREST)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_what_is_not_finite_goes_to_the_nearest_target_alone(channels: int) -> None:
    image = torch.ones(1, 20, channels)
    image[0, 10, 0] = math.nan
    view = new_view(image, torch.full((1, 20), 0.25), edges="hard")
    assert torch.nonzero(view.image[0, :, 0].isnan()).flatten().tolist() == [10]
