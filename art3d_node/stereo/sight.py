"""How far the fill of a hole looks around, and so what has to be carried beside a region."""

from __future__ import annotations

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, cpu_kernel, device_function
from art3d_node.stereo.scatter import NOTHING

RAY = 48  # how far a ray looks, px, even, except along the row, where it looks as far as a hole can reach
WIDER, LEAST = 2, 8  # it looks no further than twice the width of its hole and eight px
TAPS = 2  # pixels that one ray averages once it has met the background
APRON = RAY + TAPS  # rows and columns around a pixel that its fill may depend on


@device_function
def sight(width: int, hole: tuple[int, int]) -> int:
    """How far the rays of a hole look, px, even: a narrow hole gains nothing from what is far away.

    A hole at either end of a row of ``width`` targets may be wider than what is seen of it.
    """
    if hole[0] == 0 or hole[1] == width:
        return RAY
    return min(WIDER * (hole[1] - hole[0]) + LEAST, RAY)


@cpu_kernel
def rows_around(depth: FloatArray, columns: tuple[int, int]) -> tuple[int, int]:
    """Rows above and below a region that the fill of its holes reads.

    Args:
        depth: (h, w) disparity of the region's rows, -inf in holes.
        columns: first and one past the last column to fill.
    """
    height, width = depth.shape
    far = np.zeros(height, np.int32)
    for r in numba.prange(height):
        k = 0
        while k < columns[1]:
            end = k
            while end < width and depth[r, end] == NOTHING:
                end += 1
            if end > max(k, columns[0]):
                far[r] = max(far[r], sight(width, (k, end)) + TAPS)
            k = end + 1
    above, below = 0, 0
    for r in range(height):
        above, below = max(above, far[r] - r), max(below, far[r] - (height - 1 - r))
    return above, below
