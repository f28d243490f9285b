"""Ramps of disparity that a new view would tear apart, made hard: between two surfaces lies neither.

A network draws the outline of a near object as a ramp some pixels wide. Where its disparity falls by more than a pixel
from one pixel to the next, its pixels fly apart in the eye that sees behind it, and the outline frays. So each is given
to one of the ramp's two ends. Towards the other side a ramp folds and hides itself: it stays as it is. Of an outline
that runs along the rows, the rows of its ramp are carried apart, for either eye: there ramps along columns go first.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from art3d_node import native

WIDEST = 1 / 24  # of a picture width: what is wider is a slope

Part = tuple[slice, slice]


def reach_px(width_px: int) -> int:
    """Steps of the widest ramp, px of a grid whose picture is ``width_px`` wide."""
    return max(round(WIDEST * width_px), 2)


def rows_px(width_px: int) -> int:
    """The same along columns, where only narrow ramps are resolved."""
    return reach_px(width_px) // 4


def resolve_ramps(disparity: Tensor, toward: Literal["left", "right"], at: Part, out: Tensor, *, width_px: int) -> None:
    """Make the ramps hard that the view of one eye would tear.

    A ramp is a run of pixels along a row or column of which each lies more than half a pixel of disparity further
    away than the one before, and one more than a whole one. No value is written that the map does not have.

    Args:
        disparity: (H, W) float32, px; needed within `rows_px` + 2 rows and `reach_px` + 2 columns of the part. What is
            not finite ends a ramp.
        toward: which eye's view will be made of it.
        at: rows and columns to write.
        out: (H, W) float32, that part of it is written. On a GPU the work is still done on the processor.
        width_px: picture width, px of this grid.
    """
    source, result = disparity.cpu(), out if out.device.type == "cpu" else torch.empty(out.shape)
    span = [(part.start, part.stop) for part in at]
    sign = 1.0 if toward == "right" else -1.0
    reach = rows_px(width_px), reach_px(width_px)
    native.resolve_ramps(source.contiguous().numpy(), sign, reach, span[0], span[1], result.numpy())
    if result is not out:
        out[at] = result[at].to(out.device)
