"""Nearness from rendered depth, and its repair: pixels without a value, and pixels whose value lies on no surface.

A renderer that filters its Z like a colour writes, on every outline, depths between foreground and background. Such
a pixel would fly alone between the two in the other eye. It is snapped to the nearer in value of its two surfaces.
"""

from __future__ import annotations

import numba
import numpy as np
import torch
from torch import Tensor

from art3d_node.stereo.jit import FloatArray, MaskArray, Real, cpu_kernel, device_function

FAR_SENTINEL = 1e9
"""Depths from here on are a renderer's way to write "nothing there"."""

OPAQUE = 0.999
REACH_PX = 3
_NEAREST = 1e-6
_WIDEST = 2
_SOLID = 0.2
_APART = 0.08
_STEP = 0.02


@cpu_kernel
def _invert(z: FloatArray, out: FloatArray, valid: MaskArray) -> None:
    for y in numba.prange(z.shape[0]):
        for x in range(z.shape[1]):
            size = abs(z[y, x])
            valid[y, x] = not np.isnan(size)
            near = size > 0.0 and size < FAR_SENTINEL
            out[y, x] = np.float32(1.0) / max(size, np.float32(_NEAREST)) if near else np.float32(0.0)


@cpu_kernel
def _keep(z: FloatArray, out: FloatArray, valid: MaskArray) -> None:
    for y in numba.prange(z.shape[0]):
        for x in range(z.shape[1]):
            valid[y, x] = abs(z[y, x]) < FAR_SENTINEL
            out[y, x] = abs(z[y, x]) if valid[y, x] else np.float32(0.0)


@device_function
def _between(a: Real, b: Real, v: Real, c: Real, d: Real, step: Real) -> Real:
    """`v`, or the one of the surfaces a-b and c-d whose value is closer when `v` mixes the two."""
    gap = abs(c - b)
    if not gap > step or abs(b - a) + abs(d - c) > _SOLID * gap:
        return v
    to_b, to_c = abs(v - b), abs(v - c)
    if to_b >= gap or to_c >= gap or min(to_b, to_c) < _APART * gap:
        return v
    return b if to_b <= to_c else c


@cpu_kernel
def _snap(depth: FloatArray, out: FloatArray, step: Real) -> None:
    height, width = depth.shape
    for y in numba.prange(height):
        for x in range(width):
            v = depth[y, x]
            snapped = v
            for r in range(_WIDEST, 0, -1):
                if x - r - 1 >= 0 and x + r + 1 < width:
                    row = depth[y]
                    snapped = _between(row[x - r - 1], row[x - r], v, row[x + r], row[x + r + 1], step)
                if snapped == v and y - r - 1 >= 0 and y + r + 1 < height:
                    snapped = _between(
                        depth[y - r - 1, x], depth[y - r, x], v, depth[y + r, x], depth[y + r + 1, x], step
                    )
                if snapped != v:
                    break
            out[y, x] = snapped


@cpu_kernel
def _from_opaque(depth: FloatArray, alpha: FloatArray, out: FloatArray) -> None:
    height, width = depth.shape
    for y in numba.prange(height):
        for x in range(width):
            out[y, x] = depth[y, x]
            if not (alpha[y, x] > 0.0 and alpha[y, x] < OPAQUE):
                continue
            best = np.float32(1e30)
            for j in range(max(0, y - REACH_PX), min(height, y + REACH_PX + 1)):
                for i in range(max(0, x - REACH_PX), min(width, x + REACH_PX + 1)):
                    away = np.float32((j - y) ** 2 + (i - x) ** 2)
                    if away < best and alpha[j, i] >= OPAQUE:
                        best, out[y, x] = away, depth[j, i]


@cpu_kernel
def _fill_rows(depth: FloatArray, valid: MaskArray, out: FloatArray) -> None:
    height, width = depth.shape
    for y in numba.prange(height):
        before = -1
        for x in range(width):
            out[y, x] = depth[y, x]
            if valid[y, x]:
                before = x
                continue
            after = x + 1
            while before < 0 and after < width and not valid[y, after]:
                after += 1
            if before >= 0:
                after = x + 1
                while after < width and after - x < x - before and not valid[y, after]:
                    after += 1
                nearer = after < width and after - x < x - before and valid[y, after]
                out[y, x] = depth[y, after] if nearer else depth[y, before]
            elif after < width:
                out[y, x] = depth[y, after]


def nearness(z: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor]:
    """Raw inverse depth of a rendered Z, and where it is valid.

    Args:
        z: (H, W) float32. A distance counts by its size; 0, infinity and far sentinels are infinitely far; NaN is
            no value. With `inverse`, Z is nearness already; NaN and values without bound are no value.
        inverse: whether Z grows toward the lens.

    Returns:
        (H, W) float32, 0 where it is not valid; (H, W) bool.
    """
    source = np.ascontiguousarray(z.numpy())
    out, valid = np.empty_like(source), np.empty(source.shape, np.bool_)
    (_keep if inverse else _invert)(source, out, valid)
    return torch.from_numpy(out), torch.from_numpy(valid)


def snap_mixed(depth: Tensor, *, spread: float) -> Tensor:
    """Move filtered outline pixels onto one of their two surfaces.

    A pixel counts as mixed when surfaces on both sides, one or two pixels away, are each smooth, lie more than
    2 % of `spread` apart, and its own value lies clearly between them.

    Args:
        depth: (H, W) float32 without NaN.
        spread: the robust range of `depth`, same unit.
    """
    source = np.ascontiguousarray(depth.numpy())
    out = np.empty_like(source)
    _snap(source, out, np.float32(_STEP * spread))
    return torch.from_numpy(out)


def take_from_opaque(depth: Tensor, alpha: Tensor) -> Tensor:
    """Give every partly covered pixel the depth of the nearest opaque one within 3 px; its own where there is none.

    Its colour is the foreground's, premultiplied: it has to travel with the foreground.

    Args:
        depth: (H, W) float32.
        alpha: (H, W) float32.
    """
    source = np.ascontiguousarray(depth.numpy())
    out = np.empty_like(source)
    _from_opaque(source, np.ascontiguousarray(alpha.numpy()), out)
    return torch.from_numpy(out)


def fill_invalid(depth: Tensor, valid: Tensor) -> Tensor:
    """Give pixels without a value that of the nearest valid pixel of their row; rows without one, the nearest row's.

    Args:
        depth: (H, W) float32.
        valid: (H, W) bool.

    Raises:
        ValueError: nothing is valid.
    """
    rows = valid.any(dim=1).numpy()
    if not rows.any():
        raise ValueError("depth has no valid pixel")
    source = np.ascontiguousarray(depth.numpy())
    out = np.empty_like(source)
    _fill_rows(source, np.ascontiguousarray(valid.numpy()), out)
    known, every = np.flatnonzero(rows), np.arange(len(rows))
    at = np.searchsorted(known, every).clip(0, len(known) - 1)
    above, below = known[(at - 1).clip(0)], known[at]
    return torch.from_numpy(out[np.where(np.abs(above - every) <= np.abs(below - every), above, below)])
