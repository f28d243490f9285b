"""Drive the CUDA kernels over the window that one region of the new view needs.

The tensors stay on their device from end to end. Under numba's CUDA simulator the same code runs on
CPU tensors, which is how it is tested where there is no GPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from numba import cuda
from torch import Tensor

from art3d_node.stereo import edges, fill, outline_softness
from art3d_node.stereo import kernels_cuda as kernels
from art3d_node.stereo.jit import f32
from art3d_node.stereo.outline_band import LOOK
from art3d_node.stereo.outline_softness import CELL
from art3d_node.stereo.request import Rendered, Request
from art3d_node.stereo.window import Window, finite_range, required_input, shift_span

TILE = (32, 4)  # threads per block, along the row first: neighbours read neighbouring samples
LINE = 64
FILLERS = 1 << 16  # threads that fill holes, each with scratch of its own


@dataclass(frozen=True)
class _Layers:
    """Plate rows of the window: colours (h, W, C), extra (h, W, K), disparity and cover (h, W)."""

    colours: Tensor
    extra: Tensor
    disparity: Tensor
    cover: Tensor

    def cut(self, first: int, last: int) -> _Layers:
        """Rows ``first`` to ``last``."""
        rows = slice(first, last)
        return _Layers(self.colours[rows], self.extra[rows], self.disparity[rows], self.cover[rows])


@dataclass(frozen=True)
class _Seen:
    """What one set of layers shows: colours, extra, depth (h, w), the winners' names and plate samples."""

    colours: Tensor
    extra: Tensor
    depth: Tensor
    code: Tensor
    index: Tensor

    def cut(self, first: int, last: int) -> _Seen:
        """Rows ``first`` to ``last``."""
        rows = slice(first, last)
        return _Seen(self.colours[rows], self.extra[rows], self.depth[rows], self.code[rows], self.index[rows])


def render(image: Tensor, data: Tensor | None, disparity: Tensor, request: Request) -> Rendered:
    """Render one region on the tensors' CUDA device; see `render_cpu.render`."""
    low, high = request.disparity_range or finite_range(disparity)
    size, span = (disparity.shape[0], disparity.shape[1]), shift_span(low, high, request.sign)
    window = required_input(request.region, size, span, soft=request.soft, fill=request.fill)
    extra = image.new_empty(*disparity.shape, 0) if data is None else data
    base = _rows(image, extra, disparity, window)
    soft = None
    if request.soft:
        soft = _rows(image, extra, torch.full_like(disparity, torch.nan), window)
        _take_apart(image, extra, disparity, window, request.alpha, base, soft)
    view = _carry(base, window, request)
    first, last = window.inner
    inner = view.cut(first, last)
    outlines, veil = inner.cut(0, 0), inner.depth[:0]
    if soft is not None:
        outlines, veil = _veil(soft.cut(first, last), inner, window, request)
    hole, beyond = torch.empty_like(inner.depth, dtype=torch.bool), torch.empty_like(inner.depth, dtype=torch.bool)
    _launch(kernels.mark_holes, inner.depth, veil, window.widest, hole, beyond, over=hole)
    ground = _fill((image, extra, disparity), view, window, request.sign) if request.fill else inner.depth
    over = (outlines.colours, outlines.extra, outlines.depth, veil)
    _launch(kernels.compose, request.fill, inner.colours, inner.extra, ground, hole, *over, over=ground)
    shown = [window.cut(plane) for plane in (inner.colours, inner.extra, ground, hole, beyond)]
    for mask in shown[3:]:
        window.mark_outside(mask)
    return Rendered(shown[0], None if data is None else shown[1], *shown[2:])


def _array(value: Any) -> Any:
    """What a kernel takes for a tensor: the same memory."""
    if not isinstance(value, Tensor):
        return value
    return value.numpy() if value.device.type == "cpu" else cuda.as_cuda_array(value)


def _launch(kernel: Any, *arguments: Any, over: Tensor) -> None:
    """Run a kernel with one thread per element of the (h, w) tensor ``over``."""
    rows, columns = over.shape[:2]
    if rows and columns:
        grid = (-(-columns // TILE[0]), -(-rows // TILE[1]))
        kernel[grid, TILE, _stream()](*(_array(value) for value in arguments))


def _launch_rows(kernel: Any, *arguments: Any, rows: int) -> None:
    if rows:
        converted = tuple(
            tuple(_array(v) for v in value) if isinstance(value, tuple) else _array(value) for value in arguments
        )
        kernel[-(-rows // LINE), LINE, _stream()](*converted)


def _stream() -> Any:
    """torch's current stream, so that kernels and tensor operations keep their order."""
    return cuda.external_stream(torch.cuda.current_stream().cuda_stream) if torch.cuda.is_available() else 0


def _rows(image: Tensor, extra: Tensor, disparity: Tensor, window: Window) -> _Layers:
    rows = slice(window.top, window.bottom)
    d = disparity[rows].clone()
    return _Layers(image[rows].clone(), extra[rows].clone(), d, torch.ones_like(d))


def _take_apart(
    image: Tensor, extra: Tensor, disparity: Tensor, window: Window, alpha: int, base: _Layers, soft: _Layers
) -> None:
    """Move the mixed outline pixels of the window's rows into ``soft``; see `mixed_cpu.find_mixed`."""
    (height, width), new = disparity.shape, disparity.new_empty
    first, last = outline_softness.cells(window.top, window.bottom, height)
    left, right = outline_softness.cells(*window.samples, width)
    top, wide = first * CELL, (left * CELL, min(right * CELL, width))
    rows, corner = min(last * CELL, height) - top, (top - LOOK, wide[0] - LOOK)
    near = new(rows + 2 * LOOK, wide[1] - wide[0] + 2 * LOOK, dtype=torch.uint8)
    _launch(kernels.edge_distance, disparity, *corner, near, over=near)
    count = new(rows, dtype=torch.int32)
    _launch_rows(kernels.count_band, near, count, rows=rows)
    band = _room(count, image)
    flat, device = image.flatten(0, 1), disparity.device
    tables = (torch.from_numpy(t).to(device) for t in (edges.neighbourhood(width, near.shape[1]), edges.WEIGHTS))
    scratch = new(rows, 2, 1 + 2 * image.shape[2])
    plate = (flat, disparity.flatten(), (height, width), near.flatten(), corner, wide, *tables)
    _launch_rows(kernels.survey, *plate, band, scratch, rows=rows)
    cells = new(last - first, right - left, outline_softness.SUMS)
    softness = new(*cells.shape[:2])
    _launch_rows(kernels.gather, top, (first, left), band, cells, rows=cells.shape[0])
    _launch(kernels.soften, cells, softness, over=softness)
    part, wanted = slice(window.top - top, window.bottom - top), base.disparity.shape[0]
    kind, noise, spread, start, count, *found = band
    mixed = (start[part], count[part], *found)
    around = (window.samples, (first, left), softness, torch.from_numpy(outline_softness.DOUBT).to(device), alpha)
    _launch_rows(kernels.settle, window.top, flat, width, *around, (kind, noise, spread, *mixed), wanted, rows=wanted)
    layers = (base.colours, base.extra, base.disparity, soft.colours, soft.extra, soft.disparity, soft.cover)
    _launch_rows(kernels.lay, disparity, window.top, mixed, extra, *layers, rows=wanted)


def _room(count: Tensor, image: Tensor) -> tuple[Tensor, ...]:
    """The arrays of `mixed.Band` for so many pixels of each row."""
    total, channels, new = int(count.sum()), image.shape[2], image.new_empty
    start = (count.cumsum(0) - count).to(torch.int32)
    column, other = new(total, dtype=torch.int32), new(total, 2, dtype=torch.int32)
    colours = [new(total, channels) for _ in range(2)]
    band = (new(total, dtype=torch.uint8), new(total), new(total, 2, channels))
    return (*band, start, count, column, new(total), *colours, new(total, 2), other)


def _carry(layers: _Layers, window: Window, request: Request, nearest: Tensor | None = None) -> _Seen:
    """Carry the window's plate rows, or some of them, to the new view: all, or what lies behind ``nearest``."""
    d, width = layers.disparity, window.right - window.left
    depth = d.new_full((d.shape[0], width), -torch.inf)
    code = d.new_full((d.shape[0], width), -1, dtype=torch.int32)
    s, first = f32(request.sign), window.samples[0]
    samples = d[:, first : window.samples[1]]
    limit = depth[:0] if nearest is None else nearest
    for naming in (False, True):
        _launch(kernels.scatter, d, s, first, window.left, naming, limit, depth, code, over=samples)
    out = d.new_empty(*depth.shape, layers.colours.shape[2])
    out_extra = d.new_empty(*depth.shape, layers.extra.shape[2])
    index = torch.empty_like(code)
    places = (layers.colours, layers.extra, d, s, window.left, request.alpha, code, out, out_extra, index)
    _launch(kernels.resolve, *places, over=depth)
    return _Seen(out, out_extra, depth, code, index)


def _veil(soft: _Layers, view: _Seen, window: Window, request: Request) -> tuple[_Seen, Tensor]:
    """The soft outlines in front of ``view``, those behind others laid under these, and their cover."""
    front = _carry(soft, window, request)
    behind = _carry(soft, window, request, front.depth)
    veil = torch.empty_like(view.depth)
    places = (soft.disparity, soft.cover, f32(request.sign), window.left)
    _launch(kernels.veil_soft, *places, front.code, front.depth, view.depth, veil, over=veil)
    under = (behind.code, behind.depth, view.depth, behind.colours)
    _launch(kernels.veil_behind, *places, *under, veil, front.colours, over=veil)
    return front, veil


def _fill(plate: tuple[Tensor, Tensor, Tensor], view: _Seen, window: Window, sign: float) -> Tensor:
    """Fill the holes of the inner rows in place; return the filled disparity."""
    first, last = window.inner
    ground = torch.empty_like(view.depth[first:last])
    threads = min(FILLERS, -(-max(ground.numel(), 1) // LINE) * LINE)
    rays = torch.from_numpy(fill.RAYS).to(ground.device)
    scratch = ground.new_empty(threads, view.colours.shape[2])
    flat = (view.colours.flatten(0, 1), view.extra.flatten(0, 1), view.depth.flatten())
    where = (f32(sign), (window.left, window.top), *flat, view.depth, view.index)
    _launch_rows(kernels.fill_holes, *plate, *where, rays, first, window.span(), scratch, ground, rows=threads)
    return ground
