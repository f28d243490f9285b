"""Drive the CPU kernels over the window that one region of the new view needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from art3d_node.stereo.fill import APRON, RAYS, fill_holes, find_holes
from art3d_node.stereo.warp import warp
from art3d_node.stereo.window import Region, Window, finite_range, plan


@dataclass(frozen=True)
class Request:
    """What to render: ``sign`` +1 is towards the right eye, ``alpha`` -1 means there is none."""

    sign: float
    region: Region
    alpha: int
    soft: bool
    fill: bool
    disparity_range: tuple[float, float] | None


@dataclass
class Rendered:
    """The region's tensors, all float32 or bool; see `synthesis.NewView`."""

    image: Tensor
    data: Tensor | None
    disparity: Tensor
    occlusion: Tensor
    beyond_border: Tensor


def render(image: Tensor, data: Tensor | None, disparity: Tensor, request: Request) -> Rendered:
    """Render one region on the CPU.

    Args:
        image: (H, W, C) float32 contiguous.
        data: (H, W, K) float32 contiguous, or None.
        disparity: (H, W) float32 contiguous, px.
        request: the region and its options.
    """
    d, s = disparity.numpy(), np.float32(request.sign)
    low, high = request.disparity_range or finite_range(d)
    span = (low, high) if request.sign > 0 else (-high, -low)
    apron = (APRON, APRON) if request.fill else (0, 0)
    window = plan(request.region, (d.shape[0], d.shape[1]), span, apron=apron)
    extra = np.empty((*d.shape, 0), np.float32) if data is None else data.numpy()
    shape = (window.bottom - window.top, window.right - window.left)
    out = np.empty((*shape, image.shape[2]), np.float32)
    out_extra = np.empty((*shape, extra.shape[2]), np.float32)
    depth = np.empty(shape, np.float32)
    origin = (window.left, window.top)
    warp(image.numpy(), extra, d, s, window.samples, origin, request.alpha, out, out_extra, depth)
    first, last = window.inner
    hole, beyond = np.empty((last - first, shape[1]), np.bool_), np.empty((last - first, shape[1]), np.bool_)
    find_holes(depth[first:last], window.reach, hole, beyond)
    if request.fill:
        ground = np.empty_like(depth[first:last])
        fill_holes(out, out_extra, depth, RAYS, first, ground)
    else:
        ground = np.where(hole, np.float32(0), depth[first:last])
    return Rendered(
        image=_crop(out[first:last], window),
        data=None if data is None else _crop(out_extra[first:last], window),
        disparity=_crop(ground, window),
        occlusion=_crop(hole, window, outside=True),
        beyond_border=_crop(beyond, window, outside=True),
    )


def _crop(array: np.ndarray[Any, Any], window: Window, *, outside: bool | None = None) -> Tensor:
    """Cut the region out of its window; rows outside the plate can be given one value."""
    rows, columns = window.rows - window.inner[0], window.columns
    if rows.size == 0 or columns.size == 0:
        return torch.from_numpy(array[:0, :0].reshape(rows.size, columns.size, *array.shape[2:]).copy())
    if rows[-1] - rows[0] + 1 == rows.size and columns[-1] - columns[0] + 1 == columns.size:
        part = array[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    else:
        part = array[np.ix_(rows, columns)]
    part = np.ascontiguousarray(part)
    if outside is not None and window.outside.any():
        part[window.outside] = outside
    return torch.from_numpy(part)
