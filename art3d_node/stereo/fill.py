"""What to put into the holes of the new view: a continuation of the background around them.

From every empty pixel sixteen rays look for the background. Each brings the colour of the first few
pixels it meets; near ones count more, and so do rays along which the background changes little,
because that is the way an edge or a stripe continues. A ray that meets a surface in front of the
hole's background ends there, so no foreground is pulled in. All weights are smooth in the picture and
nothing is iterated: a small change of disparity changes the fill a little, and a pixel depends only
on its surroundings (`RAY` px, or the width of its hole along the row).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import FloatArray, IndexArray, MaskArray, Real, cpu_kernel, device_function, f32
from art3d_node.stereo.warp import NOTHING

RAY = 32  # how far a ray looks, px, except along the row, where it looks as far as a hole can reach
TAPS = 4  # pixels that one ray averages once it has met the background
APRON = RAY + TAPS  # rows and columns around a pixel that its fill may depend on
FADE = f32(0.5)  # weight of each pixel of a ray relative to the one before
STEADY = f32(0.3)  # share of the mean change along rays below which a ray counts as steady

# Half steps of the sixteen rays: (dx, dy) / 2 per px along the longer axis.
_QUARTER = ((2, 0), (2, 1), (2, 2), (1, 2))
RAYS = np.array([turn for dx, dy in _QUARTER for turn in ((dx, dy), (-dy, dx), (-dx, -dy), (dy, -dx))], np.int32)


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
        left = -reach - 1
        for k in range(width):
            hole[r, k] = depth[r, k] == NOTHING and not (veiled and veil[r, k] >= 0.5)
            if not hole[r, k]:
                left = k
            beyond[r, k] = hole[r, k] and k - left > reach
        right = width + reach
        for k in range(width - 1, -1, -1):
            if not hole[r, k]:
                right = k
            beyond[r, k] |= hole[r, k] and right - k > reach


@device_function
def background_of(depth: FloatArray, start: int, end: int) -> tuple[int, Real, Real]:
    """Describe what lies behind the hole ``start`` .. ``end`` of a row.

    Returns:
        The column of its nearest background pixel (-1: the row is empty), the background's disparity,
        and the highest disparity that still counts as background, px.
    """
    has_left, has_right = start > 0, end < depth.shape[0]
    if has_left and has_right:
        left, right = depth[start - 1], depth[end]
        limit = min(left, right) + max(f32(1.0), f32(0.5) * abs(left - right))
        return (end, right, limit) if right < left else (start - 1, left, limit)
    if has_left:
        return start - 1, depth[start - 1], f32(np.inf)
    if has_right:
        return end, depth[end], f32(np.inf)
    return -1, f32(0.0), f32(np.inf)


@device_function
def follow_ray(
    out: FloatArray, depth: FloatArray, r: int, k: int, ax: int, ay: int, limit: Real, found: FloatArray
) -> tuple[Real, Real]:
    """Look from the empty pixel (r, k) along one ray.

    Args:
        out: (h, w, C) colours.
        depth: (h, w) disparity, -inf in holes.
        r, k: the empty pixel.
        ax, ay: half steps of the ray.
        limit: highest disparity of the background, px.
        found: (C,) out, the colour that the ray brings.

    Returns:
        The distance to the background, px (0: the ray found none), and the mean change per step there
        (-1: unknown).
    """
    height, width = depth.shape
    length = width if ay == 0 else RAY + 1
    for t in range(1, length):
        y, x = r + ((t * ay + 1) >> 1), k + ((t * ax + 1) >> 1)
        if x < 0 or x >= width or y < 0 or y >= height or depth[y, x] > limit:
            break
        if depth[y, x] == NOTHING:
            continue
        change, total, weight, taps, before = f32(0.0), f32(0.0), f32(1.0), 0, depth[y, x]
        found[:] = 0.0
        py, px = y, x
        while True:
            for c in range(found.shape[0]):
                found[c] += weight * out[y, x, c]
                change += abs(out[y, x, c] - out[py, px, c])
            total += weight
            weight *= FADE
            taps += 1
            py, px = y, x
            y, x = r + (((t + taps) * ay + 1) >> 1), k + (((t + taps) * ax + 1) >> 1)
            if taps == TAPS or x < 0 or x >= width or y < 0 or y >= height or abs(depth[y, x] - before) > 1:
                break
        if not math.isfinite(change):
            break
        for c in range(found.shape[0]):
            found[c] /= total
        distance = f32(t) * f32(math.sqrt(f32(ax * ax + ay * ay))) * f32(0.5)
        return distance, change / f32(taps - 1) if taps > 1 else f32(-1.0)
    return f32(0.0), f32(-1.0)


@device_function
def continue_background(
    out: FloatArray,
    depth: FloatArray,
    r: int,
    k: int,
    limit: Real,
    rays: IndexArray,
    found: FloatArray,
    distance: FloatArray,
    change: FloatArray,
    colour: FloatArray,
) -> None:
    """Mix what the rays from the empty pixel (r, k) bring into ``colour`` (C,)."""
    mean, known = f32(0.0), 0
    for i in range(rays.shape[0]):
        distance[i], change[i] = follow_ray(out, depth, r, k, rays[i, 0], rays[i, 1], limit, found[i])
        if change[i] >= 0:
            mean += change[i]
            known += 1
    mean = mean / f32(max(known, 1)) + f32(1e-20)
    total = f32(0.0)
    colour[:] = 0.0
    for i in range(rays.shape[0]):
        if distance[i] > 0:
            steadiness = f32(2.0) if change[i] < 0 else change[i] / mean
            weight = f32(1.0) / (distance[i] * f32(math.sqrt(distance[i] * (steadiness + STEADY))))
            total += weight
            for c in range(colour.shape[0]):
                colour[c] += weight * found[i, c]
    if total > 0:
        for c in range(colour.shape[0]):
            colour[c] /= total


@cpu_kernel
def fill_holes(
    out: FloatArray, extra: FloatArray, depth: FloatArray, rays: IndexArray, first: int, ground: FloatArray
) -> None:
    """Fill the holes of the rows from ``first`` on; what lies around them is only read.

    Extra layers and the disparity repeat the hole's nearest background pixel of its row: a matte or an
    id keeps a value that exists.

    Args:
        out: (h, w, C) colours; holes are changed in place.
        extra: (h, w, K) extra layers; holes are changed in place.
        depth: (h, w) disparity, -inf in holes.
        rays: (n, 2) half steps.
        first: first row to fill.
        ground: (rows to fill, w) out, the disparity with its holes filled.
    """
    width, channels = out.shape[1], out.shape[2]
    for row in numba.prange(ground.shape[0]):
        r = row + first
        found = np.empty((rays.shape[0], channels), np.float32)
        distance, change = np.empty(rays.shape[0], np.float32), np.empty(rays.shape[0], np.float32)
        k = 0
        while k < width:
            if depth[r, k] != NOTHING:
                ground[row, k] = depth[r, k]
                k += 1
                continue
            end = k + 1
            while end < width and depth[r, end] == NOTHING:
                end += 1
            source, behind, limit = background_of(depth[r], k, end)
            for j in range(k, end):
                ground[row, j] = behind
                if source >= 0:
                    extra[r, j] = extra[r, source]
                continue_background(out, depth, r, j, limit, rays, found, distance, change, out[r, j])
            k = end
