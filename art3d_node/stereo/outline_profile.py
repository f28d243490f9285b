"""How an outline runs from one surface to the other, learnt along it, and what that makes of each of its pixels.

Focus, motion and sampling change little along an outline, so what its pixels say together holds where one of
them says little: where both surfaces happen to look alike, and where one pixel's place between them is chance.
For every distance to the depth edge, on either side, the outline around gives the mean of alpha and how much
alpha differs from it there, more than the surfaces' own texture explains. Between a pixel's own place and that
mean the two variances decide (empirical Bayes). An outline that is hard everywhere stays hard, and one out of
focus stays soft in front of any background.

What is learnt is gathered in cells of the plate, each with its eight neighbours, so that it is the same in every tile.
"""

from __future__ import annotations

import numpy as np

from art3d_node.stereo.jit import (
    ByteArray,
    FloatArray,
    IndexArray,
    Real,
    device_function,
    f32,
    row_function,
)
from art3d_node.stereo.outline_band import BAND

CELL = 16  # px
AROUND = 2 * CELL - 1  # px from a pixel to the furthest that its profile depends on
KINDS = 2 * (BAND + 1)  # of pixels: the back surface's by whole pixels from the edge, then the front one's
SUMS = 4  # weight, and weighted: how far alpha is off the disparity's answer, its square, its variance by texture
TEXTURE = f32(0.03)  # added to that variance, so that pixels without any texture do not decide alone
STEP = f32(7.0)  # weight of the disparity's own answer in the mean
USUAL = f32(130.0)  # weight of the usual variance, `DOUBT` squared
DOUBT = np.array([0.35, 0.15, 0.08, 0.04], np.float32)
LEAST = f32(1e-4)  # variance of alpha
STRAY = f32(0.5)  # no pixel counts as further outside both colours than this

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
    """Add up what the pixels of one row of cells say.

    Args:
        row: which one.
        top: plate row of the first entry of ``start``.
        corner: row and column of the first cell.
        start, count, column: the band's pixels, see `mixed.Mixed`.
        kind: (n,) see `KINDS`.
        spot: (n,) place between the two surfaces, 1 is the front one.
        noise: (n,) its variance by texture, infinite where it says nothing.
        sums: (rows of cells, columns of cells, KINDS, SUMS) out.
    """
    sums[row] = f32(0.0)
    first = (corner[0] + row) * CELL - top
    for r in range(max(first, 0), min(first + CELL, start.shape[0])):
        for i in range(start[r], start[r] + count[r]):
            if not noise[i] < f32(np.inf):
                continue
            q, k, says = column[i] // CELL - corner[1], kind[i], f32(1.0) / (noise[i] + TEXTURE)
            off = min(max(spot[i], -STRAY), f32(1.0) + STRAY) - prior(k)
            sums[row, q, k, 0] += says
            sums[row, q, k, 1] += says * off
            sums[row, q, k, 2] += says * off * off
            sums[row, q, k, 3] += says * noise[i]


@device_function
def prior(kind: int) -> Real:
    """Alpha as the disparity alone has it."""
    return f32(1.0) if kind > BAND else f32(0.0)


@device_function
def blur_cell(sums: FloatArray, row: int, column: int, kind: int, out: FloatArray) -> None:
    """Mean of a cell and its eight neighbours, weighted 1 2 1 each way, into ``out`` of the same shape."""
    for j in range(SUMS):
        total = f32(0.0)
        for dy in range(-1, 2):
            for dx in range(-1, 2):
                r, q = row + dy, column + dx
                if 0 <= r < sums.shape[0] and 0 <= q < sums.shape[1]:
                    total += f32((2 - abs(dy)) * (2 - abs(dx))) * f32(1 / 16) * sums[r, q, kind, j]
        out[row, column, kind, j] = total


@device_function
def settle(learnt: FloatArray, kind: int, spot: Real, noise: Real, usual: Real) -> Real:
    """Alpha of a pixel from its own place and from what its outline does around, (SUMS,); see `gather_cells`."""
    mean = learnt[1] / (learnt[0] + STEP)
    spread = learnt[2] - f32(2.0) * mean * learnt[1] + mean * mean * learnt[0] - learnt[3]
    variance = max((spread + USUAL * usual * usual) / (learnt[0] + USUAL), LEAST)
    alpha = prior(kind) + mean
    alpha += variance / (variance + noise) * (spot - alpha)
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
    learnt: FloatArray,
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
        corner: row and column of the first cell of ``learnt``.
        learnt: (rows of cells, columns of cells, KINDS, SUMS) see `blur_cell`.
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
        around = learnt[y // CELL - corner[0], x // CELL - corner[1], of]
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
