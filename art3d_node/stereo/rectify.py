"""Do the eyes' rows meet? Measures vertical disparity and takes out what a slight camera error explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_TEXTURE = 6.0
_STRIDE = 4
_ROUNDS = 4
_REST_PX = 2  # rows that are tried on either side
_REST_CELL_PX = 32
_REST_LEAST = 100  # valid pixels of a cell that tells
_REST_VOTES = 16  # points that one cell stands for


@dataclass(frozen=True)
class Vertical:
    """Vertical disparity of a pair where it can be seen, px, and where: x, y, v of shape (n,)."""

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    v: npt.NDArray[np.float32]

    def share_over(self, limit_px: float) -> float:
        """Share of the seen points whose vertical disparity exceeds the limit; 0 where nothing is seen."""
        return float((np.abs(self.v) > limit_px).mean()) if self.v.size else 0.0


def vertical_disparity(left: Picture, right: Picture) -> Vertical:
    """Dense optical flow's vertical part on textured, forward-backward consistent pixels."""
    grey = [cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (left, right)]
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    forth, back = flow.calc(grey[0], grey[1], None), flow.calc(grey[1], grey[0], None)
    steep = np.abs(cv2.Sobel(grey[0], cv2.CV_32F, 0, 1, ksize=3)) / 4
    y, x = (a.ravel() for a in np.mgrid[0 : left.shape[0] : _STRIDE, 0 : left.shape[1] : _STRIDE])
    there = forth[y, x]
    column = np.rint(x + there[:, 0]).astype(np.int64).clip(0, left.shape[1] - 1)
    row = np.rint(y + there[:, 1]).astype(np.int64).clip(0, left.shape[0] - 1)
    closed = np.abs(there + back[row, column]).max(1) < 1.0
    measured = closed & (steep[y, x] > _TEXTURE)
    return Vertical(x[measured].astype(np.float32), y[measured].astype(np.float32), there[measured, 1])


def vertical_error(vertical: Vertical) -> npt.NDArray[np.float64]:
    """(3,) a, b, c of v ≈ a + b·x + c·y, robustly: the offset, roll and zoom between two cameras, px."""
    if vertical.v.size < 50:
        return np.zeros(3)
    rows = np.stack([np.ones_like(vertical.x), vertical.x, vertical.y], 1).astype(np.float64)
    weight = np.ones(len(rows))
    fit = np.zeros(3)
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)
        fit = np.asarray(np.linalg.lstsq(rows * root[:, None], vertical.v * root, rcond=None)[0], np.float64)
        residual = np.abs(vertical.v - rows @ fit)
        weight = 1.0 / (1.0 + (residual / max(1.5 * float(np.median(residual)), 0.1)) ** 2)
    return fit


def largest(error: npt.NDArray[np.float64], width: int, height: int) -> float:
    """Largest vertical error over the corners of the picture, px."""
    return max(abs(float(error @ (1.0, x, y))) for x in (0, width) for y in (0, height))


def corrected(right: Picture, error: npt.NDArray[np.float64]) -> Picture:
    """The right eye with its rows moved so that they meet the left's."""
    a, b, c = error
    to_source = np.array([[1.0, 0.0, 0.0], [b, 1.0 + c, a]])
    size = (right.shape[1], right.shape[0])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(right, to_source, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def vertical_rest(left: Picture, right: Picture, disparity: Map, valid: Mask) -> npt.NDArray[np.float64]:
    """(3,) a, b, c as `vertical_error`, of what a matched pair has left: found by moving rows against each other.

    Optical flow is off by a fifth of a pixel where parallax is large; with the disparity known only the rows move.

    Args:
        left, right: (H, W, 3) uint8, whose rows meet within a pixel or so.
        disparity, valid: (H, W) on the left grid, px.
    """
    fine = [_fine(eye) for eye in (left, right)]
    y, x = np.indices(disparity.shape, np.float32)
    where = x - np.nan_to_num(disparity)
    costs = []
    for step in range(-_REST_PX, _REST_PX + 1):
        carried = cv2.remap(fine[1], where, y + np.float32(step), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        costs.append(_cells(np.where(valid, (fine[0] - np.asarray(carried, np.float32)) ** 2, np.float32(0))))
    count = _cells(valid.astype(np.float32))
    sampled = count > _REST_LEAST
    if not sampled.any():
        return np.zeros(3)
    cost = np.stack(costs)[:, sampled]
    best = cost.argmin(axis=0)
    inner = (best > 0) & (best < 2 * _REST_PX)
    at, column = best[inner], np.flatnonzero(inner)
    before, here, after = (cost[at + i, column] for i in (-1, 0, 1))
    v = at - _REST_PX + 0.5 * (before - after) / np.maximum(before - 2 * here + after, 1e-6)
    area = _cells(np.ones_like(disparity))[sampled][inner]
    centres = [_cells(np.asarray(plane))[sampled][inner] / area for plane in np.stack((x, y))]
    vertical = Vertical(*(np.repeat(np.asarray(a, np.float32), _REST_VOTES) for a in (*centres, v)))
    return vertical_error(vertical)


def _fine(eye: Picture) -> Map:
    grey = cv2.cvtColor(eye, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(grey - cv2.blur(grey, (9, 9)), np.float32)


def _cells(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Sums over cells of `_REST_CELL_PX`, the last ones smaller."""
    rows, columns = (np.arange(0, size, _REST_CELL_PX) for size in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float64), rows, axis=0), columns, axis=1)
    return np.asarray(sums)
