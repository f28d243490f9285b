"""The last step of a new view: soft outlines over the filled view, cut out for one region."""

from __future__ import annotations

import numba

from art3d_node.stereo.jit import FloatArray, IndexArray, MaskArray, cpu_kernel, device_function, f32
from art3d_node.stereo.warp import NOTHING


@device_function
def compose_pixel(
    r: int,
    k: int,
    filled: bool,
    outside: bool,
    out: FloatArray,
    out_extra: FloatArray,
    ground: FloatArray,
    hole: MaskArray,
    beyond: MaskArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
    i: int,
    j: int,
    image: FloatArray,
    data: FloatArray,
    disparity: FloatArray,
    occlusion: MaskArray,
    border: MaskArray,
) -> None:
    """Composite the soft outlines over one pixel of the filled view, and write it to (i, j) of the region.

    Where they cover most of a pixel its extra layers and disparity are theirs. Over a hole that stays
    unfilled they stand alone.

    Args:
        r, k: row and column of the inner rows of the window.
        filled: whether holes are filled.
        outside: whether row i lies above or below the plate.
        out, out_extra, ground, hole, beyond: the filled view, (inner, w, ...).
        soft, soft_extra, soft_depth, veil: the soft outlines, (inner, w, ...), or no rows at all.
        i, j: row and column of the region.
        image, data, disparity, occlusion, border: out, (h, w, ...) of the region.
    """
    cover, under = f32(0.0), ground[r, k]
    if veil.shape[0] > 0:
        cover = veil[r, k]
        if cover > 0 and not filled and under == NOTHING:
            cover = f32(0.0) if hole[r, k] else f32(1.0)
    for c in range(image.shape[2]):
        image[i, j, c] = out[r, k, c]
    for c in range(data.shape[2]):
        data[i, j, c] = out_extra[r, k, c]
    if cover > 0:
        for c in range(image.shape[2]):
            image[i, j, c] = cover * soft[r, k, c] + (f32(1.0) - cover) * out[r, k, c]
        if cover >= f32(0.5):
            under = soft_depth[r, k]
            for c in range(data.shape[2]):
                data[i, j, c] = soft_extra[r, k, c]
    disparity[i, j] = f32(0.0) if hole[r, k] and not filled else under
    occlusion[i, j], border[i, j] = outside or hole[r, k], outside or beyond[r, k]


@cpu_kernel
def compose(
    rows: IndexArray,
    columns: IndexArray,
    outside: MaskArray,
    filled: bool,
    out: FloatArray,
    out_extra: FloatArray,
    ground: FloatArray,
    hole: MaskArray,
    beyond: MaskArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
    image: FloatArray,
    data: FloatArray,
    disparity: FloatArray,
    occlusion: MaskArray,
    border: MaskArray,
) -> None:
    """Run `compose_pixel` over the region: its row i shows inner row ``rows[i]``, column j ``columns[j]``."""
    for i in numba.prange(image.shape[0]):
        for j in range(image.shape[1]):
            compose_pixel(
                rows[i],
                columns[j],
                filled,
                outside[i],
                out,
                out_extra,
                ground,
                hole,
                beyond,
                soft,
                soft_extra,
                soft_depth,
                veil,
                i,
                j,
                image,
                data,
                disparity,
                occlusion,
                border,
            )
