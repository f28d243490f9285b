"""Drive the CUDA kernels over the window that one region of the new view needs.

The tensors stay on their device from end to end. Tensors of the CPU take the same way, see `native.cuda`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from art3d_node import native
from art3d_node.native import gpu_job
from art3d_node.native.cuda import launch
from art3d_node.native.gpu_job import DeviceJob
from art3d_node.stereo.request import Rendered, Request
from art3d_node.stereo.window import Window, range_of, required_input, shift_span


@dataclass(frozen=True)
class _Layer:
    """Plate rows of the window: colours (h, W, C), extra (h, W, K), disparity and cover (h, W)."""

    colours: Tensor
    extra: Tensor
    disparity: Tensor
    cover: Tensor

    def cut(self, first: int, last: int) -> _Layer:
        """Rows ``first`` to ``last``."""
        return _Layer(*(plane[first:last] for plane in vars(self).values()))

    def rows(self, alpha: int = -1) -> gpu_job.Plate:
        """As the kernels take it."""
        (height, width, channels), layers = self.colours.shape, self.extra.shape[2]
        return gpu_job.Plate(*_at(self.colours, self.extra, self.disparity), height, width, channels, layers, alpha)


@dataclass(frozen=True)
class _Visible:
    """What one layer shows: colours, extra, disparity (h, w), the winners' names and plate samples."""

    colours: Tensor
    extra: Tensor
    disparity: Tensor
    code: Tensor
    index: Tensor

    def cut(self, first: int, last: int) -> _Visible:
        """Rows ``first`` to ``last``."""
        return _Visible(*(plane[first:last] for plane in vars(self).values()))

    def planes(self) -> gpu_job.Planes:
        """As the kernels take it."""
        (height, width, channels), layers = self.colours.shape, self.extra.shape[2]
        return gpu_job.Planes(*_at(self.colours, self.extra, self.disparity), height, width, channels, layers)


@dataclass(frozen=True)
class _Frame:
    """One request on its way."""

    plate: _Layer
    window: Window
    request: Request

    def job(self, **fields: Any) -> DeviceJob:
        """A job of this frame's."""
        window = self.window
        plate, left, top = self.plate.rows(self.request.alpha), window.left, window.top
        clean = self.request.clean_plate
        fields["clean"] = None if clean is None else clean.data_ptr()
        return DeviceJob(plate=plate, sign=self.request.sign, left=left, top=top, widest=window.widest, **fields)

    def run(self, kernel: str, over: tuple[int, int], **fields: Any) -> None:
        """Launch a kernel over (rows, columns) threads."""
        launch(kernel, self.job(height=over[0], width=over[1], **fields), self.plate.disparity.device)


def render(image: Tensor, data: Tensor | None, disparity: Tensor, request: Request) -> Rendered:
    """Render one region on the tensors' CUDA device; see `render_cpu.render`."""
    low, high = request.disparity_range or range_of(disparity, request.clean_disparity)
    size, span = (disparity.shape[0], disparity.shape[1]), shift_span(low, high, request.sign)
    window = required_input(request.region, size, span, soft=request.soft, fill=request.fill)
    plate = _Layer(image, image.new_empty(*size, 0) if data is None else data, disparity, disparity[:0])
    frame, (first, last) = _Frame(plate, window, request), window.inner
    rows = slice(window.top, window.bottom)
    opaque = _Layer(image[rows], plate.extra[rows], disparity[rows], disparity[:0])
    soft = None
    if request.soft and last > first:
        opaque, soft = _take_apart(frame)
    view = _carry(frame, opaque)
    inner, outlines, cover = view.cut(first, last), None, None
    if soft is not None:
        outlines, cover = _cover(frame, soft.cut(first, last), inner)
    shape = (last - first, window.right - window.left)
    hole, beyond = (torch.empty(shape, dtype=torch.bool, device=disparity.device) for _ in range(2))
    covered = _at(cover)[0] if cover is not None else None
    masks = {"hole": _at(hole)[0], "beyond": _at(beyond)[0]}
    frame.run("find_holes", shape, view=inner.planes(), cover=covered, **masks)
    filled = _fill(frame, view, _carried_clean(frame, span)) if request.fill else inner.disparity.contiguous()
    over = {} if outlines is None else {"soft": outlines.planes(), "cover": covered}
    target = {"view": inner.planes(), "filled_disparity": _at(filled)[0], "filled": int(request.fill)}
    frame.run("compose", shape, **target, **masks, **over)
    shown = [window.cut(plane) for plane in (inner.colours, inner.extra, filled, hole, beyond)]
    for mask in shown[3:]:
        window.mark_outside(mask)
    return Rendered(shown[0], None if data is None else shown[1], *shown[2:])


def _at(*tensors: Tensor) -> tuple[int, ...]:
    return tuple(tensor.data_ptr() for tensor in tensors)


def _take_apart(frame: _Frame) -> tuple[_Layer, _Layer]:
    """The window's rows without the mixed pixels of outlines, and those; see `find_mixed` in render.cpp."""
    plate, window, cell, look = frame.plate, frame.window, native.CELL_PX, native.LOOK_PX
    (height, width), new = plate.disparity.shape, plate.disparity.new_empty
    first, last = _cells(window.top, window.bottom, height)
    left, right = _cells(*window.samples, width)
    top, wide = first * cell, (left * cell, min(right * cell, width))
    tall = min(last * cell, height) - top
    near = new(tall + 2 * look, wide[1] - wide[0] + 2 * look, dtype=torch.uint8)
    reaches = gpu_job.Reaches(near.data_ptr(), *near.shape, top - look, wide[0] - look)
    frame.run("find_reaches", (near.shape[0], near.shape[1]), reaches=reaches)
    count = new(tall, dtype=torch.int32)
    frame.run("count_band_pixels", (1, tall), reaches=reaches, band=gpu_job.MixedPixels(count=count.data_ptr()))
    room = _Room.of(count, plate.colours.shape[2], new)
    around = torch.frombuffer(bytearray(native.neighbourhood(width, near.shape[1])), dtype=torch.uint8).to(near.device)
    sums = new(tall, 2 * (1 + 2 * plate.colours.shape[2]))
    cells, softness = (new(last - first, right - left, count) for count in (native.CELL_SUMS, 2))
    learnt = {
        "reaches": reaches,
        "band": room.pixels(0),
        "cells": gpu_job.CellSums(cells.data_ptr(), last - first, right - left, first, left),
        "learnt": softness.data_ptr(),
    }
    looked = {"around": around.data_ptr(), "sums": sums.data_ptr(), "band_columns": gpu_job.Span(*wide)}
    frame.run("survey", (1, tall), **learnt, **looked)
    frame.run("gather", (1, last - first), **learnt)
    frame.run("learn_cells", (last - first, right - left), **learnt)
    mixed, rows = room.pixels(window.top - top), window.bottom - window.top
    settled = gpu_job.Span(*window.samples)
    frame.run("classify", (1, rows), **learnt, around=around.data_ptr(), first=window.top - top, settled=settled)
    part = slice(window.top, window.bottom)
    d = plate.disparity[part]
    opaque, soft = (
        _Layer(plate.colours[part].clone(), plate.extra[part].clone(), plane, torch.ones_like(plane))
        for plane in (d.clone(), torch.full_like(d, torch.nan))
    )
    layers = {"rows": opaque.rows(), "other_rows": soft.rows(), "rows_cover": soft.cover.data_ptr()}
    frame.run("split_rows", (1, rows), mixed=mixed, **layers)
    return opaque, soft


def _cells(first: int, last: int, size: int) -> tuple[int, int]:
    """First and one past the last cell along one axis that some pixels of the plate learn from."""
    cell = native.CELL_PX
    return max(first // cell - 1, 0), min((last - 1) // cell + 2, -(-size // cell))


@dataclass(frozen=True)
class _Room:
    """Room for the pixels of the band, as many of each row as were counted."""

    start: Tensor
    count: Tensor
    arrays: tuple[Tensor, ...]

    @classmethod
    def of(cls, count: Tensor, channels: int, new: Any) -> _Room:
        """Make it."""
        size = int(count.sum())
        start = (count.cumsum(0) - count).to(torch.int32)
        colours = [new(size, channels) for _ in range(2)]
        named = (new(size, dtype=torch.int32), new(size), *colours, new(size, 2), new(size, 2, dtype=torch.int32))
        return cls(start, count, (*named, new(size, dtype=torch.uint8), new(size, 2), new(size, 2)))

    def pixels(self, first: int) -> gpu_job.MixedPixels:
        """Those of the rows from ``first`` on."""
        return gpu_job.MixedPixels(*_at(self.start[first:], self.count[first:], *self.arrays))


def _carry(
    frame: _Frame, layer: _Layer, nearest: Tensor | None = None, samples: tuple[int, int] | None = None
) -> _Visible:
    """Carry rows of a layer to the new view: all of them, or what lies behind ``nearest``."""
    d, width, (first, last) = layer.disparity, frame.window.right - frame.window.left, samples or frame.window.samples
    shape = (d.shape[0], width)
    visible = _Visible(
        d.new_empty(*shape, layer.colours.shape[2]),
        d.new_empty(*shape, layer.extra.shape[2]),
        d.new_full(shape, -torch.inf),
        d.new_full(shape, -1, dtype=torch.int32),
        d.new_empty(shape, dtype=torch.int32),
    )
    places = {"rows": layer.rows(frame.request.alpha), "view": visible.planes(), "code": _at(visible.code)[0],
              "index": _at(visible.index)[0], "first": first}  # fmt: skip
    limit = {"nearest": None if nearest is None else nearest.data_ptr()}
    for kernel in ("scatter", "name_winners"):
        frame.run(kernel, (d.shape[0], last - first), **places, **limit)
    frame.run("read_winners", shape, **places)
    return visible


def _cover(frame: _Frame, soft: _Layer, view: _Visible) -> tuple[_Visible, Tensor]:
    """The soft outlines in front of ``view``, those behind others laid under these, and their cover."""
    front = _carry(frame, soft)
    behind = _carry(frame, soft, front.disparity)
    cover = torch.empty_like(view.disparity)
    layer = {"rows": soft.rows(), "rows_cover": soft.cover.data_ptr(), "view": view.planes()}
    codes = {"code": front.code.data_ptr(), "behind_code": behind.code.data_ptr(), "cover": cover.data_ptr()}
    planes = {"soft": front.planes(), "behind": behind.planes()}
    frame.run("cover_view", (cover.shape[0], cover.shape[1]), **layer, **codes, **planes)
    return front, cover


def _carried_clean(frame: _Frame, span: tuple[float, float]) -> _Visible | None:
    """The inner rows of the clean plate, carried by its own disparity; None without one."""
    clean, own, window = frame.request.clean_plate, frame.request.clean_disparity, frame.window
    if clean is None or own is None:
        return None
    rows = slice(window.top + window.inner[0], window.top + window.inner[1])
    layer = _Layer(clean[rows], clean.new_empty(*own[rows].shape, 0), own[rows], own[:0])
    return _carry(frame, layer, samples=window.samples_within(span))


def _fill(frame: _Frame, view: _Visible, clean: _Visible | None) -> Tensor:
    """Fill the holes of the inner rows in place; return the filled disparity."""
    first, last = frame.window.inner
    filled = torch.empty_like(view.disparity[first:last])
    target = {"view": view.planes(), "index": view.index.data_ptr(), "filled_disparity": filled.data_ptr()}
    behind = {} if clean is None else {"clean_view": clean.planes()}
    columns = gpu_job.Span(*frame.window.span())
    frame.run("fill_holes", (last - first, filled.shape[1]), **target, **behind, first=first, columns=columns)
    return filled
