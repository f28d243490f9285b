"""Guided upsampling: a network's small map at plate resolution, its edges moved onto the plate's.

Two steps of joint bilateral filtering (Kopf et al., "Joint Bilateral Upsampling",
2007), with a rational kernel in place of the Gaussian: first on the small grid,
where sparse windows from wide to narrow ("à trous", Dammertz et al., 2010) pull
the map's soft steps onto the picture's edges, then once per plate pixel over its
2 × 2 neighbours on the small grid.
"""

from __future__ import annotations

import numpy as np
import torch
from numba import prange
from torch import Tensor

from art3d_node.stereo import upsample_cuda
from art3d_node.stereo.jit import FloatArray, Real, cpu_kernel, device_function, f32

# (radius in samples, pixels from sample to sample) of each pass on the small grid, coarse to fine: three sparse
# windows reach 14 pixels for less than two dense ones of radius 3 cost.
_PASSES = ((2, 4), (2, 2), (2, 1))
_SHARP_LOW, _SHARP_HIGH = 400.0, 250.0
_BAND_ROWS = 512


@device_function
def _likeness(dr: Real, dg: Real, db: Real, sharp: Real) -> Real:
    """1 for equal colours, falling with the fourth power of their distance; near 0 for what is no number."""
    unlike = sharp * (dr * dr + dg * dg + db * db)
    near = f32(1.0) / (f32(1.0) + (unlike if unlike < f32(1e6) else f32(1e6)))
    return near * near


@cpu_kernel
def _refine(low: FloatArray, guide: FloatArray, out: FloatArray, radius: int, step: int, sharp: Real) -> None:
    """One joint bilateral pass on the small grid, of every ``step``-th pixel; ``guide`` is ``(3, h, w)``.

    A sample counts only with its mirror image, so that a slope keeps its values up to the map's rim. The innermost
    loop runs along the row, so that the compiler can use vector registers.
    """
    h, w = low.shape
    reach = f32(1.0) / f32(radius * radius)
    for y in prange(h):
        total, weights = np.zeros(w, np.float32), np.zeros(w, np.float32)
        red, green, blue = guide[0, y], guide[1, y], guide[2, y]
        for i in range(-radius, radius + 1):
            v = y + i * step
            if min(v, 2 * y - v) < 0 or max(v, 2 * y - v) >= h:
                continue
            for j in range(-radius, radius + 1):
                space = f32(1.0) / (f32(1.0) + f32(i * i + j * j) * reach)
                du = j * step
                for x in range(abs(du), w - abs(du)):
                    u = x + du
                    like = _likeness(
                        guide[0, v, u] - red[x], guide[1, v, u] - green[x], guide[2, v, u] - blue[x], sharp
                    )
                    total[x] += space * like * low[v, u]
                    weights[x] += space * like
        for x in range(w):
            out[y, x] = total[x] / weights[x]


@cpu_kernel
def _shrink(guide: FloatArray, out: FloatArray) -> None:
    """Mean colour ``(3, h, w)`` of the plate under each pixel of the small grid; what is no number counts as black."""
    rows, columns = guide.shape[:2]
    h, w = out.shape[1:]
    for y in prange(h):
        top, bottom = y * rows // h, max(y * rows // h + 1, (y + 1) * rows // h)
        for x in range(w):
            left, right = x * columns // w, max(x * columns // w + 1, (x + 1) * columns // w)
            for c in range(3):
                total = f32(0.0)
                for v in range(top, bottom):
                    for u in range(left, right):
                        value = guide[v, u, c]
                        total += min(max(value, f32(0.0)), f32(1.0)) if value == value else f32(0.0)
                out[c, y, x] = total / f32((bottom - top) * (right - left))


@cpu_kernel
def _enlarge(
    low: FloatArray, small: FloatArray, guide: FloatArray, out: FloatArray, sharp: Real, first: int, last: int
) -> None:
    """Each plate pixel of some rows: its 2 × 2 neighbours on the small grid, weighed by distance and likeness."""
    h, w = low.shape
    rows, columns = out.shape
    step_y, step_x = f32(h) / f32(rows), f32(w) / f32(columns)
    for y in prange(first, last):
        total, weights = np.zeros(columns, np.float32), np.zeros(columns, np.float32)
        red, green, blue = guide[y, :, 0].copy(), guide[y, :, 1].copy(), guide[y, :, 2].copy()
        sy = (f32(y) + f32(0.5)) * step_y - f32(0.5)
        top = int(sy + f32(1.0)) - 1
        for v in range(top, top + 2):
            cv = min(max(v, 0), h - 1)
            wy = f32(1.1) - abs(sy - f32(v))
            for du in range(2):
                for x in range(columns):
                    sx = (f32(x) + f32(0.5)) * step_x - f32(0.5)
                    u = np.int32(sx + f32(1.0)) - np.int32(1) + np.int32(du)
                    weight = wy * (f32(1.1) - abs(sx - f32(u)))
                    cu = min(max(u, np.int32(0)), np.int32(w - 1))
                    weight *= _likeness(
                        small[0, cv, cu] - red[x], small[1, cv, cu] - green[x], small[2, cv, cu] - blue[x], sharp
                    )
                    total[x] += weight * low[cv, cu]
                    weights[x] += weight
        for x in range(columns):
            out[y, x] = total[x] / weights[x]


def _finite(values: Tensor) -> Tensor:
    """Unknown values become the mean of the known ones, so that one bad pixel stays one bad pixel."""
    known = torch.isfinite(values)
    if bool(known.all()):
        return values
    fill = values[known].mean() if bool(known.any()) else values.new_zeros(())
    return torch.where(known, values, fill)


def _on_gpu(low: Tensor, guide: Tensor) -> Tensor:
    small = upsample_cuda.shrink(guide, (low.shape[0], low.shape[1]))
    for radius, step in _PASSES:
        low = upsample_cuda.refine(low, small, radius, step, _SHARP_LOW)
    return upsample_cuda.enlarge(low, small, guide, _SHARP_HIGH)


def guided_upsample(low: Tensor, guide: Tensor) -> Tensor:
    """Bring a small map to the guide's resolution, its edges on the guide's.

    The result lies within the range of ``low``, does not depend on threads, and
    is finite for any input.

    Args:
        low: ``(h, w)`` values of any unit.
        guide: ``(H, W, 3)`` the plate, about display-referred, over the same window.

    Returns:
        ``(H, W)`` float32 in the unit of ``low``, on its device.

    Raises:
        ValueError: a shape is not as above.
    """
    if low.ndim != 2 or guide.ndim != 3 or guide.shape[2] != 3 or 0 in (*low.shape, *guide.shape):
        raise ValueError(f"expected low (h, w) and guide (H, W, 3), got {tuple(low.shape)} and {tuple(guide.shape)}")
    if low.device.type == "cuda":
        return _on_gpu(_finite(low.detach().float()), guide.detach().float())
    picture = guide.detach().float().contiguous().numpy()
    values = _finite(low.detach().float()).contiguous()
    small = torch.empty((3, *low.shape), device=low.device).numpy()
    _shrink(picture, small)
    for radius, step in _PASSES:
        refined = torch.empty_like(values)
        _refine(values.numpy(), small, refined.numpy(), radius, step, _SHARP_LOW)
        values = refined
    out = torch.empty(picture.shape[:2], device=low.device)
    for first in range(0, out.shape[0], _BAND_ROWS):  # in bands, so that somebody who cancels does not wait for all
        last = min(first + _BAND_ROWS, out.shape[0])
        _enlarge(values.numpy(), small, picture, out.numpy(), _SHARP_HIGH, first, last)
    return out
