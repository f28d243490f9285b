"""The soft outlines of one row: the plate split in two layers, and the front one carried to the new view."""

from __future__ import annotations

import math

import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, device_function, f32, row_function
from art3d_node.stereo.scanline import (
    cell_fraction,
    cell_targets,
    end_position,
    end_target,
    has_cell,
    joined,
    sample,
)
from art3d_node.stereo.scatter import NOTHING, scatter_row

HALO = 4  # samples beside the mixed pixels of a row that belong to their soft row


@row_function
def lay_rows(
    d: FloatArray,
    left: int,
    entries: tuple[int, int],
    column: IndexArray,
    alpha: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    extra: FloatArray,
    base_row: FloatArray,
    base_extra: FloatArray,
    base_d: FloatArray,
    soft_row: FloatArray,
    soft_extra: FloatArray,
    soft_d: FloatArray,
    cover: FloatArray,
) -> None:
    """Split one row of the plate into what is opaque and the soft outlines in front of it.

    The opaque row keeps the background's own colours where surfaces mix. The soft row holds the mixed
    pixels in the front surface's colours, and on either side one more sample where its cover has
    reached 1 (inside the surface) or 0 (outside); all others have no disparity there.

    Args:
        d: (W,) disparity of a part of the row that reaches `HALO` samples beyond its mixed pixels, px.
        left: plate column of its first sample.
        entries: first and one past the last mixed pixel of the row.
        column, alpha, front, back, depths, other: the mixed pixels, see `mixed.Mixed`.
        extra: (H, W, K) extra layers of the plate.
        base_row: (W, C) a copy of that part, changed in place.
        base_extra: (W, K) a copy of the extra layers, changed in place.
        base_d: (W,) a copy of ``d``, changed in place.
        soft_row: (W, C) changed in place; holds that part within `HALO` samples of the mixed pixels.
        soft_extra: (W, K) the same of the extra layers.
        soft_d: (W,) NaN, changed in place.
        cover: (W,) 1, changed in place.
    """
    width = d.shape[0]
    for i in range(entries[0], entries[1]):
        x = column[i] - left
        if alpha[i] == 1.0:
            base_d[x] = depths[i, 0]
            continue
        base_d[x], soft_d[x], cover[x] = depths[i, 1], depths[i, 0], alpha[i]
        for c in range(front.shape[1]):
            base_row[x, c], soft_row[x, c] = back[i, c], front[i, c]
        for c in range(extra.shape[2]):
            if d[x] == depths[i, 0]:
                base_extra[x, c] = extra[other[i, 0], other[i, 1], c]
            else:
                soft_extra[x, c] = extra[other[i, 0], other[i, 1], c]
    for i in range(entries[0], entries[1]):
        if alpha[i] == 1.0:
            continue
        for step in (-1, 1):
            x, beyond = column[i] - left + step, column[i] - left + 2 * step
            if x < 0 or x >= width or cover[x] < 1.0:
                continue
            if joined(base_d[x], depths[i, 0]):
                soft_d[x] = base_d[x]
                if 0 <= beyond < width and cover[beyond] == 1.0 and joined(base_d[beyond], base_d[x]):
                    soft_d[beyond] = base_d[beyond]
            elif not math.isfinite(soft_d[x]):
                soft_d[x], cover[x] = depths[i, 0], f32(0.0)
                for c in range(front.shape[1]):
                    soft_row[x, c] = front[i, c]


@row_function
def copy_around(
    row: FloatArray, left: int, entries: tuple[int, int], column: IndexArray, out: FloatArray
) -> None:  # fmt: skip
    """Copy what lies within `HALO` samples of the mixed pixels from a row to ``out``, which begins at ``left``."""
    done = left
    for i in range(entries[0], entries[1]):
        done = max(done, column[i] - HALO)
        for x in range(done, min(column[i] + HALO + 1, left + out.shape[0])):
            for c in range(out.shape[1]):
                out[x - left, c] = row[x, c]
        done = max(done, column[i] + HALO + 1)


@row_function
def scatter_soft(
    soft_d: FloatArray,
    s: Real,
    left: int,
    entries: tuple[int, int],
    column: IndexArray,
    u_first: int,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    cell: IndexArray,
    part: FloatArray,
    there: FloatArray,
) -> None:
    """`scatter_row` of the soft row, which has no samples but those within `HALO` of the mixed pixels."""
    i = entries[0]
    while i < entries[1]:
        first = max(column[i] - HALO - left, 0)
        while i + 1 < entries[1] and column[i + 1] - column[i] <= 2 * HALO:
            i += 1
        end = min(column[i] + HALO + 1 - left, soft_d.shape[0])
        scatter_row(soft_d[first:end], s, 0, end - first, u_first - first, first, depth, base, frac, cell, part, there)
        i += 1


@row_function
def drop_inner(soft_d: FloatArray, cover: FloatArray, base_d: FloatArray) -> None:
    """Leave the last whole pixel before a soft outline to the soft row, so that it ends exactly there."""
    for x in range(soft_d.shape[0]):
        if cover[x] == 1.0 and math.isfinite(soft_d[x]):
            before = x > 0 and 0.0 < cover[x - 1] < 1.0 and joined(soft_d[x - 1], soft_d[x])
            after = x + 1 < soft_d.shape[0] and 0.0 < cover[x + 1] < 1.0 and joined(soft_d[x + 1], soft_d[x])
            if before or after:
                base_d[x] = f32(np.nan)


@device_function
def cover_at(cover: FloatArray, d: FloatArray, x: int, a: Real) -> Real:
    """Cover of the soft row at ``x + a``, 0 .. 1."""
    if not has_cell(d, x):
        return cover[x] if a <= f32(0.5) else cover[x + 1]
    return cover[x] if a == 0 else cover[x] + a * (cover[x + 1] - cover[x])


@row_function
def scatter_behind(
    soft_d: FloatArray,
    s: Real,
    left: int,
    entries: tuple[int, int],
    column: IndexArray,
    u_first: int,
    nearest: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
) -> None:
    """`scatter_soft` among what lies behind the ``nearest`` (w,) soft outline of each target, as `is_behind` has it."""
    done, width = -1, soft_d.shape[0]
    for i in range(entries[0], entries[1]):
        for x in range(max(column[i] - HALO - left, done + 1), min(column[i] + HALO + 1 - left, width)):
            done, d0 = x, soft_d[x]
            if not math.isfinite(d0):
                continue
            low = f32(u_first - x)
            high = low + f32(nearest.shape[0] - 1)
            if has_cell(soft_d, x):
                d1 = soft_d[x + 1]
                first, last = cell_targets(d0, d1, s, low, high)
                for k in range(first, last + 1):
                    a = cell_fraction(k, d0, d1, s)
                    _put_behind(x, a, d0 + a * (d1 - d0), k + x - u_first, nearest, depth, base, frac)
            else:
                k, found = end_target(d0, s, 1, low, high)
                if found:
                    at, a = end_position(x, k, d0, s, 1)
                    _put_behind(at, a, d0, k + x - u_first, nearest, depth, base, frac)
            if not has_cell(soft_d, x - 1):
                k, found = end_target(d0, s, -1, low, high)
                if found:
                    at, a = end_position(x, k, d0, s, -1)
                    _put_behind(at, a, d0, k + x - u_first, nearest, depth, base, frac)


@device_function
def is_behind(depth: Real, nearest: Real) -> bool:
    """Tell whether ``depth`` lies on another surface than ``nearest``, further away."""
    return bool(nearest - depth > f32(0.5))


@device_function
def _put_behind(
    x: int, a: Real, value: Real, k: int, nearest: FloatArray, depth: FloatArray, base: IndexArray, frac: FloatArray
) -> None:
    if value >= depth[k] and is_behind(value, nearest[k]):
        depth[k], base[k], frac[k] = value, x, a


@row_function
def sample_veil(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    cover: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    opaque: FloatArray,
    alpha: int,
    out: FloatArray,
    out_extra: FloatArray,
    veil: FloatArray,
) -> None:
    """Read every target of a row that a soft outline covers, with no ``opaque`` (w,) surface in front of it.

    ``veil`` (w,), 0, becomes its cover there.
    """
    for k in range(out.shape[0]):
        if depth[k] == NOTHING or is_behind(depth[k], opaque[k]):
            continue
        veil[k] = cover_at(cover, d, base[k], frac[k])
        if veil[k] > 0:
            sample(row, extra, d, base[k], frac[k], alpha, False, out[k], out_extra[k])


@row_function
def sample_behind(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    cover: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    opaque: FloatArray,
    alpha: int,
    out: FloatArray,
    out_extra: FloatArray,
    veil: FloatArray,
    seen: FloatArray,
    seen_extra: FloatArray,
) -> None:
    """Put the soft outlines of a row that lie behind others under these: both become one veil.

    ``seen`` (C,) and ``seen_extra`` (K,) are scratch, for the rest see `sample_veil`.
    """
    for k in range(out.shape[0]):
        if depth[k] == NOTHING or is_behind(depth[k], opaque[k]) or not f32(0.0) < veil[k] < f32(1.0):
            continue
        under = cover_at(cover, d, base[k], frac[k])
        if under > 0:
            sample(row, extra, d, base[k], frac[k], alpha, False, seen, seen_extra)
            veil[k] = lay_under(veil[k], under, seen, out[k])


@device_function
def lay_under(veil: Real, under: Real, colour: FloatArray, out: FloatArray) -> Real:
    """Lay a second outline under the first, whose colour ``out`` (C,) becomes that of both; return their cover."""
    rest = (f32(1.0) - veil) * under
    both = veil + rest
    for c in range(out.shape[0]):
        out[c] = (veil * out[c] + rest * colour[c]) / both
    return both
