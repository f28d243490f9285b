"""Closer bounds of the disparity near a region: true bounds, and the same picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node import native
from art3d_node.native import rows_around
from art3d_node.stereo.nearby import Nearby, look_around
from art3d_node.stereo.synthesis import NewView, new_view
from art3d_node.stereo.window import required_input

HEIGHT, WIDTH = 90, 420


def scene(seed: int, *, gap: float) -> torch.Tensor:
    """A rolling ground with boxes, posts, beams, walls and lone pixels up to ``gap`` px before or behind it."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    d = 3 * np.sin(x / rng.uniform(20, 200)) + 2 * np.sin(y / rng.uniform(10, 90) + x / 150)
    for _ in range(rng.integers(3, 14)):
        top, left = rng.integers(HEIGHT), rng.integers(WIDTH)
        tall, wide = [(30, 30), (90, 2), (2, 90), (1, 1), (60, 250)][rng.integers(5)]
        d[top : top + tall, left : left + wide] = rng.uniform(-gap, gap) + rng.uniform(-0.3, 0.3) * (
            x[top : top + tall, left : left + wide] - left
        ) * (rng.random() < 0.5)
    return torch.from_numpy(d.astype(np.float32))


def survey(d: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Nearby | None:
    height, width = d.shape
    plate = native.Plate(np.zeros((height, width, 1), np.float32), np.zeros((height, width, 0), np.float32), d, -1)
    return look_around(plate, (height, width), rows, columns)


def same(one: NewView, other: NewView) -> bool:
    names = ("image", "disparity", "occlusion", "beyond_border")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


def test_a_hole_wider_than_the_plate_ends_where_it_ends_in_the_whole_view() -> None:
    """Steps of disparity wider than the plate; a window as wide as the plate lost what lies behind the hole."""
    disparity, image = scene(27, gap=300.0), torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(27))
    whole = new_view(image, disparity, edges="hard")
    part = new_view(image, disparity, edges="hard", region=(180, 20, 210, 50))
    assert torch.equal(part.disparity, whole.disparity[20:50, 180:210])


def test_rows_beside_a_tile_are_carried_as_far_as_its_holes_need_them() -> None:
    """A wide hole that begins in the first row of a tile looks far up, one further down not at all."""
    depth = np.zeros((40, 100), np.float32)
    depth[0, 40:52] = -np.inf
    assert rows_around(depth, (10, 90)) == (2 * 12 + 8 + 2, 0)
    depth[0, 40:52], depth[35, 40:43], depth[20, 96:] = 0.0, -np.inf, -np.inf
    assert rows_around(depth, (10, 90)) == (0, 2 * 3 + 8 + 2 - 4)
    depth[20, 89:] = -np.inf  # reaches the window's end: nobody knows how wide it is
    assert rows_around(depth, (10, 90)) == (50 - 20, 50 - 19)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    gap=st.sampled_from([1.5, 8.0, 40.0, 150.0, 300.0]),
    toward=st.sampled_from(["right", "left"]),
    edges=st.sampled_from(["soft", "hard"]),
    corner=st.tuples(st.integers(-60, WIDTH + 40), st.integers(-5, HEIGHT - 4)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 30)),
    lost=st.booleans(),
)
def test_a_region_is_a_crop_whatever_the_disparity_does_elsewhere(
    seed: int, gap: float, toward: Any, edges: Any, corner: tuple[int, int], size: tuple[int, int], lost: bool
) -> None:
    disparity = scene(seed, gap=gap)
    if lost:
        disparity[seed % HEIGHT, seed % WIDTH] = float("nan")
    image = torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(seed % 2**31))
    x0, y0 = corner
    x1, y1 = x0 + size[0], y0 + size[1]
    whole = new_view(image, disparity, toward=toward, edges=edges, region=(-70, -10, WIDTH + 110, HEIGHT + 40))
    part = new_view(image, disparity, toward=toward, edges=edges, region=(x0, y0, x1, y1))
    at = slice(y0 + 10, y1 + 10), slice(x0 + 70, x1 + 70)
    cut = NewView(whole.image[at], None, whole.disparity[at], whole.occlusion[at], whole.beyond_border[at])
    assert same(part, cut)


@pytest.mark.parametrize("seed", range(8))
def test_the_bounds_hold_and_are_closer_than_the_frames(seed: int) -> None:
    d = scene(seed, gap=3.0).numpy()
    d[:, -20:] = 90.0
    near = survey(d, (20, 60), (100, 220))
    assert near is not None
    part = d[12:68, 92:228]
    assert (near.low, near.high) == (part.min(), part.max())
    for shift in ((0, 1), (3, 3), (-4, 4)):
        moved = np.roll(d, shift, (0, 1))[20:60, 100:220]
        assert np.abs(moved - d[20:60, 100:220]).max() <= near.step
    window = required_input((120, 25, 180, 55), (HEIGHT, WIDTH), (near.low, near.high), step=near.step)
    loose = required_input((120, 25, 180, 55), (HEIGHT, WIDTH), (float(d.min()), float(d.max())))
    assert window.right - window.left < loose.right - loose.left - 100


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_nothing_is_said_of_what_is_not_finite(bad: float) -> None:
    d = np.zeros((40, 60), np.float32)
    d[20, 30] = bad
    assert survey(d, (0, 40), (0, 60)) is None
    assert survey(d, (0, 10), (0, 60)) is not None


def test_nothing_is_said_of_no_pixels() -> None:
    d = np.zeros((40, 60), np.float32)
    assert survey(d, (5, 5), (80, 90)) is None
    assert survey(d, (0, 0), (-20, -9)) is None
