"""Drive the CPU kernels over the window that one region of the new view needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
import torch
from torch import Tensor

from art3d_node.stereo import edges, fill, sight
from art3d_node.stereo.compose import compose
from art3d_node.stereo.holes import find_holes
from art3d_node.stereo.jit import Arguments, FloatArray, bands
from art3d_node.stereo.mixed import no_mixed
from art3d_node.stereo.mixed_cpu import find_mixed
from art3d_node.stereo.nearby import look_around
from art3d_node.stereo.request import Rendered, Request
from art3d_node.stereo.warp import warp
from art3d_node.stereo.window import Window, finite_range, plan


def render(image: Tensor, data: Tensor | None, disparity: Tensor, request: Request) -> Rendered:
    """Render one region on the CPU.

    Args:
        image: (H, W, C) float32 contiguous.
        data: (H, W, K) float32 contiguous, or None.
        disparity: (H, W) float32 contiguous, px.
        request: the region and its options.
    """
    d, s, colours = disparity.numpy(), np.float32(request.sign), image.numpy()
    window, reach = _window(d, request)
    channels, layers = image.shape[2], 0 if data is None else data.shape[2]
    extra = np.empty((*d.shape, 0), np.float32) if data is None else data.numpy()
    (first, last), threads = window.inner, numba.get_num_threads()
    view = _View.empty(window.bottom - window.top, window.right - window.left, channels, layers)
    veils = _View.empty(last - first if request.soft else 0, view.depth.shape[1], channels, layers)
    veil, index = np.empty_like(veils.depth), np.empty(view.depth.shape, np.int32)
    origin, plate, outlines = (window.left, window.top), (colours, extra, d), (*veils.arrays(), veil)

    mixed = no_mixed(channels)
    if request.soft and last > first:
        mixed = find_mixed(colours, d, (window.top, window.bottom), window.samples, request.alpha)

    def carry(rows: slice) -> None:
        """Some rows of the window, from the plate."""
        for some in bands(rows.stop - rows.start, view.depth.shape[1]):
            up, down = rows.start + some.start, rows.start + some.stop
            part = slice(up, down)
            where = ((window.left, window.top + up), request.alpha, mixed.rows(part), (first - up, last - up))
            made = (*view.rows(part).arrays(), index[part], *outlines)
            carried: Arguments = (*plate, s, window.samples, *where, *made, threads)
            warp(*carried)

    carry(slice(first, last))
    inner = view.rows(slice(first, last))
    hole, beyond = np.empty(inner.depth.shape, np.bool_), np.empty(inner.depth.shape, np.bool_)
    find_holes(inner.depth, veil, reach, hole, beyond)
    ground = inner.depth
    if request.fill:
        above, below = sight.rows_around(inner.depth, window.span())
        carry(slice(max(first - above, 0), first))
        carry(slice(last, min(last + below, view.depth.shape[0])))
        ground = np.empty_like(inner.depth)
        size = (view.depth.shape[0], view.depth.shape[1])
        for part in bands(*ground.shape):
            seen = (*view.flat(), size, index, fill.RAYS, first + part.start, window.span())
            looked: Arguments = (*plate, s, origin, *seen, ground[part], threads)
            fill.fill_holes(*looked)
    composed: Arguments = (window.span(), request.fill, inner.colours, inner.layers, ground, hole, *outlines)
    compose(*composed)
    shown = [window.cut(torch.from_numpy(plane)) for plane in (inner.colours, inner.layers, ground, hole, beyond)]
    for mask in shown[3:]:
        window.mark_outside(mask)
    return Rendered(shown[0], None if data is None else shown[1], *shown[2:])


def _window(d: FloatArray, request: Request) -> tuple[Window, int]:
    """The window of a region, as small as the disparity there allows, and the widest hole that the frame's allows."""
    low, high = request.disparity_range or finite_range(d)
    size, apron = (d.shape[0], d.shape[1]), sight.APRON if request.fill else 0
    make = partial(plan, request.region, size, apron=apron, slack=edges.WIDENING if request.soft else 0)
    whole = make(_span(low, high, request.sign))
    near = look_around(d, (whole.top, whole.bottom), whole.samples)
    if near is None:
        return whole, whole.reach
    return make(_span(near.low, near.high, request.sign), step=near.step), whole.reach


def _span(low: float, high: float, sign: float) -> tuple[float, float]:
    """How far a sample can lie from its target, px: lowest and highest ``x_source - x_target``."""
    return (low, high) if sign > 0 else (-high, -low)


@dataclass(frozen=True)
class _View:
    """Colours (h, w, C), extra layers (h, w, K) and disparity (h, w) of a window."""

    colours: FloatArray
    layers: FloatArray
    depth: FloatArray

    @classmethod
    def empty(cls, height: int, width: int, channels: int, layers: int) -> _View:
        return cls(
            np.empty((height, width, channels), np.float32),
            np.empty((height, width, layers), np.float32),
            np.empty((height, width), np.float32),
        )

    def rows(self, part: slice) -> _View:
        """Some rows of it."""
        return _View(self.colours[part], self.layers[part], self.depth[part])

    def flat(self) -> Arguments:
        """The same arrays with their rows joined: (h * w, C), (h * w, K), (h * w,)."""
        channels, layers = self.colours.shape[2], self.layers.shape[2]
        size = self.depth.size
        return self.colours.reshape(size, channels), self.layers.reshape(size, layers), self.depth.reshape(size)

    def arrays(self) -> Arguments:
        """Colours, extra layers, disparity: the order in which the kernels take them."""
        return self.colours, self.layers, self.depth
