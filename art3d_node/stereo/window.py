"""Which targets and which samples one region of the new view needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from art3d_node.stereo.jit import FloatArray, IndexArray, MaskArray

Region = tuple[int, int, int, int]

BESIDE = 2  # columns past the end of a hole that its fill reads


@dataclass(frozen=True)
class Window:
    """The targets to compute for a region, in the plate's pixel coordinates, half-open.

    Attributes:
        left, top, right, bottom: the rectangle of targets.
        samples: first and one past the last column of the plate that can reach it.
        reach: no hole inside the picture is wider than this, px.
        inner: first and one past the last row that the region shows; the others are its apron.
        rows: (h,) row of the window that each row of the region shows.
        columns: (w,) column of the window that each column of the region shows.
        outside: (h,) rows of the region that lie above or below the plate.
    """

    left: int
    top: int
    right: int
    bottom: int
    samples: tuple[int, int]
    reach: int
    inner: tuple[int, int]
    rows: IndexArray
    columns: IndexArray
    outside: MaskArray

    def span(self) -> tuple[int, int]:
        """First and one past the last column of the window that the region shows."""
        return (int(self.columns[0]), int(self.columns[-1]) + 1) if self.columns.size else (0, 0)

    def cut(self, plane: Tensor) -> Tensor:
        """Cut the region out of the window's inner rows: a view of ``plane`` (inner, w, ...) where nothing repeats."""
        rows, columns = self.rows - np.int32(self.inner[0]), self.columns
        if rows.size == 0 or columns.size == 0:
            return plane.new_empty(rows.size, columns.size, *plane.shape[2:])
        if rows[-1] - rows[0] + 1 == rows.size and columns[-1] - columns[0] + 1 == columns.size:
            return plane[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        down, along = (torch.from_numpy(index).to(plane.device, torch.long) for index in (rows, columns))
        return plane[down][:, along]


def plan(
    region: Region,
    size: tuple[int, int],
    span: tuple[float, float],
    *,
    apron: int = 0,
    slack: int = 0,
    step: float = math.inf,
) -> Window:
    """Plan one region.

    A region may lie far outside the plate. Rows there repeat the plate's first or last row, columns
    more than a plate's width away repeat the column at that distance, so that the window stays small.

    Args:
        region: x0, y0, x1, y1, half-open.
        size: (H, W) of the plate.
        span: lowest and highest shift ``x_source - x_target``, px.
        apron: rows and columns around the region that its pixels depend on.
        slack: what can widen a hole beyond the range of disparities, px.
        step: how far the disparities of two neighbours in a row can lie apart, px.
    """
    height, width = size
    x0, y0, x1, y1 = region
    low, high = span
    columns = np.clip(np.arange(x0, x1), -width, 2 * width - 1)
    rows = np.clip(np.arange(y0, y1), 0, height - 1)
    reach = int(min(math.ceil(min(high - low, step)) + 2 + slack, width))
    first, last = (int(columns[0]), int(columns[-1]) + 1) if x1 > x0 else (0, 0)
    border = max(reach + BESIDE, apron)
    # Every row has a sample at or right of the first of these, and one left of the second.
    always_right = max(width - 2 - math.ceil(min(high, width)), -width)
    always_left = min(2 - math.floor(max(low, -width)), 2 * width)
    left, right = min(first - border, always_right), max(last + border, always_left)
    # Nothing lands outside these, so a margin there would be empty.
    left = max(left, min(first, -math.ceil(min(high, width)) - 2))
    right = min(right, max(last, width - math.floor(max(low, -width)) + 2))
    top = max(int(rows[0]) - apron, 0) if y1 > y0 else 0
    bottom = min(int(rows[-1]) + 1 + apron, height) if y1 > y0 else 0
    samples = _clamp(left + low - 2, width), _clamp(right + high + 2, width)
    return Window(
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        samples=samples,
        reach=reach,
        inner=(int(rows[0]) - top, int(rows[-1]) + 1 - top) if y1 > y0 else (0, 0),
        rows=(rows - top).astype(np.int32),
        columns=(columns - left).astype(np.int32),
        outside=np.arange(y0, y1) != rows,
    )


def finite_range(disparity: FloatArray) -> tuple[float, float]:
    """Lowest and highest finite disparity, px; (0, 0) where there is none."""
    low, high = float(disparity.min()), float(disparity.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high
    finite = disparity[np.isfinite(disparity)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _clamp(value: float, width: int) -> int:
    return int(min(max(value, 0), width))
