"""The bare kernel on the CPU: every row of the plate carried to its place in the new view."""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import (
    FloatArray,
    IndexArray,
    Real,
    cpu_kernel,
    deal,
    device_function,
    f32,
    row_function,
)
from art3d_node.stereo.scanline import TAME, has_cell, joined, sample
from art3d_node.stereo.scatter import NOTHING, scatter_row

MixedArrays = tuple[IndexArray, IndexArray, IndexArray, FloatArray, FloatArray, FloatArray, FloatArray, IndexArray]

SIDE = 4  # samples beside those that are carried, that tell how these are interpolated
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
        soft_row: (W, C) a copy of that part, changed in place.
        soft_extra: (W, K) a copy of the extra layers, changed in place.
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
def is_tidy(row: FloatArray) -> bool:
    """Tell whether every value of (W, C) lies below TAME; NaN does not."""
    wild = np.int32(0)
    for value in row.flat:
        wild |= np.int32(not abs(value) < TAME)
    return bool(wild == 0)


@row_function
def sample_row(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    alpha: int,
    tidy: bool,
    out: FloatArray,
    out_extra: FloatArray,
) -> None:
    """Read every target of a row that something reaches; the others become 0."""
    for k in range(out.shape[0]):
        if depth[k] != NOTHING:
            sample(row, extra, d, base[k], frac[k], alpha, tidy, out[k], out_extra[k])
        else:
            for c in range(out.shape[1]):
                out[k, c] = f32(0.0)
            for c in range(out_extra.shape[1]):
                out_extra[k, c] = f32(0.0)


@row_function
def sample_veil(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    cover: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    alpha: int,
    out: FloatArray,
    out_extra: FloatArray,
    veil: FloatArray,
) -> None:
    """Read every target of a row that a soft outline reaches and covers; ``veil`` (w,) is its cover there."""
    for k in range(out.shape[0]):
        if depth[k] != NOTHING:
            veil[k] = cover_at(cover, d, base[k], frac[k])
        if veil[k] > 0:
            sample(row, extra, d, base[k], frac[k], alpha, False, out[k], out_extra[k])


@row_function
def hide_veil(depth: FloatArray, soft_depth: FloatArray, veil: FloatArray) -> None:
    """Take the soft outlines of a row away where an opaque surface lies in front of them."""
    for k in range(veil.shape[0]):
        if veil[k] > 0 and depth[k] - soft_depth[k] > f32(0.5):
            veil[k] = f32(0.0)


@cpu_kernel
def warp(
    image: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    s: Real,
    x_range: tuple[int, int],
    origin: tuple[int, int],
    alpha: int,
    mixed: MixedArrays,
    inner: tuple[int, int],
    out: FloatArray,
    out_extra: FloatArray,
    depth: FloatArray,
    index: IndexArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
    threads: int,
) -> None:
    """Carry the plate to the window that starts at ``origin`` (x, y) and is as large as ``out``.

    Args:
        image: (H, W, C) plate.
        extra: (H, W, K) extra layers.
        d: (H, W) disparity, px.
        s: +1 towards the right eye, -1 towards the left.
        x_range: first and one past the last sample that can reach the window.
        origin: plate column and row of the window's first pixel.
        alpha: index of the alpha channel, -1 if there is none.
        mixed: the mixed pixels of the window's rows, see `mixed.Mixed`; no rows at all for hard edges.
        inner: rows of the window whose soft outlines are wanted.
        out: (h, w, C) out, the opaque colours; 0 where nothing lands.
        out_extra: (h, w, K) out.
        depth: (h, w) out, disparity, -inf where nothing lands.
        index: (h, w) out, plate sample left of the position that lands; undefined where none does.
        soft: (inner, w, C) out, colours of the soft outlines; set where ``veil`` > 0.
        soft_extra: (inner, w, K) out, set where ``veil`` > 0.
        soft_depth: (inner, w) out, set where ``veil`` > 0.
        veil: (inner, w) out, cover of the soft outlines, 0 .. 1.
        threads: among which the rows are dealt out.
    """
    start, count, column, mix, front, back, depths, other = mixed
    height, width = out.shape[:2]
    left, right = max(x_range[0] - SIDE, 0), min(x_range[1] + SIDE, d.shape[1])
    first, last = x_range[0] - left, x_range[1] - left
    share = -(-height // threads)
    for i in numba.prange(share * threads):
        r = deal(i, share, threads)
        if r >= height:
            continue
        y, q = r + origin[1], r - inner[0]
        frac, scratch = np.empty(width, np.float32), np.empty((2, right - left), np.float32)
        row, row_d, row_extra = image[y, left:right], d[y, left:right], extra[y, left:right]
        wanted = inner[0] <= r < inner[1] and veil.shape[0] > 0
        if wanted:
            veil[q, :] = 0.0
        if count.shape[0] > 0 and count[r] > 0:
            row, row_d, row_extra = row.copy(), row_d.copy(), row_extra.copy()
            entries = (start[r], start[r] + count[r])
            a, b = max(column[entries[0]] - HALO, left), min(column[entries[1] - 1] + HALO + 1, right)
            soft_row, front_extra = image[y, a:b].copy(), extra[y, a:b].copy()
            soft_d, cover = np.full(b - a, np.nan, np.float32), np.ones(b - a, np.float32)
            part = slice(a - left, b - left)
            base = (row[part], row_extra[part], row_d[part])
            fore = (soft_row, front_extra, soft_d, cover)
            lay_rows(d[y, a:b], a, entries, column, mix, front, back, depths, other, extra, *base, *fore)
            drop_inner(soft_d, cover, row_d[part])
            if wanted:
                found = (soft_depth[q], index[r], frac)
                scatter_row(soft_d, s, 0, b - a, origin[0] - a, *found, scratch[0], scratch[1])
                sample_veil(*fore, *found, alpha, soft[q], soft_extra[q], veil[q])
        found = (depth[r], index[r], frac)
        scatter_row(row_d, s, first, last, origin[0] - left, *found, scratch[0], scratch[1])
        sample_row(row, row_extra, row_d, *found, alpha, is_tidy(row), out[r], out_extra[r])
        for k in range(width):
            index[r, k] += left
        if wanted:
            hide_veil(depth[r], soft_depth[q], veil[q])
