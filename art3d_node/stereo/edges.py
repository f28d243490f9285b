"""Soft edges: which pixels of an outline mix two surfaces, how much of each, and their two colours.

An antialiased, defocused or motion-blurred outline holds ``alpha F + (1 - alpha) B``. Moved whole it
carries a halo of background along, or leaves a smear of foreground behind. In a thin band around every
depth edge the mix is estimated from the plate itself:

* the pixels of each surface further from the edge tell its colour ``F``, ``B`` and how much that varies;
* the pixel's place between them along ``F - B`` is a first alpha, as uncertain as the two surfaces' own
  texture makes it (linear discriminant), and the less to be believed the further the pixel is from the edge;
* what stands where it is worth little, the disparity and the softness of the outline around say: see
  `outline_softness`, which settles alpha and the two colours.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from art3d_node.stereo.jit import (
    ByteArray,
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
from art3d_node.stereo.outline_band import BAND, FAR, LOOK, is_cut
from art3d_node.stereo.outline_softness import AROUND

APRON = AROUND + LOOK + BAND + 1  # rows and columns of the plate that a pixel's mix depends on
WIDENING = 4  # px by which taking an outline apart can widen the hole beside it


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
def _locate(pixel: FloatArray, sums: FloatArray) -> tuple[Real, Real]:
    """Place of a pixel between its two surfaces, and the variance that their texture gives it.

    1 is the front surface's mean colour, 0 the back one's. The variance is infinite where these are the same, the
    place not finite where the pixel is not. Leaves the mean colours and the channels' standard deviations in ``sums``.
    """
    channels = pixel.shape[0]
    along, gap, spread, total = f32(0.0), f32(0.0), f32(0.0), f32(0.0)
    for c in range(channels):
        front, back = sums[0, 1 + c] / sums[0, 0], sums[1, 1 + c] / sums[1, 0]
        step = front - back
        of_front = max(sums[0, 1 + channels + c] / sums[0, 0] - front * front, f32(0.0))
        of_back = max(sums[1, 1 + channels + c] / sums[1, 0] - back * back, f32(0.0))
        along += (pixel[c] - back) * step
        gap += step * step
        total += pixel[c]
        spread += (of_front + of_back) * step * step
        sums[0, 1 + c], sums[1, 1 + c] = front, back
        sums[0, 1 + channels + c], sums[1, 1 + channels + c] = math.sqrt(of_front), math.sqrt(of_back)
    if not gap > 0:
        return f32(0.0) * total, f32(np.inf)
    noise = spread / (gap * gap) + f32(1e-4)
    return along / gap, noise if noise < f32(np.inf) else f32(np.inf)


@row_function
def survey_row(
    r: int,
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    corner: tuple[int, int],
    columns: tuple[int, int],
    neighbours: IndexArray,
    weights: FloatArray,
    kind: ByteArray,
    noise: FloatArray,
    spread: FloatArray,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    spot: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    sums: FloatArray,
) -> None:
    """Survey the band pixels of row ``r`` that have two surfaces around them.

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
        kind, noise, spread: out, see `outline_softness.settle_row`.
        start: (h,) see `mixed.Mixed`.
        count, column, depths, other: out, of the pixels surveyed.
        spot: out, their place between the two surfaces.
        front, back: out, the mean colours of these.
        sums: (2, 1 + 2 C) scratch.
    """
    y, n, channels = corner[0] + LOOK + r, start[r], image.shape[1]
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
        surveyed = channels == 4
        if surveyed:
            _survey_rgba(image, d, size, near, line + x, y, x, inner, neighbours, weights, high, low, sums)
            surveyed = math.isfinite(
                ((sums[0, 5] + sums[0, 6]) + (sums[0, 7] + sums[0, 8]))
                + ((sums[1, 5] + sums[1, 6]) + (sums[1, 7] + sums[1, 8]))
            )
        if not surveyed:
            _survey(image, d, size, near, line + x, y, x, inner, neighbours, weights, high, low, sums)
        if sums[0, 0] <= 0 or sums[1, 0] <= 0:
            continue
        at, variance = _locate(pixel, sums)
        if not math.isfinite(at):
            continue
        column[n], spot[n], noise[n] = x, at, variance
        kind[n] = reach + (BAND + 1 if own == high else 0)
        for c in range(channels):
            front[n, c], back[n, c] = sums[0, 1 + c], sums[1, 1 + c]
            spread[n, 0, c], spread[n, 1, c] = sums[0, 1 + channels + c], sums[1, 1 + channels + c]
        depths[n, 0], depths[n, 1] = high, low
        other[n, 0], other[n, 1] = qy, qx
        n += 1
    count[r] = n - start[r]


@cpu_kernel
def survey(
    image: FloatArray,
    d: FloatArray,
    size: tuple[int, int],
    near: ByteArray,
    corner: tuple[int, int],
    columns: tuple[int, int],
    neighbours: IndexArray,
    weights: FloatArray,
    kind: ByteArray,
    noise: FloatArray,
    spread: FloatArray,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    spot: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
    threads: int,
) -> None:
    """Run `survey_row` over all rows, dealt out among ``threads``.

    Arrays are never handed over in a tuple here: the compiler loses track of what is written through one,
    and drops the loop.
    """
    share = -(-count.shape[0] // threads)
    for i in numba.prange(share * threads):
        r = deal(i, share, threads)
        if r >= count.shape[0]:
            continue
        sums = np.empty((2, 1 + 2 * image.shape[1]), np.float32)
        survey_row(
            r,
            image,
            d,
            size,
            near,
            corner,
            columns,
            neighbours,
            weights,
            kind,
            noise,
            spread,
            start,
            count,
            column,
            spot,
            front,
            back,
            depths,
            other,
            sums,
        )
