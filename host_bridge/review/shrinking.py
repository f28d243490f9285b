"""Pictures made small for a page: means of blocks, in linear light."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.io.colour.config import config_name
from host_bridge.io.colour.curves_of_display import Curves, curves_of, display_levels

_MOST = 65504.0
_BAND_PX = 1 << 17
"""Pixels that are worked on at a time: what stays in a core's own cache."""
_INFINITY, _NEGATIVE_INFINITY = 0x7C00, 0xFC00
_SIGN_AND_REST = np.int32(-0x70002000)  # 0x8FFFE000: a half's bits at their place in a float
_EXPONENT_AND_REST = np.int32(0x1FFFE000)  # the same, its sign taken for the exponent's highest bit
_REBIAS = 2.0**112
_LEAST_SUSPECT = np.float32(2.0**16 / _REBIAS)
"""In units of 1/`_REBIAS`, signs taken for exponents: what a half with a sign, or one not finite, is at least."""


def shown_small(planes: Sequence[Array], side_px: int, space: str) -> Array:
    """Colour made small, as a person sees it: `display_levels` of `block_means`.

    Args:
        planes: R, G and B, or grey alone, of one size; half or float32 in `space`.
        side_px: what the picture's long side is brought down to; 0 leaves it.
        space: canonical input space.

    Returns:
        (rows', columns', 3) uint8.

    Raises:
        BadInputError: the colour config fails.
    """
    longest_px = max(planes[0].shape)
    curves = curves_of(config_name(), space)
    if curves is not None and curves.matrix is None:
        with contextlib.suppress(_NotFiniteError):
            return _shown_in_bands(planes, _step(side_px, longest_px), curves)
    return display_levels([block_means(plane, side_px, longest_px) for plane in planes], space)


def _shown_in_bands(planes: Sequence[Array], step: int, curves: Curves) -> Array:
    """Means of each band are looked up while they lie in the cache.

    Raises:
        _NotFiniteError: values that are NaN or infinite.
    """
    memory = functools.cache(_pairs)  # the same for all planes
    blocks = [_Blocks(plane, step, pairs=memory) for plane in planes]
    shown = np.empty((*blocks[0].size, 3), np.uint8)
    band = np.empty((blocks[0].band, shown.shape[1]), np.float32)
    for top in range(0, len(shown), len(band)):
        out = shown[top : top + len(band)]
        for place, block in enumerate(blocks):
            means = block.means(top, band[: len(out)])
            for channel in (place,) if len(blocks) == 3 else range(3):
                curves.look_up(channel, means, out[..., channel])
    return shown


def block_means(plane: Array, side_px: int, longest_px: int) -> Array:
    """One channel of a picture, smaller.

    Args:
        plane: (rows, columns) half or float32; NaN and −∞ count as 0, ∞ as the most that a half holds.
        side_px: what the picture's long side is brought down to; 0 leaves it.
        longest_px: the picture's long side.

    Returns:
        (rows', columns') float32, finite.
    """
    step = _step(side_px, longest_px)
    try:
        return _means(plane, step)
    except _NotFiniteError:
        clean = np.nan_to_num(plane.astype(np.float32), nan=0.0, posinf=_MOST, neginf=0.0)
        return np.nan_to_num(_means(clean, step, finite=False))


def _step(side_px: int, longest_px: int) -> int:
    return -(-longest_px // side_px) if side_px else 1


class _NotFiniteError(ValueError):
    """Values that are NaN or infinite."""


def _validate_finite(halves: Array) -> None:
    """Proves halves.

    Raises:
        _NotFiniteError: one is NaN or infinite; beyond infinity's bits of either sign lies nothing but NaN.
    """
    if halves.view(np.uint16).max() >= _NEGATIVE_INFINITY or halves.view(np.int16).max() >= _INFINITY:
        raise _NotFiniteError


def _means(plane: Array, step: int, *, finite: bool = True) -> Array:
    """All means of a plane; with `finite` as `_Blocks.means` proves them."""
    blocks = _Blocks(plane, step, finite=finite)
    means = np.empty(blocks.size, np.float32)
    for top in range(0, len(means), blocks.band):
        blocks.means(top, means[top : top + blocks.band])
    return means


_Summed = Callable[[Array, bool], Array]
_PairsOf = Callable[[int, int], _Summed]


class _Blocks:
    """The blocks of a plane, some lines of them at a time.

    Attributes:
        size: lines and columns of blocks.
        band: how many lines to ask for at most.
    """

    def __init__(self, plane: Array, step: int, *, finite: bool = True, pairs: _PairsOf | None = None) -> None:
        self._plane = plane
        self._down, self._across = (min(step, size) for size in plane.shape)
        self.size = tuple(max(1, size // step) for size in plane.shape)
        self.band = max(1, _BAND_PX // (self._down * plane.shape[1]))
        self._halves = plane.dtype == np.float16
        self._proves = finite and not self._halves
        in_pairs = self._halves and self._across % 2 == 0 and plane.flags.c_contiguous and plane.shape[1] % 2 == 0
        self._apart = self._across // 2 if in_pairs else self._across
        self._pairs = (pairs or _pairs)(self.band * self._down, plane.shape[1]) if in_pairs else None

    def means(self, top: int, out: Array) -> Array:
        """Writes the means of the lines from `top` on into `out`, as many as it has, and returns it.

        Raises:
            _NotFiniteError: halves that are NaN or infinite, or means of floats that are.
        """
        part = self._plane[top * self._down : (top + len(out)) * self._down]
        if self._pairs is None:
            self._sum((_moved if self._halves else _floats)(part), out)
        elif self._sum(self._pairs(part, False), out).max() >= _LEAST_SUSPECT:
            _validate_finite(part)
            self._sum(self._pairs(part, True), out)
        unit = (_REBIAS if self._halves else 1.0) / (self._down * self._across)
        if unit != 1.0:
            out *= np.float32(unit)
        if self._proves and not np.isfinite(out).all():
            raise _NotFiniteError
        return out

    def _sum(self, values: Array, out: Array) -> Array:
        """Writes the sums of blocks of lines, which may hold sums already, into `out` and returns it."""
        lines = values[:, : self.size[1] * self._apart]
        # Whole lines are summed before pixels are: what lies side by side is quick to add.
        tall, last = lines[0 :: self._down], self._down - 1
        for y in range(1, self._down):
            tall = np.add(tall, lines[y :: self._down], out=out if self._apart == 1 and y == last else tall)
        if tall is not out:
            out[...] = tall[:, 0 :: self._apart]
        for x in range(1, self._apart):
            out += tall[:, x :: self._apart]
        return out


def _floats(part: Array) -> Array:
    return part.astype(np.float32)


def _moved(part: Array) -> Array:
    """Halves by moving their bits, a quarter of the time that NumPy takes; in units of 1/`_REBIAS`."""
    _validate_finite(part)
    bits = part.view(np.int16).astype(np.int32)
    bits <<= 13
    bits &= _SIGN_AND_REST
    return bits.view(np.float32)


def _pairs(rows: int, columns: int) -> _Summed:
    """What sums neighbouring halves of up to so many rows, as `_moved`, into memory that each call writes anew.

    It is told whether they have signs, which takes longer; else a sign counts as the highest bit of the exponent. Both
    halves are taken out of one word, so that nothing is read in strides.
    """
    even, odd = np.empty((2, rows, columns // 2), np.int32)

    def summed(part: Array, signed: bool) -> Array:
        words, first, second = part.view(np.int32), even[: len(part)], odd[: len(part)]
        np.right_shift(words, 3, out=second)
        np.left_shift(words, 16 if signed else 13, out=first)
        if signed:
            first >>= 3
        for bits in (first, second):
            bits &= _SIGN_AND_REST if signed else _EXPONENT_AND_REST
        sums = first.view(np.float32)
        sums += second.view(np.float32)
        return np.asarray(sums)

    return summed
