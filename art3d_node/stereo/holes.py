"""Which pixels of the new view are empty, and what lies behind each hole."""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, MaskArray, Real, cpu_kernel, device_function, f32
from art3d_node.stereo.scatter import NOTHING

HIDDEN_TAPS = 4  # pixels that are averaged of background that the new view hides, along the plate's row
FADE = f32(0.5)  # weight of each of them relative to the one before


@cpu_kernel
def find_holes(depth: FloatArray, veil: FloatArray, reach: int, hole: MaskArray, beyond: MaskArray) -> None:
    """Mark the targets that no surface reaches, and those among them that the plate's border hides.

    A hole inside the picture is never wider than ``reach`` (the disparity range, px), so a hole with
    nothing within ``reach`` on one side has the plate's border there.

    Args:
        depth: (h, w) disparity of the new view, -inf where there is none.
        veil: (h, w) cover of the soft outlines in front of it, or no rows at all.
        reach: widest hole that two surfaces of the plate can open, px.
        hole: (h, w) out.
        beyond: (h, w) out.
    """
    width, veiled = depth.shape[1], veil.shape[0] > 0
    for r in numba.prange(depth.shape[0]):
        for k in range(width):
            hole[r, k] = depth[r, k] == NOTHING and not (veiled and veil[r, k] >= 0.5)
            beyond[r, k] = False
        k = 0
        while k < width:
            if not hole[r, k]:
                k += 1
                continue
            end = k + 1
            while end < width and hole[r, end]:
                end += 1
            for j in range(k, end):
                beyond[r, j] = k == 0 or end == width or j - k >= reach or end - j > reach
            k = end


@device_function
def background_of(
    depth: FloatArray, index: IndexArray, d: FloatArray, s: Real, start: int, end: int
) -> tuple[int, int, Real, Real]:
    """Describe what lies behind the hole ``start`` .. ``end`` of a row.

    Where a narrow gap of the plate closes, the hole has foreground on both sides, and its background is
    among the plate's samples between them that the new view hides.

    Args:
        depth: (w,) disparity of the new view, -inf in holes.
        index: (w,) plate sample that each target shows.
        d: (W,) disparity of the plate's row, px.
        s: +1 towards the right eye, -1 towards the left.
        start, end: first and one past the last target of the hole.

    Returns:
        The column of its nearest background pixel (-1: none in this row), the plate sample of its
        hidden background nearest to it (-1: nothing is hidden), the background's disparity, and the
        highest disparity that still counts as background, px.
    """
    has_left, has_right = start > 0, end < depth.shape[0]
    if not (has_left and has_right):
        if has_left:
            return start - 1, -1, depth[start - 1], f32(np.inf)
        if has_right:
            return end, -1, depth[end], f32(np.inf)
        return -1, -1, f32(0.0), f32(np.inf)
    left, right = depth[start - 1], depth[end]
    behind, source = (right, end) if right < left else (left, start - 1)
    hidden = -1
    for x in range(index[start - 1] + 1, index[end] + 1):
        if math.isfinite(d[x]) and d[x] < behind - f32(1.0):
            behind, hidden = d[x], x
    limit = behind + max(f32(1.0), f32(0.5) * (max(left, right) - behind))
    if hidden < 0:
        return source, -1, behind, limit
    x, step = (index[start - 1] + 1, 1) if s > 0 else (index[end], -1)
    while not (math.isfinite(d[x]) and d[x] <= limit):
        x += step
    return -1, x, behind, limit


@device_function
def follow_hidden(plate: FloatArray, d: FloatArray, x: int, step: int, limit: Real, found: FloatArray) -> bool:
    """Average the hidden background from sample ``x`` on into ``found`` (C,); False if it is not finite."""
    total, weight, taps, check = f32(0.0), f32(1.0), 0, f32(0.0)
    for c in range(found.shape[0]):
        found[c] = f32(0.0)
    while taps < HIDDEN_TAPS and 0 <= x < d.shape[0] and math.isfinite(d[x]) and d[x] <= limit:
        for c in range(found.shape[0]):
            found[c] += weight * plate[x, c]
            check += plate[x, c]
        total += weight
        weight *= FADE
        taps += 1
        x += step
    for c in range(found.shape[0]):
        found[c] /= total
    return math.isfinite(check)
