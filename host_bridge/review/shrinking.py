"""Pictures made small for a page: means of blocks, in linear light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from host_bridge.core.frame import Array
from host_bridge.io.colour.config import config_name
from host_bridge.io.colour.curves_of_display import Curves, curves_of, display_levels

_MOST = 65504.0
_BAND_PX = 1 << 17
"""Pixels that are worked on at a time: what stays in a core's own cache, and what OpenCV shares with no other core."""


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
    if curves is None or curves.matrix is not None:
        return display_levels([block_means(plane, side_px, longest_px) for plane in planes], space)
    return _shown_in_bands([_Blocks(plane, _step(side_px, longest_px)) for plane in planes], curves)


def _shown_in_bands(planes: Sequence[_Blocks], curves: Curves) -> Array:
    """Means of each band are looked up while they lie in the cache."""
    rows, columns = planes[0].size
    shown = np.empty((rows, columns, 3), np.uint8)
    for top in range(0, rows, planes[0].band):
        out = shown[top : top + planes[0].band]
        levels = [curves.levels(channel, plane.means(top, len(out))) for channel, plane in _channels(planes)]
        cv2.merge(levels, dst=out)
    return shown


def _channels(planes: Sequence[_Blocks]) -> list[tuple[int, _Blocks]]:
    """The plane of each channel; grey is that of all."""
    return list(enumerate(planes if len(planes) == 3 else [planes[0]] * 3))


def block_means(plane: Array, side_px: int, longest_px: int) -> Array:
    """One channel of a picture, smaller.

    Args:
        plane: (rows, columns) half or float32; NaN and −∞ count as 0, ∞ as the most that a half holds.
        side_px: what the picture's long side is brought down to; 0 leaves it.
        longest_px: the picture's long side.

    Returns:
        (rows', columns') float32, finite.
    """
    blocks = _Blocks(plane, _step(side_px, longest_px))
    return np.concatenate([blocks.means(top, blocks.band) for top in range(0, blocks.size[0], blocks.band)])


def _step(side_px: int, longest_px: int) -> int:
    return -(-longest_px // side_px) if side_px else 1


class _Blocks:
    """The blocks of a plane, some lines of them at a time.

    Attributes:
        size: lines and columns of blocks.
        band: how many lines to ask for at most.
    """

    def __init__(self, plane: Array, step: int) -> None:
        self._plane = plane
        self._down, self._across = (min(step, size) for size in plane.shape)
        self.size = tuple(max(1, size // step) for size in plane.shape)
        self.band = max(1, _BAND_PX // (self._down * plane.shape[1]))

    def means(self, top: int, rows: int) -> Array:
        """The means of up to so many lines from `top` on; (lines, columns) float32, finite."""
        rows = min(rows, self.size[0] - top)
        part = self._plane[top * self._down : (top + rows) * self._down, : self.size[1] * self._across]
        values = _floats(part)
        means = self._means(values)
        # The mean of finite values is finite, unless they are too large for a sum of floats.
        if np.isfinite(means).all():
            return means
        clean = np.nan_to_num(values, nan=0.0, posinf=_MOST, neginf=0.0)
        return np.nan_to_num(self._means(clean))

    def _means(self, values: Array) -> Array:
        if self._down == self._across == 1:
            return values
        size = (values.shape[1] // self._across, values.shape[0] // self._down)
        return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def _floats(part: Array) -> Array:
    """Values as float32; halves in a quarter of the time that NumPy takes."""
    if part.dtype.str != "<f2":
        return np.ascontiguousarray(part, np.float32)
    return np.asarray(cv2.convertFp16(np.ascontiguousarray(part).view(np.int16)))
