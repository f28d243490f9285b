"""Ramps of disparity that a new view would tear apart, made hard: between two surfaces lies neither.

A network draws the outline of a near object as a ramp some pixels wide. Where its disparity falls by more than a pixel
from one pixel to the next, its pixels fly apart in the eye that sees behind it, and the outline frays. So each is given
to one of the ramp's two ends. Towards the other side a ramp folds and hides itself: it stays as it is.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numba import prange
from torch import Tensor

from art3d_node.stereo.jit import FloatArray, Real, cpu_kernel, device_function, f32
from art3d_node.stereo.scanline import SURFACE_SLOPE

WIDEST = 1 / 24  # of a picture width: what is wider is a slope
NEAR_SIDE = f32(0.3)  # how far up a ramp its near surface begins: what is lost of that leaves a ghost behind

Part = tuple[slice, slice]


@device_function
def _falls(row: FloatArray, x: int, s: Real) -> bool:
    """Tell whether a row stretches to half as much again or more between ``x`` and ``x + 1``."""
    return bool(s * (row[x] - row[x + 1]) > f32(0.5) * SURFACE_SLOPE)


@cpu_kernel
def _harden(
    d: FloatArray, s: Real, reach: int, rows: tuple[int, int], columns: tuple[int, int], out: FloatArray
) -> None:
    """Write some rows and columns of ``d`` (H, W) to the same of ``out`` (H, W), the ramps made hard."""
    first, end = columns
    for y in prange(rows[0], rows[1]):
        row, made = d[y], out[y]
        made[first:end] = row[first:end]
        # A ramp that reaches out of what is looked at is too wide to be one, here as in the whole row.
        x, last = max(first - reach - 1, 0), min(end + reach + 1, row.shape[0]) - 1
        while x < last:
            if not _falls(row, x, s):
                x += 1
                continue
            begin, torn = x, False
            while x < last and _falls(row, x, s):
                torn |= abs(row[x + 1] - row[x]) > SURFACE_SLOPE
                x += 1
            low, high = min(row[begin], row[x]), max(row[begin], row[x])
            if torn and x - begin <= reach and high - low < f32(np.inf):
                for k in range(max(begin + 1, first), min(x, end)):
                    made[k] = high if row[k] - low > NEAR_SIDE * (high - low) else low


def reach_px(width_px: int) -> int:
    """Steps of the widest ramp, px of a grid whose picture is ``width_px`` wide."""
    return max(round(WIDEST * width_px), 2)


def harden(disparity: Tensor, toward: Literal["left", "right"], at: Part, out: Tensor, *, width_px: int) -> None:
    """Make the ramps hard that the view of one eye would tear.

    A ramp is a run of pixels along a row of which each lies more than half a pixel of disparity further away than the
    one before, and one more than a whole one. Each value that is written is one of its row's.

    Args:
        disparity: (H, W) float32, px; needed within `reach_px` + 2 columns of the part. What is not finite ends a ramp.
        toward: which eye's view will be made of it.
        at: rows and columns to write.
        out: (H, W) float32, that part of it is written. On a GPU the work is still done on the processor.
        width_px: picture width, px of this grid.
    """
    source, made = disparity.cpu(), out if out.device.type == "cpu" else torch.empty(out.shape)
    span = [(part.start, part.stop) for part in at]
    s = np.float32(1 if toward == "right" else -1)
    _harden(source.numpy(), s, reach_px(width_px), span[0], span[1], made.numpy())
    if made is not out:
        out[at] = made[at].to(out.device)
