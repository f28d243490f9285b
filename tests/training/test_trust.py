"""Blank is not matched, whatever the matcher says: bars, skies and walls painted in give no valid pixel there."""

from __future__ import annotations

import numpy as np
import pytest

from training.stage.textures import painted
from training.stereo_net import Disparities, consistent
from training.trust import distinct

SIZE, REACH, DISPARITY = 256, 32, 6
EDGE_PX = 3  # an edge of the blank is texture itself


def _pair() -> tuple[np.ndarray, np.ndarray]:
    wide = (255 * painted(np.random.default_rng(5), SIZE + 64, SIZE)).astype(np.uint8)
    return wide[:, 32 : 32 + SIZE].copy(), wide[:, 32 + DISPARITY : 32 + DISPARITY + SIZE].copy()


def _blank(kind: str, rng: np.random.Generator) -> np.ndarray:
    rows = np.linspace(0, 1, SIZE)[:, None, None]
    flat = {"bar": 0 * rows + 2, "wall": 0 * rows + 150, "sky": 200 - 60 * rows, "haze": 200 - 60 * rows}[kind]
    noise = 0.0 if kind in ("bar", "wall") else 1.2
    return np.asarray((flat + rng.normal(0, noise, (SIZE, SIZE, 1))).clip(0, 255).repeat(3, 2), np.uint8)


def _valid(left: np.ndarray, right: np.ndarray) -> tuple[Disparities, np.ndarray]:
    """Of a matcher that fills every blank from its surroundings."""
    found = Disparities(*(np.full(left.shape[:2], DISPARITY, np.float32) for _ in range(2)))  # type: ignore[arg-type]
    return found, consistent(found, tolerance_px=1.5)[0] & distinct(found, left, right)[0]


@pytest.mark.parametrize("kind", ["bar", "wall", "sky", "haze"])
@pytest.mark.parametrize("where", [(0, 90, 0, SIZE), (150, SIZE, 0, SIZE), (60, 200, 80, 180)])
def test_blanks_are_never_valid(kind: str, where: tuple[int, int, int, int]) -> None:
    rng = np.random.default_rng(1)
    left, right = _pair()
    top, bottom, first, last = where
    for eye in (left, right):
        eye[top:bottom, first:last] = _blank(kind, rng)[top:bottom, first:last]
    found, valid = _valid(left, right)
    side = EDGE_PX if first else 0
    assert not valid[top:bottom, first + side : last - side].any()
    rest = np.ones((SIZE, SIZE), bool)
    rest[top:bottom, max(0, first - 16) : last + 16] = False
    rest[:, : REACH + 16] = rest[:, -REACH - 16 :] = False
    assert valid[rest].mean() > 0.6
    assert (np.abs(found.left - DISPARITY)[valid & rest] < 1).mean() > 0.97


def test_exposure_of_one_eye_costs_nothing() -> None:
    left, right = _pair()
    plain = _valid(left, right)[1].mean()
    darker = (0.85 * right.astype(np.float32) + 4).astype(np.uint8)
    assert _valid(left, darker)[1].mean() > 0.8 * plain > 0.5
