"""A small street that fades to black, inside bars or not: what `art3d render` and the plug-in are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR

ROWS, COLUMNS = 96, 160
FRAMES = range(1, 9)
LIT = 5  # so many of them show their bars
SIDES = {
    "top": (24, 0, 0, 0),
    "bottom": (0, 20, 0, 0),
    "left": (0, 0, 14, 0),
    "right": (0, 0, 0, 10),
    "all": (24, 20, 14, 10),
}
"""(top, bottom, left, right), px."""


def street(index: int) -> np.ndarray:
    """A ball that moves before a wall; a fade to black from frame 5 on."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    color = 0.15 + 0.5 * np.kron(rng.uniform(0, 1, (6, 10, 3)), np.ones((16, 16, 1)))
    color[(x - 50 - 3 * index) ** 2 + (y - 60) ** 2 < 450] = (0.9, 0.3, 0.1)
    return np.asarray(color * (1.0, 1.0, 1.0, 1.0, 0.3, 0.05, 0.0004, 0.0)[index], np.float16)


def padded(color: np.ndarray, bars: tuple[int, int, int, int]) -> np.ndarray:
    """A picture inside bars, (rows, columns, C)."""
    top, bottom, left, right = bars
    return np.pad(color, ((top, bottom), (left, right), (0, 0)))


def inside(bars: tuple[int, int, int, int]) -> tuple[slice, slice]:
    """Where the picture lies."""
    top, _, left, _ = bars
    return np.s_[top : ROWS + top, left : COLUMNS + left]


def save(folder: Path, index: int, color: np.ndarray, bars: tuple[int, int, int, int]) -> None:
    """Writes a frame inside bars as `p.####.exr`."""
    pixels = padded(color, bars)
    channels = {name: np.ascontiguousarray(pixels[..., c]) for c, name in enumerate("RGB")}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(str(folder / f"p.{FRAMES[index]:04d}.exr"))


def assert_same_disparity(made: np.ndarray, wanted: np.ndarray, bars: tuple[int, int, int, int]) -> None:
    """Within 1 % of the range and 0.1 px of the plate without bars, and 0 in them."""
    part = inside(bars)
    assert np.abs(made[part] - wanted).max() <= allowed_px(wanted)
    assert not outside(made, bars).any()


def allowed_px(wanted: np.ndarray) -> float:
    """By how much a disparity may differ from that of the plate without bars."""
    return float(0.01 * np.ptp(wanted) + 0.1)


def outside(made: np.ndarray, bars: tuple[int, int, int, int]) -> np.ndarray:
    """What lies in the bars; the picture is 0."""
    kept = made.copy()
    kept[inside(bars)] = 0
    return kept
