"""Every target of a new row read from the plate's row, once, at the position that won it."""

from __future__ import annotations

import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, Real, device_function, f32, place, row_function
from art3d_node.stereo.scanline import TAME, joined, mend, sample, whole_cubic
from art3d_node.stereo.scatter import NOTHING


@row_function
def is_tidy(row: FloatArray) -> bool:
    """Tell whether every value of (W, C) lies below TAME; NaN does not."""
    wild = np.int32(0)
    for value in row.flat:
        wild |= np.int32(not abs(value) < TAME)
    return bool(wild == 0)


@device_function
def weigh_row(frac: FloatArray, weights: FloatArray) -> None:
    """`whole_cubic` of every target, (4, w), several at once; a target that nothing reaches gets anything."""
    for k in range(frac.shape[0]):
        weights[0, k], weights[1, k], weights[2, k], weights[3, k] = whole_cubic(frac[k])


@device_function
def is_whole(d: FloatArray, x: int) -> bool:
    """Tell whether samples ``x - 1`` to ``x + 2`` of a row exist and are one surface."""
    if x < 1 or x + 2 >= d.shape[0]:
        return False
    at = place(x)
    before, after = joined(d[at - place(1)], d[at]), joined(d[at + place(1)], d[at + place(2)])
    return bool(before & joined(d[at], d[at + place(1)]) & after)


@device_function
def blend(
    row: FloatArray, extra: FloatArray, x: int, k: int, a: Real, weights: FloatArray, alpha: int,
    out: FloatArray, out_extra: FloatArray,
) -> None:  # fmt: skip
    """`scanline.sample` of four tame channels inside a surface."""
    w0, w1, w2, w3 = weights[0, k], weights[1, k], weights[2, k], weights[3, k]
    x0, x1, x2, x3 = place(x - 1), place(x), place(x + 1), place(x + 2)
    red = w0 * row[x0, 0] + w1 * row[x1, 0] + w2 * row[x2, 0] + w3 * row[x3, 0]
    green = w0 * row[x0, 1] + w1 * row[x1, 1] + w2 * row[x2, 1] + w3 * row[x3, 1]
    blue = w0 * row[x0, 2] + w1 * row[x1, 2] + w2 * row[x2, 2] + w3 * row[x3, 2]
    last = w0 * row[x0, 3] + w1 * row[x1, 3] + w2 * row[x2, 3] + w3 * row[x3, 3]
    out[k, 0], out[k, 1], out[k, 2], out[k, 3] = red, green, blue, last
    if alpha >= 0:
        p1, p2 = row[x1, alpha], row[x2, alpha]
        out[k, alpha] = p1 + a * (p2 - p1)
    for c in range(out_extra.shape[1]):
        out_extra[k, c] = mend(extra[x1, c], extra[x2, c], a)


@row_function
def sample_row(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    depth: FloatArray,
    base: IndexArray,
    frac: FloatArray,
    weights: FloatArray,
    alpha: int,
    tidy: bool,
    out: FloatArray,
    out_extra: FloatArray,
) -> None:
    """Read every target of a row that something reaches; the others become 0. ``weights`` (4, w) is scratch."""
    quick = tidy and row.shape[1] == 4 and out.shape[1] == 4
    if quick:
        weigh_row(frac, weights)
    for k in range(out.shape[0]):
        if quick and frac[k] > 0 and is_whole(d, base[k]):
            blend(row, extra, base[k], k, frac[k], weights, alpha, out, out_extra)
        elif depth[k] != NOTHING:
            sample(row, extra, d, base[k], frac[k], alpha, tidy, out[k], out_extra[k])
        else:
            for c in range(out.shape[1]):
                out[k, c] = f32(0.0)
            for c in range(out_extra.shape[1]):
                out_extra[k, c] = f32(0.0)
