"""Which sample of a plate row each target of the new row shows: the nearest surface that reaches it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, device_function, f32, place, row_function
from art3d_node.stereo.scanline import (
    EDGE_ON,
    SURFACE_SLOPE,
    cell_fraction,
    cell_targets,
    end_position,
    end_target,
    has_cell,
)

NOTHING: Any = np.float32(-np.inf)  # the depth of a target that no surface reaches

# What `find_cells` says of a cell that does not reach exactly one target. No offset is as large.
CUT, EMPTY, MANY = np.int32(-(10**9)), np.int32(10**9), np.int32(2 * 10**9)
OFFSET = np.int32(10**8)


@device_function
def find_cells(
    d: FloatArray,
    after: FloatArray,
    s: Real,
    low: int,
    high: Real,
    cell: IndexArray,
    part: FloatArray,
    there: FloatArray,
) -> None:
    """Find the one target that each cell of a row reaches.

    No cell depends on another and all numbers have 32 bits, so that the compiler works on several at once.

    Args:
        d, after: (n,) disparities of both samples of each cell, px.
        s: +1 towards the right eye, -1 towards the left.
        low: column of the first target, counted from the first sample.
        high: number of targets less one.
        cell: (n,) out, offset ``target - x``; CUT where the samples are two surfaces, EMPTY or MANY.
        part: (n,) out, where in the cell its target lies, 0 .. 1.
        there: (n,) out, the disparity there, px.
    """
    for i in range(cell.shape[0]):
        d0, d1 = d[i], after[i]
        start, end, least = -s * d0, f32(1.0) - s * d1, f32(np.int32(low - i))
        k = f32(np.ceil(start if start > least else least))
        k_last = f32(np.floor(end if end < least + high else least + high))
        code = k if k_last == k else f32(MANY)
        code = code if k_last >= k and end - start > EDGE_ON else f32(EMPTY)
        cell[i] = np.int32(code if abs(d1 - d0) <= SURFACE_SLOPE else f32(CUT))
        a = (k + s * d0) / (f32(1.0) - s * (d1 - d0))
        a = a if a > f32(0.0) else f32(0.0)
        a = a if a < f32(1.0) else f32(1.0)
        part[i], there[i] = a, d0 + a * (d1 - d0)


@device_function
def _put(x: int, a: Real, value: Real, k: Any, depth: FloatArray, base: IndexArray, frac: FloatArray) -> None:
    at = place(k)
    if value >= depth[at]:
        depth[at] = value
        base[at] = x
        frac[at] = a


@row_function
def scatter_row(
    d: FloatArray,
    s: Real,
    first: int,
    last: int,
    u_first: int,
    shift: int,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    cell: IndexArray,
    part: FloatArray,
    there: FloatArray,
) -> None:
    """Let the nearest surface of samples ``first`` .. ``last`` win each target of one new row.

    What the row holds already takes part in the contest: call it for one part of the samples after the other.

    Args:
        d: (W,) disparities, px.
        s: +1 towards the right eye, -1 towards the left.
        first: first sample to carry.
        last: one past the last sample to carry.
        u_first: column of the first target.
        shift: what is added to a sample's number.
        depth: (w,) changed in place, disparity of the winner; -inf where there is none.
        base: (w,) out, sample left of the winning position, plus ``shift``.
        frac: (w,) out, how far right of that sample, 0 .. 1.
        cell, part, there: (W,) scratch.
    """
    cells, high = max(min(last, d.shape[0] - 1) - first, 0), f32(depth.shape[0] - 1)
    samples, after = d[first : first + cells], d[first + 1 : first + 1 + cells]
    find_cells(samples, after, s, u_first - first, high, cell[:cells], part[:cells], there[:cells])
    before, offset = has_cell(d, first - 1), first - u_first
    for i in range(last - first):
        code, x = cell[place(i)] if i < cells else CUT, first + i
        d0, low = d[place(x)], f32(u_first - x)
        if -OFFSET < code < OFFSET:
            _put(x + shift, part[place(i)], there[place(i)], code + i + offset, depth, base, frac)
        elif code == MANY:
            d1 = d[place(x + 1)]
            k_first, k_last = cell_targets(d0, d1, s, low, low + high)
            for k in range(k_first, k_last + 1):
                a = cell_fraction(k, d0, d1, s)
                _put(x + shift, a, d0 + a * (d1 - d0), k + x - u_first, depth, base, frac)
        elif code == CUT and math.isfinite(d0):
            k, found = end_target(d0, s, 1, low, low + high)
            if found:
                left, a = end_position(x, k, d0, s, 1)
                _put(left + shift, a, d0, k + x - u_first, depth, base, frac)
        if not before and math.isfinite(d0):
            k, found = end_target(d0, s, -1, low, low + high)
            if found:
                left, a = end_position(x, k, d0, s, -1)
                _put(left + shift, a, d0, k + x - u_first, depth, base, frac)
        before = code != CUT
