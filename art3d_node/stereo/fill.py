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
    while taps < TAPS and 0 <= x < d.shape[0] and math.isfinite(d[x]) and d[x] <= limit:
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
    hidden_away: Real,
    rays: IndexArray,
    found: FloatArray,
    distance: FloatArray,
    change: FloatArray,
    colour: FloatArray,
) -> None:
    """Mix what the rays from the empty pixel (r, k) bring into ``colour`` (C,).

    ``found`` (rays + 1, C) holds in its last row the hidden background, ``hidden_away`` px away (0: none).
    """
    mean, known, n = f32(0.0), 0, rays.shape[0]
    for i in range(n):
        distance[i], change[i] = follow_ray(out, depth, r, k, rays[i, 0], rays[i, 1], limit, found[i])
        if change[i] >= 0:
            mean += change[i]
            known += 1
    distance[n], change[n] = hidden_away, f32(-1.0)
    mean = mean / f32(max(known, 1)) + f32(1e-20)
    total = f32(0.0)
    for c in range(colour.shape[0]):
        colour[c] = f32(0.0)
    for i in range(n + 1):
        if distance[i] > 0:
            steadiness = f32(2.0) if change[i] < 0 else change[i] / mean
            weight = f32(1.0) / (distance[i] * f32(math.sqrt(distance[i] * (steadiness + STEADY))))
            total += weight
            for c in range(colour.shape[0]):
                colour[c] += weight * found[i, c]
    if total > 0:
        for c in range(colour.shape[0]):
            colour[c] /= total


@device_function
def fill_pixel(
    r: int,
    k: int,
    start: int,
    end: int,
    plate: FloatArray,
    plate_extra: FloatArray,
    d: FloatArray,
    s: Real,
    left: int,
    out: FloatArray,
    extra: FloatArray,
    depth: FloatArray,
    index: IndexArray,
    rays: IndexArray,
    found: FloatArray,
    distance: FloatArray,
    change: FloatArray,
) -> Real:
    """Fill pixel (r, k) of the hole ``start`` .. ``end``; return the background's disparity, px.

    ``plate``, ``plate_extra`` and ``d`` are the plate's row; ``left`` is the plate column of target 0.
    """
    source, hidden, behind, limit = background_of(depth[r], index[r], d, s, start, end)
    away = f32(0.0)
    if hidden >= 0:
        if follow_hidden(plate, d, hidden, 1 if s > 0 else -1, limit, found[rays.shape[0]]):
            away = max(abs(f32(hidden - k - left) - s * d[hidden]), f32(1.0))
        for c in range(extra.shape[2]):
            extra[r, k, c] = plate_extra[hidden, c]
    elif source >= 0:
        for c in range(extra.shape[2]):
            extra[r, k, c] = extra[r, source, c]
    continue_background(out, depth, r, k, limit, away, rays, found, distance, change, out[r, k])
    return behind


@cpu_kernel
def fill_holes(
    image: FloatArray,
    plate_extra: FloatArray,
    d: FloatArray,
    s: Real,
    origin: tuple[int, int],
    out: FloatArray,
    extra: FloatArray,
    depth: FloatArray,
    index: IndexArray,
    rays: IndexArray,
    first: int,
    ground: FloatArray,
) -> None:
    """Fill the holes of the rows from ``first`` on; what lies around them is only read.

    Extra layers and the disparity repeat the nearest background of the hole's row: a matte or an id
    keeps a value that exists.

    Args:
        image: (H, W, C) plate.
        plate_extra: (H, W, K) extra layers of the plate.
        d: (H, W) disparity of the plate, px.
        s: +1 towards the right eye, -1 towards the left.
        origin: plate column and row of the window's first pixel.
        out: (h, w, C) colours; holes are changed in place.
        extra: (h, w, K) extra layers; holes are changed in place.
        depth: (h, w) disparity, -inf in holes.
        index: (h, w) plate sample that each target shows.
        rays: (n, 2) half steps.
        first: first row to fill.
        ground: (rows to fill, w) out, the disparity with its holes filled.
    """
    width, count = out.shape[1], rays.shape[0] + 1
    for row in numba.prange(ground.shape[0]):
        r, y = row + first, row + first + origin[1]
        found = np.empty((count, out.shape[2]), np.float32)
        distance, change = np.empty(count, np.float32), np.empty(count, np.float32)
        k = 0
        while k < width:
            if depth[r, k] != NOTHING:
                ground[row, k] = depth[r, k]
                k += 1
                continue
            end = k + 1
            while end < width and depth[r, end] == NOTHING:
                end += 1
            for j in range(k, end):
                ground[row, j] = fill_pixel(
                    r,
                    j,
                    k,
                    end,
                    image[y],
                    plate_extra[y],
                    d[y],
                    s,
                    origin[0],
                    out,
                    extra,
                    depth,
                    index,
                    rays,
                    found,
                    distance,
                    change,
                )
            k = end
