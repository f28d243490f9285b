"""The masks of a floating window: where they lie, what they leave, that a tile is a crop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from host_bridge.core.errors import BadInputError
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from tests.art3d_node.staged import FULL, WIDE, H, W, given_frame, pop_out, shoot

VIEWS = ("left", "right")
MASKS = ("window_left", "window_right")
HARD = replace(WIDE, floating_window="manual", floating_softness=0.0)


def planes(controls: Controls, box: Box = FULL, **frame: Any) -> dict[str, np.ndarray]:
    made = shoot(given_frame(pop_out(), **frame), controls, box, (*VIEWS, *MASKS)).planes
    return {name: plane.numpy() for name, plane in made.items()}


def test_at_rest_nothing_is_masked() -> None:
    turned = replace(WIDE, floating_left=5.0, floating_right=5.0)
    for controls in (WIDE, turned, HARD):
        found = planes(controls)
        assert (found["window_left"] == 1.0).all() and (found["window_right"] == 1.0).all()
        for eye in VIEWS:
            assert np.array_equal(found[eye], planes(WIDE)[eye])
    assert "floating_window" not in shoot(given_frame(pop_out()), turned).stats


def test_convention_the_left_edge_is_masked_in_the_left_eye() -> None:
    """An edge at parallax −p lies p % of the width further right in the left eye."""
    found = planes(replace(HARD, floating_left=12.5, floating_right=6.25))
    assert (found["window_left"][:, :12] == 0.0).all() and (found["window_left"][:, 12:] == 1.0).all()
    assert (found["window_right"][:, :90] == 1.0).all() and (found["window_right"][:, 90:] == 0.0).all()


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_both_views_are_darkened_and_alpha_stays(hero: str) -> None:
    off = replace(HARD, hero=hero, floating_window="off")
    found, plain = planes(replace(off, floating_window="manual", floating_left=12.5, floating_right=6.25)), planes(off)
    for eye, mask in zip(VIEWS, MASKS, strict=True):
        assert np.array_equal(found[eye][..., :3], plain[eye][..., :3] * found[mask])
        assert np.array_equal(found[eye][..., 3], plain[eye][..., 3])


def test_what_is_masked_is_black_whatever_it_was() -> None:
    color = np.full((H, W, 4), np.inf, np.float32)
    color[: H // 2] = np.nan
    found = planes(replace(HARD, floating_left=12.5), color=color)
    assert (found["left"][:, :12, :3] == 0.0).all()
    assert not np.isfinite(found["left"][:, 12:, :3]).any()


def test_as_a_layer_the_views_stay() -> None:
    turned = replace(HARD, floating_left=12.5)
    found, layer = planes(turned), planes(replace(turned, floating_mask="layer"))
    assert np.array_equal(found["window_left"], layer["window_left"])
    assert np.array_equal(layer["left"], planes(WIDE)["left"])


def test_a_mask_fades_outwards_only() -> None:
    """Nothing beyond the named width is touched, and the fade is as wide as the knob says."""
    soft = planes(replace(HARD, floating_left=18.75, floating_softness=4.0 / W * 100))["window_left"][0, :, 0]
    assert (soft[18:] == 1.0).all() and (soft[:15] == 0.0).all()
    assert soft[15:18] == pytest.approx([5 / 32, 0.5, 27 / 32])


def test_a_slanted_edge() -> None:
    top = planes(replace(HARD, floating_left=18.75, floating_left_slant=-1.0))["window_left"][..., 0]
    bottom = planes(replace(HARD, floating_left=18.75, floating_left_slant=1.0))["window_left"][..., 0]
    assert np.array_equal(top, bottom[::-1])
    widths = (1.0 - top).sum(axis=1)
    wanted = 18.0 * (1.0 - (np.arange(H) + 0.5) / H)
    assert widths == pytest.approx(wanted, abs=0.51)


def test_a_tile_is_a_crop() -> None:
    controls = replace(HARD, floating_left=20.0, floating_left_slant=0.4, floating_right=9.0, floating_softness=3.0)
    whole = planes(controls, FULL.grow(5, 5))
    for box in (Box(3, 7, 30, 31), Box(60, -5, 101, 20), Box(-5, -5, 4, 45)):
        for name, plane in planes(controls, box).items():
            assert np.array_equal(plane, whole[name][box.slices(FULL.grow(5, 5))], equal_nan=True), name


def test_the_window_is_the_pictures_inside_its_bars() -> None:
    """A pillarboxed plate has its window's edges at the bars, which the masks leave alone."""
    frame = given_frame(np.zeros((H, W)), color=np.full((H, W, 4), 0.5, np.float32))
    from art3d_node.plate import PlateTensors
    from art3d_node.window_mask import window_mask
    from host_bridge.core.floating_window import FloatingWindow

    plate = PlateTensors.within(frame, Box(16, 0, 80, H))
    mask = window_mask(plate, FloatingWindow((12.5, 12.5)), 0.0, "left", plate.frame.data)
    assert mask is not None
    assert (mask[:, :8] == 0.0).all() and (mask[:, 8:] == 1.0).all()


def test_the_disparity_that_is_hidden_is_told() -> None:
    disparity = np.full((H, W), -4.0, np.float32)
    disparity[:, :8] = 6.0
    found = shoot(given_frame(disparity), replace(HARD, floating_left=100.0 * 12 / W))
    assert found.stats["floating_window"] == pytest.approx([12.5, 12.5, 0.0, 0.0])
    assert found.stats["window_hides_pct"] == pytest.approx([-6.25, 100 * 4 / W], abs=1e-3)
    away = shoot(given_frame(disparity), replace(HARD, floating_right=100.0 * 6 / W))
    assert away.stats["window_hides_pct"] == pytest.approx([100 * 4 / W] * 2, abs=1e-3)


def test_nobody_decides() -> None:
    with pytest.raises(BadInputError, match="no shot analysis"):
        shoot(given_frame(pop_out()), replace(HARD, floating_window="auto"))


def test_masks_are_float32() -> None:
    made = shoot(given_frame(pop_out()), replace(HARD, floating_left=5.0), FULL, MASKS).planes
    assert all(plane.dtype == torch.float32 and plane.shape == (H, W, 1) for plane in made.values())
