"""Pictures made small for a page: means of blocks, in linear light."""

from __future__ import annotations

import numpy as np

from host_bridge.core.frame import Array

_MOST = 65504.0
_BAND_PX = 1 << 16
"""Pixels that are worked on at a time: what stays in a core's own cache."""
_POSITIVE_INFINITY, _NEGATIVE_INFINITY = 0x7C00, 0xFC00
_SIGN_AND_REST = np.int32(-0x70000001)
_REBIAS = np.float32(2.0**112)


def block_means(plane: Array, side_px: int, longest_px: int) -> Array:
    """One channel of a picture, smaller.

    Args:
        plane: (rows, columns) half or float32; NaN and −∞ count as 0, ∞ as the most that a half holds.
        side_px: what the picture's long side is brought down to; 0 leaves it.
        longest_px: the picture's long side.

    Returns:
        (rows', columns') float32, finite.
    """
    step = -(-longest_px // side_px) if side_px else 1
    if plane.dtype == np.float16:
        if _finite(plane):
            return _means(plane, step)
    elif np.isfinite(means := _means(plane, step)).all():
        return means
    clean = np.nan_to_num(plane.astype(np.float32), nan=0.0, posinf=_MOST, neginf=0.0)
    return np.nan_to_num(_means(clean, step))


def _finite(halves: Array) -> bool:
    """Whether all are: beyond infinity's bits of either sign lies nothing but NaN."""
    signed, unsigned = halves.view(np.int16), halves.view(np.uint16)
    return bool(signed.max() < _POSITIVE_INFINITY and unsigned.max() < _NEGATIVE_INFINITY)


def _means(plane: Array, step: int) -> Array:
    down, across = (min(step, size) for size in plane.shape)
    rows, columns = (max(1, size // step) for size in plane.shape)
    means = np.empty((rows, columns), np.float32)
    band = max(1, _BAND_PX // (down * plane.shape[1]))
    for top in range(0, rows, band):
        bottom = min(rows, top + band)
        lines = _floats(plane[top * down : bottom * down, : columns * across])
        # Whole lines are summed before pixels are: what lies side by side is quick to add.
        tall = lines[0::down]
        for y in range(1, down):
            tall += lines[y::down]
        means[top:bottom] = tall[:, 0::across]
        for x in range(1, across):
            means[top:bottom] += tall[:, x::across]
    if down * across > 1:
        means *= np.float32(1 / (down * across))
    return means


def _floats(part: Array) -> Array:
    """A copy as float32; of finite halves by moving their bits, a quarter of the time that NumPy takes."""
    if part.dtype != np.float16:
        return part.astype(np.float32)
    bits = part.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_REST
    floats = bits.view(np.float32)
    floats *= _REBIAS
    return floats
