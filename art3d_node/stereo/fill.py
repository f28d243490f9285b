"""Holes of the new view: where they are, what lies behind them, and what to put there."""

from __future__ import annotations

import numba

from art3d_node.stereo.jit import FloatArray, MaskArray, cpu_kernel
from art3d_node.stereo.warp import NOTHING


@cpu_kernel
def find_holes(depth: FloatArray, reach: int, hole: MaskArray, beyond: MaskArray) -> None:
    """Mark the targets that no surface reaches, and those among them that the plate's border hides.

    A hole inside the picture is never wider than ``reach`` (the disparity range, px), so a hole with
    nothing within ``reach`` on one side has the plate's border there.

    Args:
        depth: (h, w) disparity of the new view, -inf where there is none.
        reach: widest hole that two surfaces of the plate can open, px.
        hole: (h, w) out.
        beyond: (h, w) out.
    """
    width = depth.shape[1]
    for r in numba.prange(depth.shape[0]):
        left = -reach - 1
        for k in range(width):
            hole[r, k] = depth[r, k] == NOTHING
            if not hole[r, k]:
                left = k
            beyond[r, k] = hole[r, k] and k - left > reach
        right = width + reach
        for k in range(width - 1, -1, -1):
            if not hole[r, k]:
                right = k
            beyond[r, k] |= hole[r, k] and right - k > reach


@cpu_kernel
def extend_background(out: FloatArray, extra: FloatArray, depth: FloatArray) -> None:
    """Fill each hole of a row from the side that lies further away.

    Args:
        out: (h, w, C) colours, changed in place.
        extra: (h, w, K) extra layers, changed in place.
        depth: (h, w) disparity, -inf in holes, changed in place.
    """
    width = depth.shape[1]
    for r in numba.prange(depth.shape[0]):
        k = 0
        while k < width:
            if depth[r, k] != NOTHING:
                k += 1
                continue
            end = k
            while end < width and depth[r, end] == NOTHING:
                end += 1
            source = k - 1
            if k == 0 or (end < width and depth[r, end] < depth[r, k - 1]):
                source = end
            if source < width:
                for j in range(k, end):
                    out[r, j] = out[r, source]
                    extra[r, j] = extra[r, source]
                    depth[r, j] = depth[r, source]
            k = end
