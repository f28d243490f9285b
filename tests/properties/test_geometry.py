"""Boxes hold their algebra whatever their corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_bridge.core.geometry import Box

coordinate = st.integers(-50, 50)
boxes = st.builds(Box, coordinate, coordinate, coordinate, coordinate)
solid = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), coordinate, coordinate, *[st.integers(1, 40)] * 2)


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box.x0, box.x1) for y in range(box.y0, box.y1)}


@given(boxes, boxes)
def test_intersection_is_of_pixels(a: Box, b: Box) -> None:
    assert pixels(a.intersect(b)) == pixels(a) & pixels(b)


@given(boxes, boxes)
def test_union_holds_both(a: Box, b: Box) -> None:
    assert pixels(a) | pixels(b) <= pixels(a.union(b))
    assert a.union(b).contains(a) and a.union(b).contains(b)


@given(solid, st.integers(1, 20), st.integers(1, 20))
def test_tiles_cover_each_pixel_once(box: Box, width: int, height: int) -> None:
    seen = np.zeros((box.height, box.width), int)
    for tile in box.tiles(width, height):
        assert 0 < tile.width <= width and 0 < tile.height <= height
        seen[tile.slices(box)] += 1
    assert (seen == 1).all()


@given(boxes, st.integers(1, 64))
def test_a_proxys_box_is_as_large_as_a_strided_array(box: Box, step: int) -> None:
    rows, columns = np.empty((box.height, box.width))[::step, ::step].shape
    proxy = box.every(step)
    assert (proxy.height, proxy.width) == (rows, columns)
    assert box.empty or (proxy.x0 * step <= box.x0 < (proxy.x0 + 1) * step)


@given(solid, st.integers(1, 100))
def test_convention_flip_is_its_own_inverse(box: Box, height: int) -> None:
    flipped = box.flipped(height)
    assert flipped.flipped(height) == box
    assert (flipped.width, flipped.height) == (box.width, box.height)


@given(solid)
def test_convention_exr_windows_are_inclusive(box: Box) -> None:
    x_min, y_min, x_max, y_max = box.to_exr()
    assert (x_max - x_min + 1, y_max - y_min + 1) == (box.width, box.height)
    assert Box.from_exr(x_min, y_min, x_max, y_max) == box


def test_slices_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        Box(0, 0, 5, 5).slices(Box(1, 0, 9, 9))
    with pytest.raises(ValueError, match="1×1"):
        list(Box(0, 0, 5, 5).tiles(0, 4))
