"""The thin band around depth edges whose pixels may mix two surfaces."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from art3d_node.stereo.jit import (
    ByteArray,
    FloatArray,
    IndexArray,
    MaskArray,
    Real,
    cpu_kernel,
    device_function,
    f32,
)
from art3d_node.stereo.scanline import SURFACE_SLOPE

BAND = 3  # px on either side of a depth edge that may be mixed
FAR: Any = np.uint8(BAND + 1)  # further from an edge than any mixed pixel
LOOK = 2 * BAND + 2  # px around a mixed pixel that tell the colours of its surfaces


@device_function
def is_cut(d0: Real, d1: Real) -> bool:
    """Tell whether neighbours with disparities ``d0``, ``d1`` (px) lie on two surfaces; NaN and infinity on none."""
    gap = abs(d1 - d0)
    return bool((gap > SURFACE_SLOPE) & (gap < f32(np.inf)))


@device_function
def _mark(row: FloatArray, other: FloatArray, touches: MaskArray) -> None:
    for k in range(touches.shape[0]):
        touches[k] |= is_cut(row[k], other[k])


@device_function
def _closer(there: ByteArray, away: Any, near: ByteArray) -> None:
    """Take the distance by way of pixels ``away`` px off where it is the shorter one: the larger of both steps."""
    for k in range(near.shape[0]):
        way = max(there[k], away)
        near[k] = way if way < near[k] else near[k]


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
    first, end = min(max(left - BAND, 0), width), min(max(left + columns + BAND, 0), width)
    for r in numba.prange(rows + 2 * BAND):
        y = min(max(r + top - BAND, 0), height - 1)
        row, touches = d[y, first:end], np.zeros(end - first, np.bool_)
        _mark(row, d[max(y - 1, 0), first:end], touches)
        _mark(row, d[min(y + 1, height - 1), first:end], touches)
        after, before = max(min(end, width - 1) - first, 0), max(first, 1) - first
        _mark(row[:after], d[y, first + 1 : first + 1 + after], touches[:after])
        _mark(row[before:], d[y, first + before - 1 : end - 1], touches[before:])
        here, shift = np.full(columns + 2 * BAND, FAR, np.uint8), first - left + BAND
        for k in range(touches.shape[0]):
            here[k + shift] = np.uint8(0) if touches[k] else FAR
        line[r, :] = FAR
        for step in range(2 * BAND + 1):
            _closer(here[step : step + columns], np.uint8(abs(step - BAND)), line[r])
    for r in numba.prange(rows):
        near[r, :] = FAR
        for step in range(2 * BAND + 1):
            _closer(line[r + step], np.uint8(abs(step - BAND)), near[r])


@cpu_kernel
def count_band(near: ByteArray, first: int, last: int, count: IndexArray) -> None:
    """Count the pixels of each row in the band, columns ``first`` .. ``last`` of ``near``."""
    for r in numba.prange(count.shape[0]):
        total = 0
        for k in range(first, last):
            if near[r + LOOK, k] <= BAND:
                total += 1
        count[r] = total
