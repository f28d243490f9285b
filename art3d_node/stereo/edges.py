"""Soft edges: which pixels of an outline mix two surfaces, how much of each, and their two colours.

An antialiased, defocused or motion-blurred outline holds ``alpha F + (1 - alpha) B``. Moved whole it
carries a halo of background along, or leaves a smear of foreground behind. In a thin band around every
depth edge the mix is estimated from the plate itself:

* the pixels of each surface further from the edge tell its colour ``F``, ``B`` and how much that varies;
* the pixel's place between them along ``F - B`` is a first alpha; it is trusted as far as the two
  surfaces' own texture allows (linear discriminant), and otherwise the disparity's answer stands, the
  more so the further the pixel is from the edge;
* what alpha, F and B leave unexplained is shared between F and B (Forte, "Approximate fast foreground
  colour estimation", 2021), as far as each surface's own colours vary, so that composited in place they
  give the plate back and neither turns negative beside a bright one.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import (
    Arguments,
    FloatArray,
    IndexArray,
    Real,
    cpu_kernel,
    deal,
    device_function,
    f32,
    place,
    row_function,
)
from art3d_node.stereo.mixed import Mixed, room
from art3d_node.stereo.outline_band import BAND, FAR, LOOK, ByteArray, count_band, edge_distance, is_cut

APRON = LOOK + BAND + 1  # rows and columns of the plate that a pixel's mix depends on
WIDENING = 4  # px by which taking an outline apart can widen the hole beside it
PURE = f32(0.04)  # a mix closer than this to one surface is that surface
SPREAD = f32(1.5)  # standard deviations that a mixed pixel's two colours may lie off their surfaces' means
OPAQUE = f32(0.9)  # a front surface that covers this much hides what is behind it: no guess is shown

# How far the mix may stray from what the disparity says, by whole pixels from the edge.
DOUBT = np.array([0.35, 0.15, 0.08, 0.04], np.float32)


def _offsets() -> IndexArray:
    """Eight directions, each ring of four √2 times as far as the one before, nearest first: (n, 2) of dy, dx."""
    span = range(-LOOK, LOOK + 1)
    rings = [2**k for k in range(2 * LOOK.bit_length() - 1)]
    kept = [(dy, dx) for dy in span for dx in span if dy * dy + dx * dx in rings]
    return np.array(sorted(kept, key=lambda o: (o[0] ** 2 + o[1] ** 2, o)), np.int32)


OFFSETS = _offsets()
ACROSS = int(((OFFSETS**2).sum(1) <= 2 * (BAND + 1) ** 2).sum())  # so many can lie across the edge of a band pixel


def _weights() -> FloatArray:
    """How much a neighbour tells, (n, FAR + 1) by its distance to the edge: more far from the edge, and near to us."""
    closeness = (1 / (4 + (OFFSETS.astype(np.float32) ** 2).sum(1))).astype(np.float32)
    inside = np.arange(int(FAR) + 1, dtype=np.float32) + f32(0.2)
    return np.ascontiguousarray((inside * inside)[None] * closeness[:, None])


WEIGHTS = _weights()


def neighbourhood(width: int, near_width: int) -> IndexArray:
    """Neighbours, nearest first: (n, 4) of dy, dx, and what to add to its place in the plate and in `near`."""
    shifts = [OFFSETS[:, 0] * row + OFFSETS[:, 1] for row in (width, near_width)]
    return np.ascontiguousarray(np.column_stack([OFFSETS, *shifts]).astype(np.int32))


@device_function
def _in_plate(y: int, x: int, size: tuple[int, int]) -> bool:
    return 0 <= y < size[0] and 0 <= x < size[1]


@device_function
def _nearest_other(
    d: FloatArray, size: tuple[int, int], y: int, x: int, inner: bool, neighbours: IndexArray
) -> tuple[int, int]:
    """Plate row and column of the nearest pixel on another surface; (-1, -1) if none is near."""
    at = y * size[1] + x
    here = d[place(at)]
    for i in range(ACROSS):
        dy, dx = neighbours[i, 0], neighbours[i, 1]
        if (inner or _in_plate(y + dy, x + dx, size)) and is_cut(here, d[place(at + neighbours[i, 2])]):
            return y + dy, x + dx
    return -1, -1


@device_function
def _sides(value: Real, weight: Real, high: Real, low: Real) -> tuple[Real, Real]:
    """How much a neighbour of disparity ``value`` tells of the front surface and of the back one: at most of one."""
    tolerance = max(f32(1.0), f32(0.25) * (high - low))
    to_front, to_back = abs(value - high) <= tolerance, abs(value - low) <= tolerance
    front, back = weight if to_front else f32(0.0), weight if to_back else f32(0.0)
    return front, max(back - front, f32(0.0))  # not another branch: which surface it is on, nobody can predict


@device_function
def _survey(
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    spot: int,
    y: int,
    x: int,
    inner: bool,
    neighbours: IndexArray,
    weights: FloatArray,
    high: Real,
    low: Real,
    sums: FloatArray,
) -> None:
    """Gather both surfaces around (y, x) into ``sums`` (2, 1 + 2 C): weight, colours, their squares."""
    channels, at = image.shape[1], y * size[1] + x
    sums[:] = f32(0.0)
    for i in range(neighbours.shape[0]):
        if not inner and not _in_plate(y + neighbours[i, 0], x + neighbours[i, 1], size):
            continue
        q = place(at + neighbours[i, 2])
        u, v = _sides(d[q], weights[i, near[place(spot + neighbours[i, 3])]], high, low)
        side, weight, total = (0 if u > 0 else 1), u + v, f32(0.0)
        for c in range(channels):
            total += image[q, c]
        if weight > 0 and math.isfinite(total):
            sums[side, 0] += weight
            for c in range(channels):
                value = image[q, c]
                sums[side, 1 + c] += weight * value
                sums[side, 1 + channels + c] += weight * (value * value)


@device_function
def _survey_rgba(
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    spot: int,
    y: int,
    x: int,
    inner: bool,
    neighbours: IndexArray,
    weights: FloatArray,
    high: Real,
    low: Real,
    sums: FloatArray,
) -> None:
    """`_survey` of four channels, written out in registers, so that the compiler packs them.

    Nothing is left out: a value that is not finite makes ``sums`` so, and `_survey` has to say what they are.
    """
    at, none = y * size[1] + x, f32(0.0)
    front, fr, fg, fb, fa, frr, fgg, fbb, faa = none, none, none, none, none, none, none, none, none
    back, br, bg, bb, ba, brr, bgg, bbb, baa = none, none, none, none, none, none, none, none, none
    for i in range(neighbours.shape[0]):
        if not inner and not _in_plate(y + neighbours[i, 0], x + neighbours[i, 1], size):
            continue
        q = place(at + neighbours[i, 2])
        u, v = _sides(d[q], weights[i, near[place(spot + neighbours[i, 3])]], high, low)
        r, g, b, a = image[q, 0], image[q, 1], image[q, 2], image[q, 3]
        rr, gg, bl, aa = r * r, g * g, b * b, a * a
        front, back = front + u, back + v
        fr, fg, fb, fa = fr + u * r, fg + u * g, fb + u * b, fa + u * a
        frr, fgg, fbb, faa = frr + u * rr, fgg + u * gg, fbb + u * bl, faa + u * aa
        br, bg, bb, ba = br + v * r, bg + v * g, bb + v * b, ba + v * a
        brr, bgg, bbb, baa = brr + v * rr, bgg + v * gg, bbb + v * bl, baa + v * aa
    sums[0, 0], sums[1, 0] = front, back
    sums[0, 1], sums[0, 2], sums[0, 3], sums[0, 4] = fr, fg, fb, fa
    sums[0, 5], sums[0, 6], sums[0, 7], sums[0, 8] = frr, fgg, fbb, faa
    sums[1, 1], sums[1, 2], sums[1, 3], sums[1, 4] = br, bg, bb, ba
    sums[1, 5], sums[1, 6], sums[1, 7], sums[1, 8] = brr, bgg, bbb, baa


@device_function
def _mix(pixel: FloatArray, sums: FloatArray, prior: Real, doubt: Real) -> Real:
    """Alpha of one pixel from the survey of its surfaces; leaves the mean colours in ``sums``."""
    channels = pixel.shape[0]
    if sums[0, 0] <= 0 or sums[1, 0] <= 0:
        return prior
    along, gap, spread = f32(0.0), f32(0.0), f32(0.0)
    for c in range(channels):
        front, back = sums[0, 1 + c] / sums[0, 0], sums[1, 1 + c] / sums[1, 0]
        step = front - back
        variance = max(sums[0, 1 + channels + c] / sums[0, 0] - front * front, f32(0.0))
        variance += max(sums[1, 1 + channels + c] / sums[1, 0] - back * back, f32(0.0))
        along += (pixel[c] - back) * step
        gap += step * step
        spread += variance * step * step
        sums[0, 1 + c], sums[1, 1 + c] = front, back
    if not gap > 0 or not math.isfinite(along):
        return prior
    noise = spread / (gap * gap) + f32(1e-4)
    trust = doubt * doubt / (doubt * doubt + noise)
    alpha = prior + trust * (along / gap - prior)
    return min(max(alpha, f32(0.0)), f32(1.0))


@device_function
def _within(change: Real, mean: Real, survey: FloatArray, c: int) -> Real:
    """``change`` held to `SPREAD` standard deviations of channel ``c`` of one surface."""
    if not survey[0] > 0:
        return change
    channels = (survey.shape[0] - 1) // 2
    variance = survey[1 + channels + c] / survey[0] - mean * mean
    limit = SPREAD * math.sqrt(max(variance, f32(0.0)))
    return min(max(change, -limit), limit)


@device_function
def _split(pixel: FloatArray, sums: FloatArray, alpha: Real, matte: int, front: FloatArray, back: FloatArray) -> None:
    """Share what the mean colours leave unexplained between ``front`` and ``back`` (C,).

    Each takes no more than its surface's own colours vary: beside a lamp a hundredth of alpha is worth more light
    than the wall behind it has, and the wall would turn negative.
    """
    channels = pixel.shape[0]
    scale = f32(1.0) / (alpha * alpha + (f32(1.0) - alpha) * (f32(1.0) - alpha))
    for c in range(channels):
        f, b = sums[0, 1 + c], sums[1, 1 + c]
        rest = (pixel[c] - alpha * f - (f32(1.0) - alpha) * b) * scale
        front[c] = f + _within(rest * alpha, f, sums[0], c)
        back[c] = b + _within(rest * (f32(1.0) - alpha), b, sums[1], c)
        if c == matte:
            low, high = min(f, b, pixel[c]), max(f, b, pixel[c])
            front[c], back[c] = min(max(front[c], low), high), min(max(back[c], low), high)


@row_function
def estimate_row(
    r: int,
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    corner: tuple[int, int],
    columns: tuple[int, int],
    neighbours: IndexArray,
    weights: FloatArray,
    doubt: FloatArray,
    matte: int,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    alpha: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    sums: FloatArray,
) -> None:
    """Estimate the band pixels of row ``r``; keep the mixed ones at the head of the row's entries.

    Args:
        r: row, counted from the first that is looked at.
        image: (H * W, C) plate, row after row.
        d: (H * W,) disparity, px.
        size: H, W.
        near: (h * w,) distance to the edge, LOOK px larger than the rows and columns on every side.
        corner: plate row and column of ``near``'s first pixel.
        columns: first and one past the last plate column to look at.
        neighbours: (n, 4) as of `neighbourhood`, nearest first.
        weights: (n, FAR + 1) weight of each, by its distance to the edge.
        doubt: (BAND + 1,) by distance to the edge.
        matte: index of the alpha channel, -1 if there is none.
        start, count, column, alpha, front, back, depths, other: out but for ``start``, see `Mixed`.
        sums: (2, 1 + 2 C) scratch.
    """
    y, n = corner[0] + LOOK + r, start[r]
    line = (r + LOOK) * (columns[1] - columns[0] + 2 * LOOK) - corner[1]
    for x in range(columns[0], columns[1]):
        reach, own = near[place(line + x)], d[place(y * size[1] + x)]
        if reach > BAND or not math.isfinite(own):
            continue
        inner = LOOK <= y < size[0] - LOOK and LOOK <= x < size[1] - LOOK
        qy, qx = _nearest_other(d, size, y, x, inner, neighbours)
        if qy < 0:
            continue
        beyond, pixel = d[place(qy * size[1] + qx)], image[place(y * size[1] + x)]
        high, low = max(own, beyond), min(own, beyond)
        prior = f32(1.0) if own == high else f32(0.0)
        surveyed = image.shape[1] == 4
        if surveyed:
            _survey_rgba(image, d, size, near, line + x, y, x, inner, neighbours, weights, high, low, sums)
            surveyed = math.isfinite(
                ((sums[0, 5] + sums[0, 6]) + (sums[0, 7] + sums[0, 8]))
                + ((sums[1, 5] + sums[1, 6]) + (sums[1, 7] + sums[1, 8]))
            )
        if not surveyed:
            _survey(image, d, size, near, line + x, y, x, inner, neighbours, weights, high, low, sums)
        mix = _mix(pixel, sums, prior, doubt[reach])
        mix = f32(1.0) if mix >= OPAQUE else (f32(0.0) if mix <= PURE else mix)
        if mix == prior:
            continue
        _split(pixel, sums, mix, matte, front[n], back[n])
        column[n], alpha[n] = x, mix
        depths[n, 0], depths[n, 1] = high, low
        other[n, 0], other[n, 1] = qy, qx
        n += 1
    count[r] = n - start[r]


@cpu_kernel
def estimate(
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    corner: tuple[int, int],
    columns: tuple[int, int],
    neighbours: IndexArray,
    weights: FloatArray,
    doubt: FloatArray,
    matte: int,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    alpha: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    threads: int,
) -> None:
    """Run `estimate_row` over all rows, dealt out among ``threads``.

    Arrays are never handed over in a tuple here: the compiler loses track of what is written through one,
    and drops the loop.
    """
    share = -(-count.shape[0] // threads)
    for i in numba.prange(share * threads):
        r = deal(i, share, threads)
        if r >= count.shape[0]:
            continue
        sums = np.empty((2, 1 + 2 * image.shape[1]), np.float32)
        estimate_row(
            r,
            image,
            d,
            size,
            near,
            corner,
            columns,
            neighbours,
            weights,
            doubt,
            matte,
            start,
            count,
            column,
            alpha,
            front,
            back,
            depths,
            other,
            sums,
        )


def find_mixed(image: FloatArray, d: FloatArray, rows: tuple[int, int], columns: tuple[int, int], matte: int) -> Mixed:
    """Find the mixed pixels of some rows and columns of the plate; a cancel waits for all of them.

    Args:
        image: (H, W, C) plate.
        d: (H, W) disparity, px.
        rows: first and one past the last row.
        columns: first and one past the last column.
        matte: index of the alpha channel, -1 if there is none.
    """
    corner = (rows[0] - LOOK, columns[0] - LOOK)
    height = rows[1] - rows[0]
    near = np.empty((height + 2 * LOOK, columns[1] - columns[0] + 2 * LOOK), np.uint8)
    edge_distance(d, corner[0], corner[1], near)
    count = np.empty(height, np.int32)
    count_band(near, LOOK, near.shape[1] - LOOK, count)
    start = (np.cumsum(count) - count).astype(np.int32)
    mixed = room(start, count, image.shape[2])
    plate = (image.reshape(-1, image.shape[2]), d.reshape(-1), (d.shape[0], d.shape[1]))
    tables = (columns, neighbourhood(d.shape[1], near.shape[1]), WEIGHTS, DOUBT, matte)
    found = mixed.rows(slice(None))
    estimated: Arguments = (*plate, near.reshape(-1), corner, *tables, *found, numba.get_num_threads())
    estimate(*estimated)
    return mixed
