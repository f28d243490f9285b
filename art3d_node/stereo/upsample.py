"""Guided upsampling: a network's small map at plate resolution, its edges moved onto the plate's.

Two steps of joint bilateral filtering (Kopf et al., "Joint Bilateral Upsampling",
2007), with a rational kernel in place of the Gaussian: first on the small grid,
where a wide window is cheap and pulls the map's soft steps onto the picture's
edges, then once per plate pixel over the small grid's 4 × 4 neighbours.
"""

from __future__ import annotations

import torch
from numba import prange
from torch import Tensor
from torch.nn import functional

from art3d_node.stereo.jit import FloatArray, Real, cpu_kernel, f32

_RADIUS = 4
_PASSES = 2
_SHARP_LOW, _SHARP_HIGH = 400.0, 250.0


@cpu_kernel
def _refine(low: FloatArray, guide: FloatArray, out: FloatArray, radius: int, sharp: Real) -> None:
    """One joint bilateral pass on the small grid; ``guide`` is ``(h, w, 3)``."""
    h, w = low.shape
    reach = f32(1.0) / f32(radius * radius)
    for y in prange(h):
        for x in range(w):
            r, g, b = guide[y, x, 0], guide[y, x, 1], guide[y, x, 2]
            total, weights = f32(0.0), f32(0.0)
            for v in range(max(0, y - radius), min(h, y + radius + 1)):
                for u in range(max(0, x - radius), min(w, x + radius + 1)):
                    dr, dg, db = guide[v, u, 0] - r, guide[v, u, 1] - g, guide[v, u, 2] - b
                    far = f32((v - y) * (v - y) + (u - x) * (u - x)) * reach
                    near = f32(1.0) / (f32(1.0) + sharp * (dr * dr + dg * dg + db * db))
                    weight = near * near / (f32(1.0) + far)
                    total += weight * low[v, u]
                    weights += weight
            out[y, x] = total / weights


@cpu_kernel
def _enlarge(low: FloatArray, small: FloatArray, guide: FloatArray, out: FloatArray, sharp: Real) -> None:
    """Each plate pixel: its 4 × 4 neighbours on the small grid, weighed by distance and likeness of colour."""
    h, w = low.shape
    rows, columns = out.shape
    step_y, step_x = f32(h) / f32(rows), f32(w) / f32(columns)
    for y in prange(rows):
        sy = (f32(y) + f32(0.5)) * step_y - f32(0.5)
        top = int(sy + f32(1.0)) - 1
        for x in range(columns):
            sx = (f32(x) + f32(0.5)) * step_x - f32(0.5)
            left = int(sx + f32(1.0)) - 1
            r, g, b = guide[y, x, 0], guide[y, x, 1], guide[y, x, 2]
            total, weights = f32(0.0), f32(0.0)
            for v in range(top - 1, top + 3):
                cv = min(max(v, 0), h - 1)
                wy = max(f32(0.0), f32(2.0) - abs(sy - f32(v)))
                for u in range(left - 1, left + 3):
                    cu = min(max(u, 0), w - 1)
                    wx = max(f32(0.0), f32(2.0) - abs(sx - f32(u)))
                    dr, dg, db = small[cv, cu, 0] - r, small[cv, cu, 1] - g, small[cv, cu, 2] - b
                    near = f32(1.0) / (f32(1.0) + sharp * (dr * dr + dg * dg + db * db))
                    weight = wy * wx * near * near + f32(1e-12)
                    total += weight * low[cv, cu]
                    weights += weight
            out[y, x] = total / weights


def _finite(values: Tensor) -> Tensor:
    """Unknown values become the mean of the known ones, so that one bad pixel stays one bad pixel."""
    known = torch.isfinite(values)
    if bool(known.all()):
        return values
    fill = values[known].mean() if bool(known.any()) else values.new_zeros(())
    return torch.where(known, values, fill)


def guided_upsample(low: Tensor, guide: Tensor) -> Tensor:
    """Bring a small map to the guide's resolution, its edges on the guide's.

    The result lies within the range of ``low``, does not depend on threads, and
    is finite for any input.

    Args:
        low: ``(h, w)`` values of any unit.
        guide: ``(H, W, 3)`` the plate, about display-referred, over the same window.

    Returns:
        ``(H, W)`` float32 in the unit of ``low``.

    Raises:
        ValueError: a shape is not as above.
    """
    if low.ndim != 2 or guide.ndim != 3 or guide.shape[2] != 3 or 0 in (*low.shape, *guide.shape):
        raise ValueError(f"expected low (h, w) and guide (H, W, 3), got {tuple(low.shape)} and {tuple(guide.shape)}")
    picture = torch.nan_to_num(guide.detach().cpu().float(), nan=0.0, posinf=1.0, neginf=0.0).clamp(0, 1).contiguous()
    values = _finite(low.detach().cpu().float()).contiguous()
    planes = picture.permute(2, 0, 1)[None]
    small = functional.adaptive_avg_pool2d(planes, low.shape)[0].permute(1, 2, 0).contiguous()
    for _ in range(_PASSES):
        refined = torch.empty_like(values)
        _refine(values.numpy(), small.numpy(), refined.numpy(), _RADIUS, _SHARP_LOW)
        values = refined
    out = torch.empty(picture.shape[:2])
    _enlarge(values.numpy(), small.numpy(), picture.numpy(), out.numpy(), _SHARP_HIGH)
    return out.clamp(values.min(), values.max())
