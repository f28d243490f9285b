"""What to put into the holes of the new view: a continuation of the background around them.

From every empty pixel sixteen rays look for the background. Each brings the colour that it meets first;
near ones count more, and so do rays along which the background changes less than across them, because
that is the way an edge or a stripe continues. A ray passes over what stands in front of the hole's
background without reading it, so no foreground is pulled in, and a thin object's hole is filled from both
of its sides. All weights are smooth in the picture and nothing is iterated: a small change of disparity
changes the fill a little, and a pixel depends only on its surroundings (`RAY` px, or the width of its hole
along the row).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import (
    FloatArray,
    IndexArray,
    MaskArray,
    Real,
    cpu_kernel,
    deal,
    device_function,
    f32,
    row_function,
)
from art3d_node.stereo.warp import NOTHING

RAY = 48  # how far a ray looks, px, except along the row, where it looks as far as a hole can reach
STRIDE = 2  # px between two looks of a ray; a sliver thinner than that may be missed
TAPS = 2  # pixels that one ray averages once it has met the background
HIDDEN_TAPS = 4  # the same for background that the new view hides, along the plate's row
APRON = RAY + TAPS  # rows and columns around a pixel that its fill may depend on
FADE = f32(0.5)  # weight of each pixel of a ray relative to the one before
STEADY = f32(0.1)  # added to the share of the background's change that lies along a ray, 0 .. 1

# Half steps of the sixteen rays, (dx, dy) / 2 per px along the longer axis, and a pixel step across each.
_QUARTER = ((2, 0, 0, 1), (2, 1, 0, 1), (2, 2, -1, 1), (1, 2, -1, 0))
RAYS = np.array(
    [
        turn
        for dx, dy, ax, ay in _QUARTER
        for turn in ((dx, dy, ax, ay), (-dy, dx, -ay, ax), (-dx, -dy, -ax, -ay), (dy, -dx, ay, -ax))
    ],
    np.int32,
)


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


@device_function
def difference(out: FloatArray, y: int, x: int, qy: int, qx: int) -> Real:
    """Sum of the channels' absolute differences between two pixels."""
    if out.shape[2] == 4:  # written out, so that the compiler packs the four channels
        red, green = abs(out[y, x, 0] - out[qy, qx, 0]), abs(out[y, x, 1] - out[qy, qx, 1])
        return red + green + (abs(out[y, x, 2] - out[qy, qx, 2]) + abs(out[y, x, 3] - out[qy, qx, 3]))
    total = f32(0.0)
    for c in range(out.shape[2]):
        total += abs(out[y, x, c] - out[qy, qx, c])
    return total


@device_function
def first_background(depth: FloatArray, r: int, k: int, dx: int, dy: int, limit: Real) -> int:
    """Steps from the empty pixel (r, k) to the background along one ray, 0 where there is none.

    What lies in front of ``limit`` is passed over, but then the ray looks no further than ``RAY``.
    """
    height, width = depth.shape
    length = width if dy == 0 else RAY + 1
    t, step = 1, 1
    while t < length:
        y, x = r + ((t * dy + 1) >> 1), k + ((t * dx + 1) >> 1)
        if x < 0 or x >= width or y < 0 or y >= height:
            return 0
        if depth[y, x] > limit:
            length = min(length, RAY + 1)
        elif depth[y, x] != NOTHING:
            qy, qx = r + (((t - 1) * dy + 1) >> 1), k + (((t - 1) * dx + 1) >> 1)
            return t - 1 if depth[qy, qx] != NOTHING and depth[qy, qx] <= limit else t
        t += step
        step = 1 if dy == 0 else STRIDE  # along the row a hole's background may be one pixel wide, and all there is
    return 0


@device_function
def follow_ray(
    out: FloatArray,
    depth: FloatArray,
    r: int,
    k: int,
    ray: IndexArray,
    limit: Real,
    found: FloatArray,
) -> tuple[Real, Real]:
    """Look from the empty pixel (r, k) along one ray.

    Args:
        out: (h, w, C) colours.
        depth: (h, w) disparity, -inf in holes.
        r, k: the empty pixel.
        ray: (4,) half steps along the ray, pixel step across it.
        limit: highest disparity of the background, px.
        found: (C,) out, the colour that the ray brings.

    Returns:
        The distance to the background, px (0: the ray found none), and which share of the background's
        change there lies along the ray, 0 .. 1.
    """
    height, width = depth.shape
    dx, dy, ax, ay = ray[0], ray[1], ray[2], ray[3]
    start = first_background(depth, r, k, dx, dy, limit)
    if start == 0:
        return f32(0.0), f32(0.5)
    y, x = r + ((start * dy + 1) >> 1), k + ((start * dx + 1) >> 1)
    along, across, total, weight, taps = f32(0.0), f32(0.0), f32(0.0), f32(1.0), 0
    for c in range(found.shape[0]):
        found[c] = f32(0.0)
    while True:
        for c in range(found.shape[0]):
            found[c] += weight * out[y, x, c]
        for side in (-1, 1):
            qy, qx = y + side * ay, x + side * ax
            if 0 <= qx < width and 0 <= qy < height and abs(depth[qy, qx] - depth[y, x]) <= 1:
                across += f32(0.5) * difference(out, y, x, qy, qx)
        total += weight
        weight *= FADE
        taps += 1
        t = start + taps
        qy, qx = r + ((t * dy + 1) >> 1), k + ((t * dx + 1) >> 1)
        if taps == TAPS or qx < 0 or qx >= width or qy < 0 or qy >= height:
            break
        if not abs(depth[qy, qx] - depth[y, x]) <= 1:
            break
        along += difference(out, y, x, qy, qx)
        y, x = qy, qx
    check = along + across
    for c in range(found.shape[0]):
        found[c] /= total
        check += found[c]
    if not math.isfinite(check):
        return f32(0.0), f32(0.5)
    distance = f32(start) * f32(math.sqrt(f32(dx * dx + dy * dy))) * f32(0.5)
    share = along / (along + across) if taps > 1 and along + across > 0 else f32(0.5)
    return distance, share


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
    colour: FloatArray,
) -> None:
    """Mix what the rays from the empty pixel (r, k) bring into ``colour`` (C,).

    ``found`` (2, C) holds in its last row the hidden background, ``hidden_away`` px away (0: none).
    """
    total = f32(0.0)
    for c in range(colour.shape[0]):
        colour[c] = f32(0.0)
    for i in range(rays.shape[0] + 1):
        row, distance, share = 1, hidden_away, f32(0.5)
        if i < rays.shape[0]:
            row = 0
            distance, share = follow_ray(out, depth, r, k, rays[i], limit, found[0])
        if distance > 0:
            weight = f32(1.0) / (distance * f32(math.sqrt(share + STEADY)))
            total += weight
            for c in range(colour.shape[0]):
                colour[c] += weight * found[row, c]
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
) -> Real:
    """Fill pixel (r, k) of the hole ``start`` .. ``end``; return the background's disparity, px.

    ``plate``, ``plate_extra`` and ``d`` are the plate's row; ``left`` is the plate column of target 0.
    """
    source, hidden, behind, limit = background_of(depth[r], index[r], d, s, start, end)
    away = f32(0.0)
    if hidden >= 0:
        if follow_hidden(plate, d, hidden, 1 if s > 0 else -1, limit, found[1]):
            away = max(abs(f32(hidden - k - left) - s * d[hidden]), f32(1.0))
        for c in range(extra.shape[2]):
            extra[r, k, c] = plate_extra[hidden, c]
    elif source >= 0:
        for c in range(extra.shape[2]):
            extra[r, k, c] = extra[r, source, c]
    continue_background(out, depth, r, k, limit, away, rays, found, out[r, k])
    return behind


@row_function
def fill_row(
    r: int,
    columns: tuple[int, int],
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
    ground: FloatArray,
) -> None:
    """Fill the holes of row r between two columns; ``ground`` (w,) is its disparity with these holes filled."""
    width, k = depth.shape[1], 0
    while k < width:
        if depth[r, k] != NOTHING:
            ground[k] = depth[r, k]
            k += 1
            continue
        end = k + 1
        while end < width and depth[r, end] == NOTHING:
            end += 1
        for j in range(max(k, columns[0]), min(end, columns[1])):
            ground[j] = fill_pixel(r, j, k, end, plate, plate_extra, d, s, left, out, extra, depth, index, rays, found)
        k = end


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
    columns: tuple[int, int],
    ground: FloatArray,
    threads: int,
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
        rays: (n, 4) half steps along, pixel steps across.
        first: first row to fill.
        columns: first and one past the last column to fill.
        ground: (rows to fill, w) out, the disparity with its holes filled.
        threads: among which the rows are dealt out.
    """
    share = -(-ground.shape[0] // threads)
    for i in numba.prange(share * threads):
        row = deal(i, share, threads)
        if row < ground.shape[0]:
            r, y = row + first, row + first + origin[1]
            found = np.empty((2, out.shape[2]), np.float32)
            plate, layers, line = image[y], plate_extra[y], d[y]
            fill_row(r, columns, plate, layers, line, s, origin[0], out, extra, depth, index, rays, found, ground[row])
