"""The last step of a new view: soft outlines laid over the filled view, in place."""

from __future__ import annotations

import numba

from art3d_node.stereo.jit import FloatArray, MaskArray, cpu_kernel, device_function, f32
from art3d_node.stereo.scatter import NOTHING


@device_function
def compose_pixel(
    r: int,
    k: int,
    filled: bool,
    out: FloatArray,
    out_extra: FloatArray,
    ground: FloatArray,
    hole: MaskArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
) -> None:
    """Composite the soft outlines over one pixel of the filled view.

    Where they cover most of a pixel its extra layers and disparity are theirs. Over a hole that stays
    unfilled they stand alone; its disparity is 0.

    Args:
        r, k: row and column of the inner rows of the window.
        filled: whether holes are filled.
        out, out_extra, ground: the filled view, (inner, w, ...), changed in place.
        hole: (inner, w) where the plate shows nothing.
        soft, soft_extra, soft_depth, veil: the soft outlines, (inner, w, ...), or no rows at all.
    """
    cover = veil[r, k] if veil.shape[0] > 0 else f32(0.0)
    if cover > 0 and not filled and ground[r, k] == NOTHING:
        cover = f32(0.0) if hole[r, k] else f32(1.0)
    if cover > 0:
        for c in range(out.shape[2]):
            out[r, k, c] = cover * soft[r, k, c] + (f32(1.0) - cover) * out[r, k, c]
        if cover >= f32(0.5):
            ground[r, k] = soft_depth[r, k]
            for c in range(out_extra.shape[2]):
                out_extra[r, k, c] = soft_extra[r, k, c]
    if hole[r, k] and not filled:
        ground[r, k] = f32(0.0)


@cpu_kernel
def compose(
    columns: tuple[int, int],
    filled: bool,
    out: FloatArray,
    out_extra: FloatArray,
    ground: FloatArray,
    hole: MaskArray,
    soft: FloatArray,
    soft_extra: FloatArray,
    soft_depth: FloatArray,
    veil: FloatArray,
) -> None:
    """Run `compose_pixel` over all rows between two columns."""
    veiled = veil.shape[0] > 0
    for r in numba.prange(ground.shape[0]):
        for k in range(columns[0], columns[1]):
            if not filled or (veiled and veil[r, k] > 0):  # most pixels of a filled view are done already
                compose_pixel(r, k, filled, out, out_extra, ground, hole, soft, soft_extra, soft_depth, veil)
