"""The signs of disparity and occlusion: x_R = x_L − d, and what each view owes the other."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.art3d_node.staged import WIDE, W, given_frame, pop_out, shoot


@pytest.mark.parametrize("hero", ["left", "right"])
def test_the_hero_view_is_the_plate_bit_for_bit(hero: str) -> None:
    frame = given_frame(pop_out())
    frame.layers["color"][3, 4] = (-0.5, 40.0, math.nan, math.inf)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    assert np.array_equal(planes[hero].numpy(), frame.layers["color"], equal_nan=True)
    assert np.array_equal(planes[f"{hero}_extra"].numpy(), frame.layers["extra"])
    assert np.array_equal(planes[f"disparity_{hero}"].numpy(), frame.layers["disparity"])
    assert not planes[f"occlusion_{hero}"].any()


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_no_disparity_is_the_identity_bit_for_bit(hero: str) -> None:
    frame = given_frame(0.0)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    for eye in ("left", "right"):
        assert np.array_equal(planes[eye].numpy(), frame.layers["color"])
        assert not planes[f"occlusion_{eye}"].any()


def test_convention_positive_disparity_moves_the_right_eye_left() -> None:
    """x_R = x_L − d: what pops out lies further left in the right eye's view."""
    frame = given_frame(6.0)
    right = shoot(frame).planes["right"].numpy()
    assert np.array_equal(right[:, :-6], frame.layers["color"][:, 6:])


def test_convention_positive_disparity_moves_the_left_eye_right() -> None:
    frame = given_frame(6.0)
    left = shoot(frame, replace(WIDE, hero="right")).planes["left"].numpy()
    assert np.array_equal(left[:, 6:], frame.layers["color"][:, :-6])


def test_convention_without_a_hero_each_eye_takes_half() -> None:
    frame = given_frame(6.0)
    planes = shoot(frame, replace(WIDE, hero="none")).planes
    assert np.array_equal(planes["left"].numpy()[:, 3:], frame.layers["color"][:, :-3])
    assert np.array_equal(planes["right"].numpy()[:, :-3], frame.layers["color"][:, 3:])


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_convention_both_disparities_are_x_left_minus_x_right(hero: str) -> None:
    """Writers make Nuke's channels of these: disparityR.x = −disparity_left, disparityL.x = +disparity_right."""
    planes = shoot(given_frame(pop_out()), replace(WIDE, hero=hero)).planes
    for eye, sign in (("left", 1), ("right", -1)):
        shift = {"left": 0, "right": 6, "none": 3}[hero] * sign if eye != hero else 0
        if hero in ("left", "right") and eye != hero:
            shift = 6 * sign
        disparity = planes[f"disparity_{eye}"][..., 0]
        assert float(disparity[20, 50 + shift]) == 6.0
        assert float(disparity[2, 50]) == -4.0


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_convention_the_disparities_lead_from_view_to_view(hero: str) -> None:
    """left(x) = right(x − disparity_left(x)) wherever neither is invented."""
    planes = shoot(given_frame(pop_out()), replace(WIDE, hero=hero)).planes
    d = planes["disparity_left"][..., 0].round().long()
    x = torch.arange(W) - d
    inside = (x >= 0) & (x < W)
    x = x.clamp(0, W - 1)
    seen = torch.gather(planes["right"], 1, x[..., None].expand(-1, -1, 4))
    back = torch.gather(planes["disparity_right"][..., 0], 1, x)
    clean = torch.gather(planes["occlusion_right"][..., 0], 1, x) == 0
    both = inside & clean & (planes["occlusion_left"][..., 0] == 0) & (back == d)
    assert float(both.float().mean()) > 0.7
    assert torch.equal(seen[both], planes["left"][both])


def test_convention_occlusion_is_one_where_a_view_was_invented() -> None:
    planes = shoot(given_frame(pop_out())).planes
    occlusion = planes["occlusion_right"][..., 0]
    assert set(occlusion.unique().tolist()) == {0.0, 1.0}
    # The square moved 6 px left and the wall 4 px right: ten columns open behind the square's right border.
    assert int(occlusion[20].sum()) == 10 + 4
    assert occlusion[20, 54:64].tolist() == [1.0] * 10
    assert occlusion[20, :4].tolist() == [1.0] * 4
