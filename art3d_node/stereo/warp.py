"""The bare kernel on the CPU: every row of the plate carried to its place in the new view."""

from __future__ import annotations

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, cpu_kernel, deal
from art3d_node.stereo.read_row import is_tidy, sample_row
from art3d_node.stereo.scatter import NOTHING, scatter_row
from art3d_node.stereo.soft_row import (
    HALO,
    copy_around,
    drop_inner,
    lay_rows,
    sample_behind,
    sample_veil,
    scatter_behind,
    scatter_soft,
)

MixedArrays = tuple[IndexArray, IndexArray, IndexArray, FloatArray, FloatArray, FloatArray, FloatArray, IndexArray]

SIDE = 4  # samples beside those that are carried, that tell how these are interpolated


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
        cell = np.empty(right - left, np.int32)
        weights = np.empty((4, width), np.float32)
        row, row_d, row_extra = image[y, left:right], d[y, left:right], extra[y, left:right]
        wanted = inner[0] <= r < inner[1] and veil.shape[0] > 0
        if wanted:
            veil[q, :] = 0.0
        entries, a, b = (0, 0), left, left
        if count.shape[0] > 0 and count[r] > 0:
            row, row_d, row_extra = row.copy(), row_d.copy(), row_extra.copy()
            entries = (start[r], start[r] + count[r])
            a, b = max(column[entries[0]] - HALO, left), min(column[entries[1] - 1] + HALO + 1, right)
        soft_row = np.empty((b - a, image.shape[2]), np.float32)
        front_extra = np.empty((b - a, extra.shape[2]), np.float32)
        soft_d, cover = np.full(b - a, np.nan, np.float32), np.ones(b - a, np.float32)
        fore = (soft_row, front_extra, soft_d, cover)
        if b > a:
            copy_around(image[y], a, entries, column, soft_row)
            copy_around(extra[y], a, entries, column, front_extra)
            part = slice(a - left, b - left)
            base = (row[part], row_extra[part], row_d[part])
            lay_rows(d[y, a:b], a, entries, column, mix, front, back, depths, other, extra, *base, *fore)
            drop_inner(soft_d, cover, row_d[part])
        depth[r, :] = NOTHING
        frac[:] = 0.0
        found = (depth[r], index[r], frac)
        scatter_row(row_d, s, first, last, origin[0] - left, 0, *found, cell, scratch[0], scratch[1])
        sample_row(row, row_extra, row_d, *found, weights, alpha, is_tidy(row), out[r], out_extra[r])
        for k in range(width):
            index[r, k] += left
        if wanted and b > a:
            at = np.empty(width, np.int32)
            soft_depth[q, :] = NOTHING
            found = (soft_depth[q], at, frac)
            scatter_soft(soft_d, s, a, entries, column, origin[0] - a, *found, cell, scratch[0], scratch[1])
            sample_veil(*fore, *found, depth[r], alpha, soft[q], soft_extra[q], veil[q])
            behind = np.full(width, NOTHING, np.float32)
            scatter_behind(soft_d, s, a, entries, column, origin[0] - a, soft_depth[q], behind, at, frac)
            seen = (np.empty(out.shape[2], np.float32), np.empty(extra.shape[2], np.float32))
            sample_behind(*fore, behind, at, frac, depth[r], alpha, soft[q], soft_extra[q], veil[q], *seen)
