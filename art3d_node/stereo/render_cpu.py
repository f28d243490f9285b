"""One region of the new view on the CPU: which window it needs, and room for what the native kernels make of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from art3d_node import native
from art3d_node.stereo.nearby import look_around
from art3d_node.stereo.request import Rendered, Request
from art3d_node.stereo.window import Window, range_of, required_input, shift_span


def render(image: Tensor, data: Tensor | None, disparity: Tensor, request: Request) -> Rendered:
    """Render one region on the CPU.

    Args:
        image: (H, W, C) float32 contiguous.
        data: (H, W, K) float32 contiguous, or None.
        disparity: (H, W) float32 contiguous, px.
        request: the region and its options.
    """
    extra = np.empty((*disparity.shape, 0), np.float32) if data is None else data.numpy()
    plate = native.Plate(image.numpy(), extra, disparity.numpy(), request.alpha)
    bounds = request.disparity_range or range_of(disparity, request.clean_disparity)
    span = shift_span(*bounds, request.sign)
    window = _window(plate, (disparity.shape[0], disparity.shape[1]), span, request)
    height, width, (first, last) = window.bottom - window.top, window.right - window.left, window.inner
    colours, layers = (np.empty((height, width, count), np.float32) for count in (image.shape[2], extra.shape[2]))
    warped, filled = (np.empty((rows, width), np.float32) for rows in (height, last - first))
    hole, beyond = (np.empty((last - first, width), np.bool_) for _ in range(2))
    targets = native.Targets(colours, layers, warped, filled, hole, beyond)
    part = native.Window((window.left, window.top), window.samples, window.inner, window.span(), window.widest)
    wanted = native.Request(request.sign, request.soft, request.fill)
    native.render(plate, part, wanted, targets, _clean_plate(request, window, span))
    found = filled if request.fill else warped[first:last]
    planes = (colours[first:last], layers[first:last], found, hole, beyond)
    shown = [window.cut(torch.from_numpy(plane)) for plane in planes]
    for mask in shown[3:]:
        window.mark_outside(mask)
    return Rendered(shown[0], None if data is None else shown[1], *shown[2:])


def _clean_plate(request: Request, window: Window, span: tuple[float, float]) -> native.CleanPlate | None:
    if request.clean_plate is None:
        return None
    own = None if request.clean_disparity is None else request.clean_disparity.numpy()
    return native.CleanPlate(request.clean_plate.numpy(), own, window.samples_within(span))


def _window(plate: native.Plate, size: tuple[int, int], span: tuple[float, float], request: Request) -> Window:
    """The window of a region, as small as the disparity there allows; its widest hole is what the frame's allows."""
    make = partial(required_input, request.region, size, soft=request.soft, fill=request.fill)
    full = make(span)
    near = look_around(plate, size, (full.top, full.bottom), full.samples)
    if near is None:
        return full
    return replace(make(shift_span(near.low, near.high, request.sign), step=near.step), widest=full.widest)
