"""The artist's and the shot's knobs in the pixels: sculpt, budget, fill, alpha."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from art3d_node.analysis import analyse
from art3d_node.plate import GIVEN
from art3d_node.renderer import render
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.staged import FULL, LIBRARY, WIDE, H, W, given_frame, pop_out, shoot


def test_matte_of_eight_bits_says_where_sculpt_acts() -> None:
    d = pop_out()
    matte = np.zeros((H, W, 1), np.uint8)
    frame = given_frame(d, matte=matte)
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    found = replace(found, fit=replace(found.fit, scale=0.0, shift=0.0), local_range_px=(-4.0, 6.0))
    plain = render(frame, found, replace(WIDE, sculpt=2.0), FULL, ("disparity_left",)).planes["disparity_left"]
    assert np.array_equal(plain[..., 0].numpy(), d)
    matte[:] = 255
    full = render(frame, found, replace(WIDE, sculpt=2.0), FULL, ("disparity_left",)).planes["disparity_left"]
    assert np.allclose(full[..., 0].numpy(), 2.0 * d)


def test_the_shots_knobs_lie_under_the_artists() -> None:
    frame = given_frame(pop_out())
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    shot = replace(found, shot_gain=0.5, shot_zero_plane_pct=1.0)
    a = render(frame, shot, WIDE, FULL, ("disparity_left",)).planes["disparity_left"]
    b = render(frame, found, replace(WIDE, depth_gain=0.5, zero_plane=1.0), FULL, ("disparity_left",)).planes
    assert torch.equal(a, b["disparity_left"])


def test_the_depth_budget_holds_in_every_output() -> None:
    planes = shoot(given_frame(pop_out() * 10.0), Controls(edges="hard")).planes
    for name in ("disparity_left", "disparity_right"):
        assert float(planes[name].max()) <= 0.025 * W
        assert float(planes[name].min()) >= -0.02 * W


def test_without_a_budget_a_disparity_stays_as_it_is() -> None:
    d = pop_out() * 10.0
    planes = shoot(given_frame(d), Controls(edges="hard", depth_budget="none")).planes
    assert np.array_equal(planes["disparity_left"][..., 0].numpy(), d)


def test_occlusion_to_alpha_clears_the_filled_pixels() -> None:
    planes = shoot(given_frame(pop_out()), replace(WIDE, occlusion_to_alpha=True)).planes
    filled = planes["occlusion_right"][..., 0] == 1.0
    assert not planes["right"][..., 3][filled].any()
    assert bool((planes["right"][..., 3][~filled] != 0.0).any())


def test_a_clean_plate_fills_the_holes() -> None:
    clean = np.full((H, W, 4), 7.0, np.float32)
    planes = shoot(given_frame(pop_out(), clean_plate=clean), replace(WIDE, fill="clean-plate")).planes
    filled = planes["occlusion_right"][..., 0] == 1.0
    inner = filled & ~filled[:1]  # the first row shows no more than what lies beyond the border, of which nobody knows
    assert bool(inner.any()) and bool((planes["right"][inner] == 7.0).all())
