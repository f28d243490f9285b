"""What to put into the holes of the new view: a continuation of the background around them.

From every empty pixel sixteen rays, in narrow holes eight, look for the background. Each brings the colour
that it meets first; near ones count more, and so do rays along which the background changes less than across
them, because that is the way an edge or a stripe continues. A ray passes over what stands in front of the
hole's background without reading it, so no foreground is pulled in, and a thin object's hole is filled from
both of its sides. All weights are smooth in the picture and nothing is iterated: a small change of disparity
changes the fill a little, and a pixel depends only on its surroundings (`sight.RAY` px, or the width of its hole
along the row).
"""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.holes import background_of, follow_hidden
from art3d_node.stereo.jit import (
    FloatArray,
    IndexArray,
    Real,
    cpu_kernel,
    deal,
    f32,
    nested_function,
    place,
    row_function,
)
from art3d_node.stereo.scatter import NOTHING
from art3d_node.stereo.sight import sight

ALL = 24  # rays that look no further, those of holes up to eight px wide, are eight instead of sixteen
NEAR = f32(2 / 3)  # weight of the nearer of these two
STEADY = f32(0.1)  # added to the share of the background's change that lies along a ray, 0 .. 1

# Half steps of the sixteen rays, (dx, dy) / 2 per px along the longer axis, and a pixel step across each.
_QUARTER = ((2, 0, 0, 1), (2, 2, -1, 1), (2, 1, 0, 1), (1, 2, -1, 0))
RAYS = np.array(
    [
        turn
        for dx, dy, ax, ay in _QUARTER
        for turn in ((dx, dy, ax, ay), (-dy, dx, -ay, ax), (-dx, -dy, -ax, -ay), (dy, -dx, ay, -ax))
    ],
    np.int32,
)


@nested_function
def difference(out: FloatArray, p: int, q: int) -> Real:
    """Sum of the channels' absolute differences between two pixels of (n, C)."""
    if out.shape[1] == 4:  # written out, so that the compiler packs the four channels
        red, green = abs(out[p, 0] - out[q, 0]), abs(out[p, 1] - out[q, 1])
        return red + green + (abs(out[p, 2] - out[q, 2]) + abs(out[p, 3] - out[q, 3]))
    total = f32(0.0)
    for c in range(out.shape[1]):
        total += abs(out[p, c] - out[q, c])
    return total


@nested_function
def is_background(depth: FloatArray, p: int, limit: Real) -> bool:
    """Tell whether something lies at ``p`` and not in front of ``limit``."""
    return bool(depth[place(p)] <= limit and depth[place(p)] != NOTHING)


@nested_function
def along_row(
    depth: FloatArray, size: tuple[int, int], r: int, k: int, step: int, away: int, look: int, limit: Real
) -> int:
    """Steps from (r, k) to the background of its row, the hole ending ``away`` steps from there; 0 without any.

    One pixel of background may be all there is, so each is looked at. A ray that has to pass over something in front
    of the hole's background looks no further than ``look``.
    """
    at, last = r * size[1] + k, size[1] - 1 - k if step > 0 else k
    if away <= last and is_background(depth, at + step * away, limit):
        return away
    for t in range(away + 1, min(last, look) + 1):
        if is_background(depth, at + step * t, limit):
            return t
    return 0


@nested_function
def across_rows(
    depth: FloatArray, size: tuple[int, int], r: int, k: int, dx: int, dy: int, look: int, limit: Real
) -> int:
    """Steps from the empty pixel (r, k) along a ray to the background, 0 without any within ``look``."""
    y, x = r + ((dy + 1) >> 1), k + ((dx + 1) >> 1)
    if x < 0 or x >= size[1] or y < 0 or y >= size[0]:
        return 0
    if is_background(depth, y * size[1] + x, limit):
        return 1
    # Two half steps are whole pixels; a look every other pixel.
    rows = (size[0] - 1 - r) >> (dy - 1) if dy > 0 else r >> (-dy - 1)
    columns = look if dx == 0 else ((size[1] - 1 - k) >> (dx - 1) if dx > 0 else k >> (-dx - 1))
    at, shift = r * size[1] + k, dy * size[1] + dx
    for turn in range(1, min(look >> 1, rows, columns) + 1):
        at += shift
        if is_background(depth, at, limit):
            y, x = r + (((2 * turn - 1) * dy + 1) >> 1), k + (((2 * turn - 1) * dx + 1) >> 1)
            return 2 * turn - 1 if is_background(depth, y * size[1] + x, limit) else 2 * turn
    return 0


@nested_function
def change_across(out: FloatArray, depth: FloatArray, size: tuple[int, int], y: int, x: int, ax: int, ay: int) -> Real:
    """Change of the background from (y, x) to its two neighbours across a ray; 0 where another surface is."""
    change, p = f32(0.0), y * size[1] + x
    for side in (-1, 1):
        qy, qx = y + side * ay, x + side * ax
        q = qy * size[1] + qx
        if 0 <= qx < size[1] and 0 <= qy < size[0] and abs(depth[place(q)] - depth[place(p)]) <= 1:
            change += f32(0.5) * difference(out, place(p), place(q))
    return change


@nested_function
def follow_ray(
    out: FloatArray,
    depth: FloatArray,
    size: tuple[int, int],
    r: int,
    k: int,
    hole: tuple[int, int],
    ray: IndexArray,
    look: int,
    limit: Real,
) -> tuple[Real, Real, int, int]:
    """Look from the empty pixel (r, k) along one ray.

    Args:
        out: (h * w, C) colours, row after row.
        depth: (h * w,) disparity, -inf in holes.
        size: h, w.
        r, k: the empty pixel.
        hole: first and one past the last column of its hole.
        ray: (4,) half steps along the ray, pixel step across it.
        look: how far it looks, px, see `sight`.
        limit: highest disparity of the background, px.

    Returns:
        The distance to the background, px (0: the ray found none), which share of the background's change there
        lies along the ray, 0 .. 1, and the places of the first background pixel and of the one behind it (-1: that
        is another surface).
    """
    dx, dy, ax, ay = ray[0], ray[1], ray[2], ray[3]
    if dy == 0:
        steps = along_row(depth, size, r, k, dx >> 1, hole[1] - k if dx > 0 else k - hole[0] + 1, look, limit)
    else:
        steps = across_rows(depth, size, r, k, dx, dy, look, limit)
    if steps == 0:
        return f32(0.0), f32(0.5), -1, -1
    y, x = r + ((steps * dy + 1) >> 1), k + ((steps * dx + 1) >> 1)
    qy, qx = r + (((steps + 1) * dy + 1) >> 1), k + (((steps + 1) * dx + 1) >> 1)
    p, q = y * size[1] + x, qy * size[1] + qx
    along, across = f32(0.0), change_across(out, depth, size, y, x, ax, ay)
    if 0 <= qx < size[1] and 0 <= qy < size[0] and abs(depth[place(q)] - depth[place(p)]) <= 1:
        along = difference(out, place(p), place(q))
        across += change_across(out, depth, size, qy, qx, ax, ay)
    else:
        q = -1
    check, share = along + across, f32(0.5)
    for c in range(out.shape[1]):
        check += out[place(p), c]
    if not math.isfinite(check):
        return f32(0.0), f32(0.5), -1, -1
    if q >= 0 and along + across > 0:
        share = along / (along + across)
    return f32(steps) * f32(math.sqrt(f32(dx * dx + dy * dy))) * f32(0.5), share, p, q


@nested_function
def continue_background(
    out: FloatArray,
    depth: FloatArray,
    size: tuple[int, int],
    r: int,
    k: int,
    hole: tuple[int, int],
    limit: Real,
    hidden_away: Real,
    rays: IndexArray,
    hidden: FloatArray,
    colour: FloatArray,
) -> None:
    """Mix what the rays from the empty pixel (r, k) bring into ``colour`` (C,).

    ``hidden`` (C,) is the hidden background, ``hidden_away`` px away (0: none).
    """
    total, four, look = f32(0.0), out.shape[1] == 4, sight(size[1], hole)
    c0, c1, c2, c3 = f32(0.0), f32(0.0), f32(0.0), f32(0.0)
    for c in range(colour.shape[0]):
        colour[c] = f32(0.0)
    if hidden_away > 0:
        total = weight_of(hidden_away, f32(0.5))
        for c in range(colour.shape[0]):
            colour[c] = total * hidden[c]
        if four:
            c0, c1, c2, c3 = colour[0], colour[1], colour[2], colour[3]
    for i in range(rays.shape[0] if look > ALL else rays.shape[0] // 2):
        distance, share, p, q = follow_ray(out, depth, size, r, k, hole, rays[i], look, limit)
        if not distance > 0:
            continue
        weight = weight_of(distance, share)
        total += weight
        first, second = (weight * NEAR, weight * (f32(1.0) - NEAR)) if q >= 0 else (weight, f32(0.0))
        a, b = place(p), place(q if q >= 0 else p)
        if four:
            c0 += first * out[a, 0] + second * out[b, 0]
            c1 += first * out[a, 1] + second * out[b, 1]
            c2 += first * out[a, 2] + second * out[b, 2]
            c3 += first * out[a, 3] + second * out[b, 3]
        else:
            for c in range(colour.shape[0]):
                colour[c] += first * out[a, c] + second * out[b, c]
    if four:
        colour[0], colour[1], colour[2], colour[3] = c0, c1, c2, c3
    if total > 0:
        for c in range(colour.shape[0]):
            colour[c] /= total


@nested_function
def weight_of(distance: Real, share: Real) -> Real:
    """Weight of background ``distance`` px away whose change lies along the ray by ``share``."""
    return f32(1.0) / (distance * f32(math.sqrt(share + STEADY)))


@nested_function
def fill_pixel(
    r: int,
    k: int,
    hole: tuple[int, int],
    behind: tuple[int, int, Real, Real],
    plate: FloatArray,
    plate_extra: FloatArray,
    d: FloatArray,
    s: Real,
    left: int,
    out: FloatArray,
    extra: FloatArray,
    depth: FloatArray,
    size: tuple[int, int],
    rays: IndexArray,
    found: FloatArray,
) -> None:
    """Fill pixel (r, k) of a hole, whose background `background_of` described.

    Args:
        r, k: the pixel.
        hole: first and one past the last column of its hole.
        behind: what `background_of` says of the hole.
        plate, plate_extra, d: (W, C), (W, K), (W,) the plate's row.
        s: +1 towards the right eye, -1 towards the left.
        left: plate column of target 0.
        out: (h * w, C) colours, row after row; changed in place.
        extra: (h * w, K) extra layers; changed in place.
        depth: (h * w,) disparity, -inf in holes.
        size: h, w.
        rays: (n, 4) half steps along, pixel steps across.
        found: (C,) scratch.
    """
    source, hidden, _, limit = behind
    at, away = r * size[1] + k, f32(0.0)
    if hidden >= 0:
        if follow_hidden(plate, d, hidden, 1 if s > 0 else -1, limit, found):
            away = max(abs(f32(hidden - k - left) - s * d[hidden]), f32(1.0))
        for c in range(extra.shape[1]):
            extra[at, c] = plate_extra[hidden, c]
    elif source >= 0:
        for c in range(extra.shape[1]):
            extra[at, c] = extra[r * size[1] + source, c]
    continue_background(out, depth, size, r, k, hole, limit, away, rays, found, out[place(at)])


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
    size: tuple[int, int],
    index: IndexArray,
    rays: IndexArray,
    found: FloatArray,
    ground: FloatArray,
) -> None:
    """Fill the holes of row r between two columns; ``ground`` (w,) is its disparity with these holes filled.

    ``index`` (w,) is the plate sample that each target of the row shows; for the others see `fill_pixel`.
    """
    width = size[1]
    line = depth[r * width : (r + 1) * width]
    for k in range(width):
        ground[k] = line[k]
    for k in range(width):
        if line[k] != NOTHING or (k > 0 and line[k - 1] == NOTHING):
            continue
        end = k + 1
        while end < width and line[end] == NOTHING:
            end += 1
        if k < columns[1] and end > columns[0]:
            behind = background_of(line, index, d, s, k, end)
            for j in range(max(k, columns[0]), min(end, columns[1])):
                ground[j] = behind[2]
                fill_pixel(r, j, (k, end), behind, plate, plate_extra, d, s, left, out, extra, depth, size, rays, found)


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
    size: tuple[int, int],
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
        out: (h * w, C) colours; holes are changed in place.
        extra: (h * w, K) extra layers; holes are changed in place.
        depth: (h * w,) disparity, -inf in holes.
        size: h, w.
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
            found = np.empty(out.shape[1], np.float32)
            plate, layers, line = image[y], plate_extra[y], d[y]
            seen = (out, extra, depth, size, index[r], rays, found, ground[row])
            fill_row(r, columns, plate, layers, line, s, origin[0], *seen)
