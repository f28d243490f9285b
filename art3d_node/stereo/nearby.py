"""What the disparity does near one region: closer bounds than the whole frame's, so that less has to be rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, Real, cpu_kernel, f32
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
    (top, bottom), (left, right) = (
        (max(span[0] - LOOK, 0), min(max(span[1] + LOOK, 0), size))
        for span, size in zip((rows, columns), d.shape, strict=True)
    )
    if top >= bottom or left >= right:
        return None
    low, high, step, wild = _survey(d, (top, bottom), (left, right))
    return None if wild else Nearby(float(low), float(high), float(step))


@cpu_kernel
def _survey(d: FloatArray, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[Real, Real, Real, bool]:
    """Lowest and highest value, widest range of a block and the eight around it, whether a value is not finite."""
    down, along = -(-(rows[1] - rows[0]) // BLOCK), -(-(columns[1] - columns[0]) // BLOCK)
    low, high, wild = np.empty((down, along), np.float32), np.empty((down, along), np.float32), np.zeros(down, np.int32)
    for block in numba.prange(down):
        least = np.full(columns[1] - columns[0], np.inf, np.float32)
        most, odd = -least, np.int32(0)
        for y in range(rows[0] + block * BLOCK, min(rows[0] + (block + 1) * BLOCK, rows[1])):
            row = d[y, columns[0] : columns[1]]
            for x in range(row.shape[0]):
                value = row[x]
                least[x] = value if value < least[x] else least[x]
                most[x] = value if value > most[x] else most[x]
                odd |= np.int32(not abs(value) < f32(np.inf))
        wild[block] = odd
        for k in range(along):
            low[block, k] = least[k * BLOCK : (k + 1) * BLOCK].min()
            high[block, k] = most[k * BLOCK : (k + 1) * BLOCK].max()
    least, most, step, odd = low[0, 0], high[0, 0], f32(0.0), np.int32(0)
    for r in range(down):  # number by number: what works on whole arrays here would be spread over the cores
        odd |= wild[r]
        for k in range(along):
            bottom, top = low[r, k], high[r, k]
            least, most = min(least, bottom), max(most, top)
            for v in range(max(r - 1, 0), min(r + 2, down)):
                for u in range(max(k - 1, 0), min(k + 2, along)):
                    bottom, top = min(bottom, low[v, u]), max(top, high[v, u])
            step = max(step, top - bottom)
    return least, most, step, odd != 0
