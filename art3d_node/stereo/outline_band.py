"""The thin band around depth edges whose pixels may mix two surfaces."""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, cpu_kernel, device_function
from art3d_node.stereo.scanline import joined

BAND = 3  # px on either side of a depth edge that may be mixed
LOOK = 2 * BAND + 2  # px around a mixed pixel that tell the colours of its surfaces

ByteArray = npt.NDArray[np.uint8]


@device_function
def is_cut(d0: Real, d1: Real) -> bool:
    return not joined(d0, d1) and math.isfinite(d0) and math.isfinite(d1)


@cpu_kernel
def edge_distance(d: FloatArray, top: int, left: int, near: ByteArray) -> None:
    """Whole pixels to the nearest depth edge, at most BAND + 1: 0 touches it.

    Args:
        d: (H, W) disparity, px.
        top, left: plate coordinates of ``near``'s first pixel.
        near: (h, w) out.
    """
    rows, columns = near.shape
    line = np.empty((rows + 2 * BAND, columns), np.uint8)
    height, width = d.shape
    for r in numba.prange(rows + 2 * BAND):
        y = min(max(r + top - BAND, 0), height - 1)
        last = -2 * BAND
        for k in range(-BAND, columns + BAND):
            x = k + left
            here = 0 <= x < width and (
                (x + 1 < width and is_cut(d[y, x], d[y, x + 1]))
                or (x > 0 and is_cut(d[y, x - 1], d[y, x]))
                or (y + 1 < height and is_cut(d[y, x], d[y + 1, x]))
                or (y > 0 and is_cut(d[y - 1, x], d[y, x]))
            )
            if here:
                for j in range(max(k - BAND, last + 1, 0), min(k, columns)):
                    line[r, j] = min(line[r, j], k - j)
                last = k
            if 0 <= k < columns:
                line[r, k] = min(k - last, BAND + 1)
    for r in numba.prange(rows):
        for k in range(columns):
            near[r, k] = line[r + BAND, k]
        for dy in range(-BAND, BAND + 1):
            for k in range(columns):
                near[r, k] = min(near[r, k], max(line[r + BAND + dy, k], abs(dy)))


@cpu_kernel
def count_band(near: ByteArray, first: int, last: int, count: IndexArray) -> None:
    """Count the pixels of each row in the band, columns ``first`` .. ``last`` of ``near``."""
    for r in numba.prange(count.shape[0]):
        total = 0
        for k in range(first, last):
            if near[r + LOOK, k] <= BAND:
                total += 1
        count[r] = total
