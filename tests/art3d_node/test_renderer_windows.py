"""Data windows, boxes beside them and tiny plates: what lies outside is empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from host_bridge.core.geometry import Box
from tests.art3d_node.staged import FULL, WIDE, H, W, given_frame, pop_out, shoot


def test_outside_the_data_window_is_transparent_black() -> None:
    data = Box(20, 10, 70, 30)
    frame = given_frame(pop_out()[10:30, 20:70], data=data)
    whole = shoot(frame, box=FULL).planes
    for name in ("left", "left_extra", "disparity_left", "inverse_depth", "scale", "occlusion_left"):
        outside = whole[name].clone()
        outside[10:30, 20:70] = 0.0
        assert not outside.any(), name
    assert np.array_equal(whole["left"][10:30, 20:70].numpy(), frame.layers["color"])
    assert not whole["right"][:10].any() and not whole["right"][30:].any()


def test_a_new_view_extends_beyond_the_data_window() -> None:
    data = Box(20, 10, 70, 30)
    frame = given_frame(6.0, data=data)
    planes = shoot(frame, box=FULL).planes
    right = planes["right"].numpy()
    assert np.array_equal(right[10:30, 14:64], frame.layers["color"])
    assert not right[:, :14].any()
    assert not planes["occlusion_right"][:, :20].any()
    assert bool((planes["disparity_right"][10:30, 14:64] == 6.0).all())


def test_a_box_far_away_is_empty() -> None:
    planes = shoot(given_frame(pop_out()), box=Box(1000, 1000, 1010, 1008)).planes
    assert all(not plane.any() for name, plane in planes.items() if not name.startswith("window_"))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_tiny_plates(size: tuple[int, int], hero: str) -> None:
    box = Box.of_size(size[1], size[0])
    frame = given_frame(0.3, data=box, display=box)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    assert all(plane.shape[:2] == size for plane in planes.values())


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("box", [Box(0, H, W, H + 1), Box(0, -3, W, 0), Box(-90, 0, -40, H), Box(W + 40, 0, W + 60, H)])
def test_rows_and_columns_that_nothing_reaches_are_empty(box: Box, edges: str) -> None:
    planes = shoot(given_frame(pop_out()), replace(WIDE, edges=edges), box).planes
    assert all(not plane.any() for name, plane in planes.items() if not name.startswith("window_"))
