"""Nothing hit, as renderers mark it, and outlines that a filter mixed with the mark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from art3d_node.stereo.nothing_hit import Floats, mark_of, settled

READINGS: dict[str, Callable[[Any], Any]] = {
    "distance": lambda z: z,
    "inverse": lambda z: 1 / z,
    "near-is-white": lambda z: 1 - z / 10,
    "far-is-white": lambda z: z / 10,
}


def _disc(meaning: str, nothing: float, *, finer: int = 1) -> Floats:
    """A tilted disc about 3 m away and a floor at 8 m before nothing; filtered like a colour for `finer` above 1."""
    y, x = (np.mgrid[0 : 80 * finer, 0 : 120 * finer] + 0.5) / finer
    hit = READINGS[meaning](np.where(y > 70, 8.0, 3.0 + 0.002 * x))
    z = np.where(((x - 60) ** 2 + (y - 35) ** 2 < 25**2) | (y > 70), hit, nothing)
    filtered = z.reshape(80, finer, 120, finer).mean((1, 3))
    return np.ascontiguousarray(filtered, np.float32)


@pytest.mark.parametrize("mark", [-1.0, -1000.0, -0.01])
def test_one_negative_value_is_a_mark(mark: float) -> None:
    for finer in (1, 4):
        assert mark_of(_disc("distance", mark, finer=finer)) == pytest.approx(mark)


def test_depth_that_is_negative_is_no_mark() -> None:
    looking_down = -_disc("distance", 20.0)
    both_signs = np.linspace(-1, 1, 9600, dtype=np.float32).reshape(80, 120)
    mask = np.where(_disc("distance", 0.0) > 0, np.float32(1), np.float32(-1))
    stray = _disc("distance", -1.0)
    stray[75, 60] = -3.0
    for z in (looking_down, both_signs, -both_signs, np.maximum(both_signs, -0.1), mask, stray, _disc("distance", 0.0)):
        assert mark_of(z) is None


@pytest.mark.parametrize("mark", [-1.0, -1000.0])
@pytest.mark.parametrize("meaning", READINGS)
def test_marked_is_the_farthest_of_each_meaning(meaning: str, mark: float) -> None:
    z = settled(_disc(meaning, mark), meaning)
    hit = _disc(meaning, mark) > 0
    assert np.array_equal(z[hit], _disc(meaning, mark)[hit])
    farthest = {"near-is-white": np.float32(0.2), "far-is-white": np.float32(0.8)}.get(meaning, np.float32(0))
    assert set(z[~hit].tolist()) == {farthest}


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_outline_mixed_with_zero_stands_before_nothing(sign: float) -> None:
    filtered = _disc("distance", 0.0, finer=4)
    assert ((filtered > 0) & (filtered < 2.9)).sum() > 100
    z = sign * settled((sign * filtered).astype(np.float32), "distance")
    assert not ((z > 0) & (z < 3.0)).any()
    assert np.array_equal(z > 0, filtered > 1.53), "half of it shows"
    solid = _disc("distance", 0.0) > 0
    np.testing.assert_array_equal(z[solid & (filtered == z)], filtered[solid & (filtered == z)])


@pytest.mark.parametrize("mark", [-1.0, -1000.0])
def test_an_outline_mixed_with_a_mark_keeps_its_place(mark: float) -> None:
    assert np.array_equal(
        settled(_disc("distance", mark, finer=4), "distance") > 0,
        settled(_disc("distance", 0.0, finer=4), "distance") > 0,
    )
    assert settled(_disc("far-is-white", mark, finer=4), "far-is-white").min() >= np.float32(0.3)


def test_surfaces_that_slope_toward_nothing_stay_bit_for_bit() -> None:
    y, x = np.mgrid[0:60, 0:80]
    slope = np.where((x > 20) & (x < 60), 10.0 - 0.2 * np.abs(x - 40), 0.0).astype(np.float32)
    assert np.array_equal(settled(slope, "distance"), slope)
    assert settled(slope, "near-is-white") is slope
    walls = np.where(y < 30, np.float32(3), np.float32(9))
    assert settled(walls, "distance") is walls


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_pictures_pass(size: tuple[int, int]) -> None:
    z = np.linspace(0.0, 1.0, size[0] * size[1], dtype=np.float32).reshape(size)
    assert settled(z, "distance").shape == size
    assert settled(z - np.float32(0.5), "distance").shape == size
