"""Guided upsampling: a network's small maps at plate resolution, their edges moved onto the guide's.

Two steps of joint bilateral filtering (Kopf et al., "Joint Bilateral Upsampling",
2007), with a rational kernel in place of the Gaussian: first on the small grid,
where sparse windows from wide to narrow ("à trous", Dammertz et al., 2010) pull
the maps' soft steps onto the guide's edges, then once per plate pixel over its
2 × 2 neighbours on the small grid.
"""

from __future__ import annotations

import numpy as np
import torch
from numba import prange
from torch import Tensor

from art3d_node.stereo import upsample_cuda
from art3d_node.stereo.jit import FloatArray, IndexArray, Real, cpu_kernel, device_function, f32, row_function

# (radius in samples, pixels from sample to sample) of each pass on the small grid, coarse to fine: three sparse
# windows reach 14 pixels for less than two dense ones of radius 3 cost.
_PASSES = ((2, 4), (2, 2), (2, 1))
_SHARP_LOW, _SHARP_HIGH = 400.0, 250.0
_BAND_ROWS = 512
_BLOCK_ROWS = 16


@device_function
def _likeness(unlike: Real) -> Real:
    """1 for equal guides, falling with the fourth power of their distance; near 0 for what is no number."""
    near = f32(1.0) / (f32(1.0) + (unlike if unlike < f32(1e6) else f32(1e6)))
    return near * near


@cpu_kernel
def _refine(low: FloatArray, guide: FloatArray, out: FloatArray, radius: int, step: int, sharp: Real) -> None:
    """One joint bilateral pass on the small grid, of every ``step``-th pixel: (k, h, w) maps, (c, h, w) guide.

    A sample counts only with its mirror image, so that a slope keeps its values up to the map's rim. The innermost
    loops run along the row, so that the compiler can use vector registers.
    """
    count, h, w = low.shape
    reach = f32(1.0) / f32(radius * radius)
    for y in prange(h):
        total, weights = np.zeros((count, w), np.float32), np.zeros(w, np.float32)
        weight = np.empty(w, np.float32)
        for i in range(-radius, radius + 1):
            v = y + i * step
            if min(v, 2 * y - v) < 0 or max(v, 2 * y - v) >= h:
                continue
            for j in range(-radius, radius + 1):
                space = f32(1.0) / (f32(1.0) + f32(i * i + j * j) * reach)
                du = j * step
                first, width = abs(du), max(0, w - 2 * abs(du))
                # Parts of rows that count from 0: an index that might be negative keeps loops out of vector registers.
                away_from, row_weights = weight[:width], weights[first : first + width]
                away_from[:] = f32(0.0)
                for c in range(guide.shape[0]):
                    here, there = guide[c, y, first : first + width], guide[c, v, first + du : first + du + width]
                    for x in range(width):
                        away = there[x] - here[x]
                        away_from[x] += away * away
                for x in range(width):
                    away_from[x] = space * _likeness(sharp * away_from[x])
                    row_weights[x] += away_from[x]
                for k in range(count):
                    values, sums = low[k, v, first + du : first + du + width], total[k, first : first + width]
                    for x in range(width):
                        sums[x] += away_from[x] * values[x]
        for k in range(count):
            for x in range(w):
                out[k, y, x] = total[k, x] / weights[x]


@cpu_kernel
def _shrink(guide: FloatArray, out: FloatArray) -> None:
    """Mean guide ``(c, h, w)`` of the plate under each pixel of the small grid; what is no number counts as 0."""
    rows, columns = guide.shape[:2]
    count, h, w = out.shape
    for y in prange(h):
        top, bottom = y * rows // h, max(y * rows // h + 1, (y + 1) * rows // h)
        for x in range(w):
            left, right = x * columns // w, max(x * columns // w + 1, (x + 1) * columns // w)
            for c in range(count):
                total = f32(0.0)
                for v in range(top, bottom):
                    for u in range(left, right):
                        value = guide[v, u, c]
                        total += min(max(value, f32(0.0)), f32(1.0)) if value == value else f32(0.0)
                out[c, y, x] = total / f32((bottom - top) * (right - left))


@device_function
def _along(at: int, plate: int, small: int) -> Real:
    """Where a plate pixel's centre lies on the small grid, in its pixels, along one side."""
    return (f32(at) + f32(0.5)) * (f32(small) / f32(plate)) - f32(0.5)


@row_function
def _spread(small: FloatArray, row: int, columns: IndexArray, out: FloatArray) -> None:
    """One row of small maps (k, h, w) at the named columns: (k, columns)."""
    for k in range(out.shape[0]):
        source, target = small[k, row], out[k]
        for x in range(target.size):
            target[x] = source[columns[x]]


@row_function
def _add_neighbour(
    near: FloatArray,
    maps: FloatArray,
    colours: FloatArray,
    across: FloatArray,
    down: Real,
    sharp: Real,
    sums: FloatArray,
) -> None:
    """Adds one neighbour on the small grid to every pixel of a plate row.

    Args:
        near, maps: (c, W) guide and (k, W) maps of that neighbour.
        colours: (c, W) the plate row's guide.
        across, down: (W,) weights by distance along the row, and the one across rows.
        sharp: how fast unlike guides lose weight.
        sums: (k + 2, W): scratch, the weights, the weighted maps.
    """
    weight, weights = sums[0], sums[1]
    weight[:] = f32(0.0)
    for c in range(near.shape[0]):
        there, here = near[c], colours[c]
        for x in range(weight.size):
            away = there[x] - here[x]
            weight[x] += away * away
    for x in range(weight.size):
        weight[x] = down * across[x] * _likeness(sharp * weight[x])
        weights[x] += weight[x]
    for k in range(maps.shape[0]):
        values, total = maps[k], sums[2 + k]
        for x in range(weight.size):
            total[x] += weight[x] * values[x]


@cpu_kernel
def _enlarge(
    low: FloatArray, small: FloatArray, guide: FloatArray, out: FloatArray, sharp: Real, top: int, bottom: int
) -> None:
    """Each plate pixel of some rows: its 2 × 2 neighbours on the small grid, weighed by distance and likeness.

    Several plate rows lie between the same two rows of the small grid, which are spread to plate width once for them.
    """
    count, h, w = low.shape
    rows, columns = out.shape[1:]
    channels = guide.shape[2]
    for block in prange((bottom - top + _BLOCK_ROWS - 1) // _BLOCK_ROWS):
        column, across = np.empty((2, columns), np.int32), np.empty((2, columns), np.float32)
        for du in range(2):
            for x in range(columns):
                sx = _along(x, columns, w)
                place = np.int32(sx + f32(1.0)) - np.int32(1) + np.int32(du)
                across[du, x] = f32(1.1) - abs(sx - f32(place))
                column[du, x] = min(max(place, np.int32(0)), np.int32(w - 1))
        near, maps = np.empty((4, channels, columns), np.float32), np.empty((4, count, columns), np.float32)
        colours, sums = np.empty((channels, columns), np.float32), np.empty((count + 2, columns), np.float32)
        spread = -2
        for y in range(top + block * _BLOCK_ROWS, min(top + (block + 1) * _BLOCK_ROWS, bottom)):
            sy = _along(y, rows, h)
            first = int(sy + f32(1.0)) - 1
            if first != spread:
                for i in range(4):
                    row = min(max(first + i // 2, 0), h - 1)
                    _spread(small, row, column[i % 2], near[i])
                    _spread(low, row, column[i % 2], maps[i])
                spread = first
            for c in range(channels):
                for x in range(columns):
                    colours[c, x] = guide[y, x, c]
            sums[1:] = f32(0.0)
            for i in range(4):
                down = f32(1.1) - abs(sy - f32(first + i // 2))
                _add_neighbour(near[i], maps[i], colours, across[i % 2], down, sharp, sums)
            for k in range(count):
                for x in range(columns):
                    out[k, y, x] = sums[2 + k, x] / sums[1, x]


def _finite(values: Tensor) -> Tensor:
    """Unknown values become the mean of the known ones, so that one bad pixel stays one bad pixel."""
    known = torch.isfinite(values)
    if bool(known.all()):
        return values
    fill = values[known].mean() if bool(known.any()) else values.new_zeros(())
    return torch.where(known, values, fill)


def _on_gpu(low: Tensor, guide: Tensor) -> Tensor:
    small = upsample_cuda.shrink(guide, (low.shape[1], low.shape[2]))
    for radius, step in _PASSES:
        low = upsample_cuda.refine(low, small, radius, step, _SHARP_LOW)
    return upsample_cuda.enlarge(low, small, guide, _SHARP_HIGH)


def _on_cpu(low: Tensor, guide: Tensor) -> Tensor:
    picture, values = guide.contiguous().numpy(), low.contiguous()
    small = torch.empty((guide.shape[2], *low.shape[1:]), device=low.device).numpy()
    _shrink(picture, small)
    for radius, step in _PASSES:
        refined = torch.empty_like(values)
        _refine(values.numpy(), small, refined.numpy(), radius, step, _SHARP_LOW)
        values = refined
    out = torch.empty((low.shape[0], *picture.shape[:2]), device=low.device)
    for first in range(0, out.shape[1], _BAND_ROWS):  # in bands, so that somebody who cancels does not wait for all
        last = min(first + _BAND_ROWS, out.shape[1])
        _enlarge(values.numpy(), small, picture, out.numpy(), _SHARP_HIGH, first, last)
    return out


def guided_upsample(low: Tensor, guide: Tensor) -> Tensor:
    """Bring small maps to the guide's resolution, their edges on the guide's.

    The result lies within the range of ``low``, does not depend on threads, and
    is finite for any input.

    Args:
        low: ``(h, w)``, or ``(k, h, w)`` maps that share their edges; values of any unit.
        guide: ``(H, W, c)`` over the same window, 0 .. 1: the plate, about display-referred, or its inverse depth.

    Returns:
        ``(H, W)``, or ``(k, H, W)``, float32 in the unit of ``low``, on its device.

    Raises:
        ValueError: a shape is not as above.
    """
    if low.ndim not in (2, 3) or guide.ndim != 3 or 0 in (*low.shape, *guide.shape):
        raise ValueError(f"expected low (h, w) and guide (H, W, c), got {tuple(low.shape)} and {tuple(guide.shape)}")
    maps = _finite(low.detach().float()).reshape(-1, *low.shape[-2:])
    out = (_on_gpu if low.device.type == "cuda" else _on_cpu)(maps, guide.detach().float())
    return out[0] if low.ndim == 2 else out
