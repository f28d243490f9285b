"""A frame from afar: plates told apart, cuts found, flashes not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from host_bridge.core.errors import ShotError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.shot.signature import find_cuts, glance, validate_same_plate


def frame(pixels: np.ndarray) -> Frame:
    box = Box.of_size(pixels.shape[1], pixels.shape[0])
    return Frame(box, box, {"color": pixels.astype("<f2")})


def scene(seed: int, offset: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 0.7, (9, 40, 3))
    return np.roll(np.kron(coarse, np.ones((10, 10, 1))), offset, axis=1)[:, :160]


def test_bars_are_measured() -> None:
    pixels = scene(1)
    pixels[:12] = 0
    pixels[-8:] = 0
    assert glance(frame(pixels)).bars == (12, 8, 0, 0)


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (9, 16), (100, 161)])
def test_cells_are_means_of_their_pixels(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(4).random((*size, 3)).astype("<f2")
    levels = np.sqrt(pixels.astype(np.float32))
    y, x = (np.linspace(0, side, count + 1).astype(int) for side, count in zip(size, (9, 16), strict=True))
    cells = [
        [
            levels[top : max(bottom, top + 1), left : max(right, left + 1)].mean(axis=(0, 1))
            for left, right in pairwise(x)
        ]
        for top, bottom in pairwise(y)
    ]
    assert glance(frame(pixels)).grid == pytest.approx(np.array(cells), abs=1e-5)


def test_cuts_found_pans_and_flashes_not() -> None:
    pan = [scene(1, 2 * i) for i in range(10)]
    other = [scene(2, 3 * i) for i in range(10)]
    flash = [p.copy() for p in pan]
    flash[4] = np.ones_like(flash[4])
    assert find_cuts([glance(frame(p)) for p in pan + other]) == [10]
    assert find_cuts([glance(frame(p)) for p in flash]) == []


def test_bars_that_come_are_no_cut_and_hide_none() -> None:
    def barred(pixels: np.ndarray, rows: int) -> np.ndarray:
        pixels = pixels.copy()
        pixels[:rows] = 0
        pixels[len(pixels) - rows :] = 0
        return pixels

    pan = [barred(scene(1, i), 12 if i >= 5 else 0) for i in range(10)]
    other = [barred(scene(2, i), 12 if i >= 5 else 0) for i in range(10)]
    assert find_cuts([glance(frame(p)) for p in pan]) == []
    assert find_cuts([glance(frame(p)) for p in pan[:5] + other[5:]]) == [5]


def test_signature_knows_its_plate() -> None:
    mine = frame(scene(1))
    validate_same_plate(mine, glance(mine).signature, where="here")
    for wrong in (glance(frame(scene(2))).signature, "zz", "00"):
        with pytest.raises(ShotError, match="another plate"):
            validate_same_plate(mine, wrong, where="here")


def test_nan_and_infinity_do_not_spread() -> None:
    pixels = scene(1)
    pixels[0, 0], pixels[0, 1] = np.nan, np.inf
    assert np.isfinite(glance(frame(pixels)).grid).all()
