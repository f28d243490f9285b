"""Where a renderer hit nothing, when it says so by a negative number or by 0, and the outlines of what it did hit.

A renderer that filters its Z like a colour mixes surfaces with what it writes for nothing. Half of 8 m and half of 0 is
4 m: such a pixel would stand before everything else. Nothing tells how far it is, but the surface beside it does.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from art3d_node.stereo.depth_edges import FAR_SENTINEL

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.int64]

_REACH_PX = 2
"""How far from nothing a filter leaves mixed pixels."""
_SLOPE = 5.0
"""A step of more than so many times what the surface itself changes from pixel to pixel is none of its own."""
_LEAST = 0.02
"""And of more than this share of the surface's depth."""


def mark_of(z: Floats) -> float | None:
    """The negative number that marks where nothing was hit; None where no such number is used.

    Depth of a camera that looks down −Z, and pictures of depth of both signs, have many negative values. A mark is one
    value, beside a depth that varies; of other values below 0 there are only those that a filter left beside it.

    Args:
        z: (H, W) as stored.
    """
    below = z < 0.0
    if not below.any():
        return None
    above = z[z > 0.0]
    if not above.size or above.min() == above.max():
        return None
    mark = float(z[below].min())
    at = z == mark
    if mark <= -FAR_SENTINEL or 2 * np.count_nonzero(at) < np.count_nonzero(below):
        return None
    return None if (below & ~_around(at)).any() else mark


def settled(z: Floats, meaning: str) -> Floats:
    """A Z in which nothing is marked as its meaning marks it, and no pixel mixes a surface with nothing.

    Args:
        z: (H, W) as stored.
        meaning: "distance", "inverse", "near-is-white" or "far-is-white".

    Returns:
        `z` itself where there is nothing to settle. Nothing is 0 in a distance and its inverse, infinitely far both;
        in a picture of depth, where 0 is a value like any other, the farthest value there is.
    """
    mark = mark_of(z)
    if mark is None and meaning != "distance":
        return z
    nothing = z == (mark or 0.0)
    if not nothing.any():
        return z
    out = z.copy()
    _unmix(out, nothing, mark or 0.0)
    if mark is not None:
        empty = out < 0.0
        hit = out[~empty & (out < FAR_SENTINEL)]
        out[empty] = {"near-is-white": hit.min(), "far-is-white": hit.max()}.get(meaning, 0.0)
    return out


def _unmix(z: Floats, nothing: Mask, mark: float) -> None:
    """Gives pixels beside nothing that lie before their own surface its depth; the mark where less than half shows.

    Args:
        z: (H, W) as stored; changed in place.
        nothing: where it is the mark.
        mark: what stands for nothing.
    """
    rows, columns = np.divmod(np.flatnonzero(_around(nothing) ^ nothing), z.shape[1])
    stored = z[rows, columns]
    mixed = ~np.isnan(_surfaces(z, rows, columns, stored, mark))
    rows, columns, stored = rows[mixed], columns[mixed], stored[mixed]
    # What is mixed itself is nobody's surface.
    z[rows, columns] = np.nan
    surfaces = _surfaces(z, rows, columns, stored, mark)
    most = 2.0 * np.abs(stored - mark) >= np.abs(surfaces - mark)
    z[rows, columns] = np.where(np.isnan(surfaces), stored, np.where(most, surfaces, mark))


def _surfaces(z: Floats, rows: Pixels, columns: Pixels, stored: Floats, mark: float) -> Floats:
    """The nearest surface beside each pixel that the pixel lies clearly before; NaN where there is none.

    Args:
        z: (H, W), NaN where there is no surface.
        rows, columns: the pixels.
        stored: their values.
        mark: what stands for nothing.
    """
    nearest = np.full(len(rows), np.nan, np.float32)
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        beside = _surface_at(z, rows + dy, columns + dx, mark)
        for away in range(2, _REACH_PX + 2):
            behind = _surface_at(z, rows + away * dy, columns + away * dx, mark)
            step = np.abs(beside - mark) - np.abs(stored - mark)
            stands = (step > _SLOPE * np.abs(behind - beside)) & (step > _LEAST * np.abs(beside))
            nearer = stands & ~(np.abs(beside) >= np.abs(nearest))
            nearest = np.where(nearer, beside, nearest)
            beside = behind
    return nearest


def _surface_at(z: Floats, rows: Pixels, columns: Pixels, mark: float) -> Floats:
    """Depths as stored; NaN, of which nothing is true, outside the picture and where there is no surface."""
    inside = (rows >= 0) & (rows < z.shape[0]) & (columns >= 0) & (columns < z.shape[1])
    found = np.full(len(rows), np.nan, np.float32)
    found[inside] = z[rows[inside], columns[inside]]
    # With a negative mark, what lies below 0 is a mixture.
    found[(found == mark) | (np.abs(found) >= FAR_SENTINEL) | (found < 0.0) & (mark < 0.0)] = np.nan
    return found


def _around(mask: Mask) -> Mask:
    """A mask and what lies within reach of it."""
    side = 2 * _REACH_PX + 1
    wide = cv2.dilate(mask.view(np.uint8), np.ones((side, side), np.uint8))
    return np.asarray(wide).view(np.bool_)
