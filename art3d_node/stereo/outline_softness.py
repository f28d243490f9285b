"""How soft an outline is, learnt along it, and what that makes of each of its pixels.

Focus, motion and sampling change little along an outline. So the pixels that touch the depth edge are asked together
how much of the other surface they hold. Where an outline is softer than sampling alone makes it, every pixel of it is
taken to be as mixed as is usual at its distance from the edge, unless its own colours tell more: it stays soft where
both surfaces happen to look alike, before whatever background the new view lays it. A sharp one keeps the disparity's
own edge there.

What is learnt is gathered in cells of the plate, each with its eight neighbours, so that it is the same in every tile.
"""

from __future__ import annotations

import numpy as np

from art3d_node.stereo.jit import ByteArray, FloatArray, IndexArray, Real, device_function, f32, row_function
from art3d_node.stereo.outline_band import BAND

CELL = 16  # px
AROUND = 2 * CELL - 1  # px from a pixel to the furthest that its softness depends on
SUMS = 2  # weight, and weighted: share of the other surface
TEXTURE = f32(0.03)  # added to the variance by texture, so that pixels without any do not decide alone
STEP = f32(14.0)  # weight of the disparity's own answer, that nothing is mixed
SHARP = f32(0.25)  # an outline whose edge pixels are mixed no more than this in the mean is taken for sharp
SOFTER = f32(3.4)  # so fast is the mean believed above that
STRAY = f32(0.5)  # no pixel counts as further outside both colours than this
DOUBT = np.array([0.35, 0.15, 0.08, 0.04], np.float32)  # how far off the usual mix a pixel may be, by px from the edge

PURE = f32(0.04)  # a mix closer than this to one surface is that surface
OPAQUE = f32(0.9)  # a front surface that covers this much hides what is behind it: no guess is shown
SPREAD = f32(1.5)  # standard deviations that a mixed pixel's two colours may lie off their surfaces' means


def cells(first: int, last: int, size: int) -> tuple[int, int]:
    """First and one past the last cell along one axis that the pixels ``first`` .. ``last`` of the plate learn from."""
    return max(first // CELL - 1, 0), min((last - 1) // CELL + 2, -(-size // CELL))


@row_function
def gather_cells(
    row: int,
    top: int,
    corner: tuple[int, int],
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    kind: ByteArray,
    spot: FloatArray,
    noise: FloatArray,
    sums: FloatArray,
) -> None:
    """Add up what the pixels that touch an edge say in one row of cells.

    Args:
        row: which one.
        top: plate row of the first entry of ``start``.
        corner: row and column of the first cell.
        start, count, column: the band's pixels, see `mixed.Mixed`.
        kind: (n,) see `mixed.Band`.
        spot: (n,) place between the two surfaces, 1 is the front one.
        noise: (n,) its variance by texture, infinite where it says nothing.
        sums: (rows of cells, columns of cells, SUMS) out.
    """
    sums[row] = f32(0.0)
    first = (corner[0] + row) * CELL - top
    for r in range(max(first, 0), min(first + CELL, start.shape[0])):
        for i in range(start[r], start[r] + count[r]):
            if kind[i] % (BAND + 1) != 0 or not noise[i] < f32(np.inf):
                continue
            q, says = column[i] // CELL - corner[1], f32(1.0) / (noise[i] + TEXTURE)
            sums[row, q, 0] += says
            sums[row, q, 1] += says * other_share(kind[i], spot[i])


@device_function
def prior(kind: int) -> Real:
    """Alpha as the disparity alone has it."""
    return f32(1.0) if kind > BAND else f32(0.0)


@device_function
def other_share(kind: int, spot: Real) -> Real:
    """Share of the other surface in a pixel."""
    held = min(max(spot, -STRAY), f32(1.0) + STRAY)
    return f32(1.0) - held if kind > BAND else held


@device_function
def softness(sums: FloatArray, row: int, column: int) -> Real:
    """Share of the other surface that the pixels at an edge usually have in a cell; 0 where it is sharp.

    From the cell and its eight neighbours, weighted 1 2 1 each way. Both sides of the edge are taken together: a rim
    that is lit or shaded looks like a mix on its own side only.
    """
    weight, mixed = STEP, f32(0.0)
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            r, q = row + dy, column + dx
            if 0 <= r < sums.shape[0] and 0 <= q < sums.shape[1]:
                share = f32((2 - abs(dy)) * (2 - abs(dx))) * f32(1 / 16)
                weight += share * sums[r, q, 0]
                mixed += share * sums[r, q, 1]
    mean = mixed / weight
    return min(max(mean, f32(0.0)), max(mean - SHARP, f32(0.0)) * SOFTER)


@device_function
def usual_share(soft: Real, reach: int) -> Real:
    """Share of the other surface ``reach`` px from the edge of an outline, as a smooth step of that softness has it."""
    if reach == 0:
        return soft
    if reach == 1:
        return max(soft - f32(0.28), f32(0.0)) * f32(1.5)
    return max(soft - f32(0.34), f32(0.0)) * f32(0.5) if reach == 2 else f32(0.0)


@device_function
def settle(soft: Real, kind: int, spot: Real, noise: Real, doubt: Real) -> Real:
    """Alpha of a pixel from its own place between the surfaces, and from how soft its outline is."""
    share = usual_share(soft, kind % (BAND + 1))
    usual = f32(1.0) - share if kind > BAND else share
    alpha = usual + doubt * doubt / (doubt * doubt + noise) * (spot - usual)
    return f32(1.0) if alpha >= OPAQUE else (f32(0.0) if alpha <= PURE else alpha)


@device_function
def split(pixel: FloatArray, alpha: Real, matte: int, front: FloatArray, back: FloatArray, spread: FloatArray) -> None:
    """Share what the mean colours ``front`` and ``back`` (C,) leave unexplained between them, in place.

    Forte, "Approximate fast foreground colour estimation", 2021. Each takes no more than its surface's own colours
    vary, ``spread`` (2, C): beside a lamp a hundredth of alpha is worth more light than the wall behind it has, and
    the wall would turn negative.
    """
    scale = f32(1.0) / (alpha * alpha + (f32(1.0) - alpha) * (f32(1.0) - alpha))
    for c in range(pixel.shape[0]):
        f, b = front[c], back[c]
        rest = (pixel[c] - alpha * f - (f32(1.0) - alpha) * b) * scale
        front[c] = f + _within(rest * alpha, SPREAD * spread[0, c])
        back[c] = b + _within(rest * (f32(1.0) - alpha), SPREAD * spread[1, c])
        if c == matte:
            low, high = min(f, b, pixel[c]), max(f, b, pixel[c])
            front[c], back[c] = min(max(front[c], low), high), min(max(back[c], low), high)


@device_function
def _within(change: Real, limit: Real) -> Real:
    return min(max(change, -limit), limit)


@row_function
def settle_row(
    r: int,
    y: int,
    image: FloatArray,
    width: int,
    columns: tuple[int, int],
    corner: tuple[int, int],
    soft: FloatArray,
    doubt: FloatArray,
    matte: int,
    kind: ByteArray,
    noise: FloatArray,
    spread: FloatArray,
    start: IndexArray,
    count: IndexArray,
    column: IndexArray,
    alpha: FloatArray,
    front: FloatArray,
    back: FloatArray,
    depths: FloatArray,
    other: IndexArray,
) -> None:
    """Settle the band's pixels of row ``r``; keep the mixed ones at the head of the row's entries.

    Args:
        r: row of ``start`` and ``count``.
        y: the same row of the plate.
        image: (H * W, C) plate, row after row.
        width: W.
        columns: first and one past the last plate column that counts.
        corner: row and column of the first cell of ``soft``.
        soft: (rows of cells, columns of cells) see `softness`.
        doubt: (BAND + 1,) `DOUBT`.
        matte: index of the alpha channel, -1 if there is none.
        kind, noise: see `gather_cells`.
        spread: (n, 2, C) standard deviations of the front's and the back's colours.
        start: see `mixed.Mixed`.
        count, column, depths, other: of all band pixels, and out of the mixed ones.
        alpha: place between the two surfaces, out alpha.
        front, back: mean colours of the two surfaces, out the pixel's own two.
    """
    n = start[r]
    for i in range(start[r], start[r] + count[r]):
        x, of = column[i], kind[i]
        if x < columns[0] or x >= columns[1]:
            continue
        around = soft[y // CELL - corner[0], x // CELL - corner[1]]
        mix = settle(around, of, alpha[i], noise[i], doubt[of % (BAND + 1)])
        if mix == prior(of):
            continue
        split(image[y * width + x], mix, matte, front[i], back[i], spread[i])
        column[n], alpha[n] = x, mix
        for c in range(front.shape[1]):
            front[n, c], back[n, c] = front[i, c], back[i, c]
        for j in range(2):
            depths[n, j], other[n, j] = depths[i, j], other[i, j]
        n += 1
    count[r] = n - start[r]
