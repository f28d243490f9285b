"""Pictures made small for a page: means of blocks, in linear light."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from host_bridge.core.frame import Array

_MOST = 65504.0
_BAND_PX = 1 << 17
"""Pixels that are worked on at a time: what stays in a core's own cache."""
_INFINITY, _NEGATIVE_INFINITY = 0x7C00, 0xFC00
_SIGN_AND_REST = np.int32(-0x70002000)  # 0x8FFFE000: a half's bits at their place in a float
_REST = np.int32(0x0FFFE000)
_REBIAS = 2.0**112


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
    try:
        means = _means(plane, step)
        if plane.dtype == np.float16 or np.isfinite(means).all():
            return means
    except _NotFiniteError:
        pass
    clean = np.nan_to_num(plane.astype(np.float32), nan=0.0, posinf=_MOST, neginf=0.0)
    return np.nan_to_num(_means(clean, step))


class _NotFiniteError(ValueError):
    """Halves that are NaN or infinite."""


def _unsigned(halves: Array) -> bool:
    """Whether none has a sign.

    Raises:
        _NotFiniteError: one is NaN or infinite; beyond infinity's bits of either sign lies nothing but NaN.
    """
    most = halves.view(np.uint16).max()
    if most < _INFINITY:
        return True
    if most >= _NEGATIVE_INFINITY or halves.view(np.int16).max() >= _INFINITY:
        raise _NotFiniteError
    return False


def _means(plane: Array, step: int) -> Array:
    down, across = (min(step, size) for size in plane.shape)
    rows, columns = (max(1, size // step) for size in plane.shape)
    means = np.empty((rows, columns), np.float32)
    halves = plane.dtype == np.float16
    in_pairs = halves and across % 2 == 0 and plane.flags.c_contiguous and plane.shape[1] % 2 == 0
    apart = across // 2 if in_pairs else across
    band = max(1, _BAND_PX // (down * plane.shape[1]))
    read = _pairs(band * down, plane.shape[1]) if in_pairs else _moved if halves else _floats
    for top in range(0, rows, band):
        bottom = min(rows, top + band)
        lines = read(plane[top * down : bottom * down])[:, : columns * apart]
        # Whole lines are summed before pixels are: what lies side by side is quick to add.
        tall, out = lines[0::down], means[top:bottom]
        for y in range(1, down):
            tall = np.add(tall, lines[y::down], out=out if apart == 1 and y == down - 1 else tall)
        if tall is not out:
            out[...] = tall[:, 0::apart]
        for x in range(1, apart):
            out += tall[:, x::apart]
        unit = (_REBIAS if halves else 1.0) / (down * across)
        if unit != 1.0:
            out *= np.float32(unit)
    return means


def _floats(part: Array) -> Array:
    return part.astype(np.float32)


def _moved(part: Array) -> Array:
    """Halves by moving their bits, a quarter of the time that NumPy takes; in units of 1/`_REBIAS`."""
    _unsigned(part)
    bits = part.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_REST
    return bits.view(np.float32)


def _pairs(rows: int, columns: int) -> Callable[[Array], Array]:
    """What sums neighbouring halves of up to so many rows, as `_moved`, into memory that each call writes anew.

    Both halves are taken out of one word, so that nothing is read in strides.
    """
    even, odd = np.empty((2, rows, columns // 2), np.int32)

    def summed(part: Array) -> Array:
        words, first, second = part.view(np.int32), even[: len(part)], odd[: len(part)]
        np.right_shift(words, 3, out=second)
        if _unsigned(part):
            np.left_shift(words, 13, out=first)
            first &= _REST
            second &= _REST
        else:
            np.left_shift(words, 16, out=first)
            first >>= 3
            first &= _SIGN_AND_REST
            second &= _SIGN_AND_REST
        sums = first.view(np.float32)
        sums += second.view(np.float32)
        return np.asarray(sums)

    return summed
