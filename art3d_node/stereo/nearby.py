"""What the disparity does near one region: closer bounds than the whole frame's, so that less has to be rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, MaskArray, cpu_kernel, f32
from art3d_node.stereo.outline_band import LOOK

BLOCK = 16  # px; a mixed pixel takes its disparities from less than a block away


@dataclass(frozen=True)
class Nearby:
    """Bounds of the disparity of some rows and columns.

    Attributes:
        low, high: lowest and highest, px.
        step: no two samples that one row has side by side, nor the surfaces that `edges` may find there, lie further
            apart than this, px. A hole opens between two neighbours of a row, so none is wider.
    """

    low: float
    high: float
    step: float


def look_around(d: FloatArray, rows: tuple[int, int], columns: tuple[int, int]) -> Nearby | None:
    """Survey a part of the plate; None where there is nothing, or a disparity that is not finite.

    Args:
        d: (H, W) disparity, px.
        rows, columns: half-open; LOOK px more on every side are surveyed, where the plate has them.
    """
    top, left = max(rows[0] - LOOK, 0), max(columns[0] - LOOK, 0)
    part = d[top : max(rows[1] + LOOK, 0), left : max(columns[1] + LOOK, 0)]
    if part.size == 0:
        return None
    blocks = -(-part.shape[0] // BLOCK), -(-part.shape[1] // BLOCK)
    low, high, wild = np.empty(blocks, np.float32), np.empty(blocks, np.float32), np.empty(blocks[0], np.bool_)
    _extremes(part, low, high, wild)
    if wild.any():
        return None
    step = _over_neighbours(high, np.maximum) - _over_neighbours(low, np.minimum)
    return Nearby(float(low.min()), float(high.max()), float(step.max()))


@cpu_kernel
def _extremes(d: FloatArray, low: FloatArray, high: FloatArray, wild: MaskArray) -> None:
    """Lowest and highest of each block, and whether a row of blocks holds what is not finite."""
    height, width = d.shape
    for block in numba.prange(low.shape[0]):
        least, most, odd = np.full(width, np.inf, np.float32), np.full(width, -np.inf, np.float32), np.int32(0)
        for y in range(block * BLOCK, min((block + 1) * BLOCK, height)):
            for x in range(width):
                value = d[y, x]
                least[x] = value if value < least[x] else least[x]
                most[x] = value if value > most[x] else most[x]
                odd |= np.int32(not abs(value) < f32(np.inf))
        wild[block] = odd != 0
        for k in range(low.shape[1]):
            low[block, k] = least[k * BLOCK : (k + 1) * BLOCK].min()
            high[block, k] = most[k * BLOCK : (k + 1) * BLOCK].max()


def _over_neighbours(blocks: FloatArray, extreme: np.ufunc) -> FloatArray:
    """The extreme of every block and the eight around it."""
    for axis in (0, 1):
        padded = np.pad(blocks, [(1, 1) if axis == a else (0, 0) for a in (0, 1)], mode="edge")
        count = blocks.shape[axis]
        first, second, third = (np.take(padded, range(i, i + count), axis) for i in range(3))
        blocks = extreme(extreme(first, second), third)
    return blocks
