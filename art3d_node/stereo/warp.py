"""The bare kernel on the CPU: every row of the plate carried to its place in the new view."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, cpu_kernel, device_function, f32
from art3d_node.stereo.scanline import (
    EDGE_ON,
    cell_fraction,
    has_cell,
    linear_taps,
    mix_taps,
    tap_weights,
)

NOTHING: Any = np.float32(-np.inf)  # the depth of a target that no surface reaches


@device_function
def _put(x: int, a: Real, value: Real, k: int, depth: FloatArray, base: IndexArray, frac: FloatArray) -> None:
    if value >= depth[k]:
        depth[k] = value
        base[k] = x
        frac[k] = a


@device_function
def scatter_row(
    d: FloatArray,
    s: Real,
    first: int,
    last: int,
    u_first: int,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
) -> None:
    """Let the nearest surface of samples ``first`` .. ``last`` win each target of one new row.

    Args:
        d: (W,) disparities, px.
        s: +1 towards the right eye, -1 towards the left.
        first: first sample to carry.
        last: one past the last sample to carry.
        u_first: column of the first target.
        depth: (w,) out, disparity of the winner, -inf where there is none.
        base: (w,) out, sample left of the winning position.
        frac: (w,) out, how far right of that sample, 0 .. 1.
    """
    width = depth.shape[0]
    for k in range(width):
        depth[k] = NOTHING
    for x in range(first, last):
        d0 = d[x]
        if not math.isfinite(d0):
            continue
        shift = f32(-s * d0)
        low = f32(u_first - x)
        high = f32(u_first + width - 1 - x)
        if has_cell(d, x):
            d1 = d[x + 1]
            end = f32(f32(1.0) - s * d1)
            if end - shift > EDGE_ON:
                k_first = int(max(f32(math.ceil(shift)), low))
                k_last = int(min(f32(math.floor(end)), high))
                for k in range(k_first, k_last + 1):
                    a = cell_fraction(f32(k), d0, d1, s)
                    _put(x, a, d0 + a * (d1 - d0), k + x - u_first, depth, base, frac)
        else:
            k = int(min(max(f32(math.ceil(shift)), low - 1), high + 1))
            if k >= low and k <= high and k - shift <= 0.5:
                _put(x, f32(k - shift), d0, k + x - u_first, depth, base, frac)
        if not has_cell(d, x - 1):
            k = int(min(max(f32(math.floor(shift)), low - 1), high + 1))
            if k >= low and k <= high and shift - k < 0.5:
                if k == shift:
                    _put(x, f32(0.0), d0, k + x - u_first, depth, base, frac)
                else:
                    _put(x - 1, f32(1.0 - (shift - k)), d0, k + x - u_first, depth, base, frac)


@device_function
def sample(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    x: int,
    a: Real,
    alpha: int,
    out: FloatArray,
    out_extra: FloatArray,
) -> None:
    """Read one position of the plate into ``out`` (C,) and ``out_extra`` (K,)."""
    w0, w1, w2, w3 = tap_weights(d, x, a)
    for c in range(row.shape[1]):
        if c == alpha:
            out[c] = linear_taps(row, c, x, a, w1, w2)
        else:
            out[c] = mix_taps(row, c, x, a, w0, w1, w2, w3)
    for c in range(extra.shape[1]):
        out_extra[c] = linear_taps(extra, c, x, a, w1, w2)


@cpu_kernel
def warp(
    image: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    s: Real,
    x_range: tuple[int, int],
    origin: tuple[int, int],
    alpha: int,
    out: FloatArray,
    out_extra: FloatArray,
    depth: FloatArray,
) -> None:
    """Carry the plate to the window that starts at ``origin`` (x, y) and is as large as ``out``.

    Rows above or below the plate show nothing. ``x_range`` are the samples that can reach the window.
    """
    for r in numba.prange(out.shape[0]):
        y = r + origin[1]
        if y < 0 or y >= d.shape[0]:
            depth[r, :] = NOTHING
            out[r] = 0.0
            out_extra[r] = 0.0
            continue
        base = np.empty(out.shape[1], np.int32)
        frac = np.empty(out.shape[1], np.float32)
        scatter_row(d[y], s, x_range[0], x_range[1], origin[0], depth[r], base, frac)
        for k in range(out.shape[1]):
            if depth[r, k] == NOTHING:
                out[r, k] = 0.0
                out_extra[r, k] = 0.0
            else:
                sample(image[y], extra[y], d[y], base[k], frac[k], alpha, out[r, k], out_extra[r, k])
