"""Depth at another size: smooth on surfaces, and never a mean across an outline.

A mean of two depths is the depth of nothing. So a pixel whose four neighbours lie on one surface is interpolated; at
an outline it takes the nearest of them. Where depth is made smaller, it takes the median of what it covers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Array

SMOOTH_PART = 0.02
"""Neighbours on one surface differ by less than this part of the picture's range,"""
SMOOTH_RATIO = 0.1
"""and by less than this part of their own size."""
_MOST_TAPS = 5
_SAMPLES = 1 << 14

Places = npt.NDArray[np.float64]


def resampled(depth: Array, x: Places, y: Places) -> Array:
    """Depth at other pixel centres.

    Args:
        depth: (rows, columns) float.
        x, y: where the new columns and rows lie, px from the depth's corner: its first centre is at 0.5. Places beyond
            its border take the border's value.

    Returns:
        (len(y), len(x)) of the same type.
    """
    shrinks = [_taps(places) for places in (y, x)]
    if max(shrinks) == 1:
        return _enlarged(depth, x, y)
    rows, columns = (
        [_index(places + offset, size) for offset in _offsets(places, taps)]
        for places, taps, size in zip((y, x), shrinks, depth.shape, strict=True)
    )
    # An odd number of samples: their median is one of them.
    stack = np.stack([depth[np.ix_(r, c)] for r in rows for c in columns])
    return np.asarray(np.partition(stack, len(stack) // 2, axis=0)[len(stack) // 2])


def _taps(places: Places) -> int:
    """How many samples, an odd number, a new pixel takes along an axis."""
    step = float(places[1] - places[0]) if len(places) > 1 else 1.0
    return 1 if step <= 1.0 else min(_MOST_TAPS, 2 * int(np.ceil(step) // 2) + 1)


def _offsets(places: Places, taps: int) -> Places:
    step = float(places[1] - places[0]) if len(places) > 1 else 1.0
    return np.asarray((np.arange(taps) - taps // 2) * (step / taps), np.float64)


def _index(places: Places, size: int) -> npt.NDArray[np.int64]:
    return np.clip(np.floor(places), 0, size - 1).astype(np.int64)


def _enlarged(depth: Array, x: Places, y: Places) -> Array:
    (top, bottom, down), (left, right, along) = _between(y, depth.shape[0]), _between(x, depth.shape[1])
    corners = [depth[np.ix_(r, c)] for r in (top, bottom) for c in (left, right)]
    low, high = (pick.reduce(corners) for pick in (np.minimum, np.maximum))
    nearest = depth[np.ix_(_index(y, depth.shape[0]), _index(x, depth.shape[1]))]
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.subtract(high, low, dtype=np.float32)
        size = np.maximum(np.abs(low), np.abs(high)).astype(np.float32)
        one_surface = (gap <= SMOOTH_PART * _spread(depth)) & (gap <= SMOOTH_RATIO * size)
        v, u = down[:, None].astype(np.float32), along[None, :].astype(np.float32)
        upper = corners[0] + (corners[1] - corners[0]) * u
        lower = corners[2] + (corners[3] - corners[2]) * u
        mixed = upper + (lower - upper) * v
    return np.where(one_surface, mixed, nearest).astype(depth.dtype, copy=False)


def _between(places: Places, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Places]:
    """The two neighbours of each place, and how far it lies from the first, 0..1."""
    first = np.clip(places - 0.5, 0.0, size - 1.0)
    index = np.minimum(np.floor(first), max(0, size - 2)).astype(np.int64)
    return index, np.minimum(index + 1, size - 1), first - index


def _spread(depth: Array) -> float:
    step = max(1, round((depth.size / _SAMPLES) ** 0.5))
    values = depth[::step, ::step].astype(np.float32)
    values = values[np.abs(values) < 1e9]
    if values.size == 0:
        return 0.0
    low, high = np.percentile(values, (2, 98))
    return float(high - low)
