"""The arithmetic of one scanline: which target a sample reaches, and what the plate holds there.

A row of the plate is a one-dimensional surface. Sample ``x`` with disparity ``d`` lands at
``x - s * d`` in the new row (``s`` = +1 towards the right eye, -1 towards the left). Between two
neighbours that belong to one surface the row is a straight line in (position, disparity); between
two that do not it is cut, and each side ends half a pixel past its last sample.

Everything here is scalar, so that the CPU loops and the CUDA kernels compile the same source.
Positions are always taken relative to the sample (``u - x`` is a small exact integer): float32 then
carries the precision of the disparity, not of the column number.
"""

from __future__ import annotations

import math

from art3d_node.stereo.jit import FloatArray, Real, device_function, f32, place

Weights = tuple[Real, Real, Real, Real]

# Neighbours further apart than this many pixels of disparity lie on two surfaces. One pixel is where
# a surface turns edge-on for one of the eyes, and near the disparity-gradient limit of human fusion
# (Burt and Julesz, 1980); being a slope, it means the same at every resolution.
SURFACE_SLOPE = f32(1.0)

TAME = f32(1e30)  # values below it are finite, and so is every sum over a neighbourhood of them

EDGE_ON = f32(1e-6)  # a cell narrower than this in the new row has no area to show


@device_function
def joined(d0: Real, d1: Real) -> bool:
    """Tell whether neighbours with disparities ``d0``, ``d1`` (px) are one surface; NaN never is."""
    return bool(abs(d1 - d0) <= SURFACE_SLOPE)


@device_function
def cell_targets(d0: Real, d1: Real, s: Real, low: Real, high: Real) -> tuple[int, int]:
    """First and last target offset that the joined cell (x, x+1) covers, within ``low`` .. ``high``.

    Args:
        d0, d1: disparities of the two samples, px.
        s: +1 towards the right eye, -1 towards the left.
        low, high: offsets ``target - x`` of the first and the last target, whole numbers.
    """
    start, end = -s * d0, f32(1.0) - s * d1
    if end - start <= EDGE_ON:
        return 0, -1
    return math.ceil(max(start, low)), math.floor(min(end, high))


@device_function
def end_target(d0: Real, s: Real, side: int, low: Real, high: Real) -> tuple[int, bool]:
    """Offset of the target in the half pixel past a surface's last sample, and whether there is one.

    Args:
        d0: disparity of the last sample, px.
        s: +1 towards the right eye, -1 towards the left.
        side: +1 for the half pixel right of the sample, -1 for the one left of it.
        low, high: offsets of the first and the last target, whole numbers.
    """
    shift = -s * d0
    held = min(max(shift, low - f32(1.0)), high + f32(1.0))
    if side > 0:
        k = math.ceil(held)
        return k, low <= k <= high and f32(k) - shift <= f32(0.5)
    k = math.floor(held)
    return k, low <= k <= high and shift - f32(k) < f32(0.5)


@device_function
def cell_fraction(offset: int, d0: Real, d1: Real, s: Real) -> Real:
    """Where in the joined cell (x, x+1) the target ``x + offset`` lies: 0 at x, 1 at x + 1."""
    a = (f32(offset) + s * d0) / (f32(1.0) - s * (d1 - d0))
    return min(max(a, f32(0.0)), f32(1.0))


@device_function
def end_position(x: int, offset: int, d0: Real, s: Real, side: int) -> tuple[int, Real]:
    """Sample left of the position that `end_target` found, and how far right of it the position is."""
    rest = f32(offset) + s * d0
    if side > 0 or rest == 0:
        return x, rest
    return x - 1, f32(1.0) + rest


@device_function
def whole_cubic(a: Real) -> Weights:
    """Catmull-Rom weights at fraction ``a`` of a cell.

    Formula: Keys, "Cubic convolution interpolation for digital image processing", 1981, with
    parameter -1/2.
    """
    b = f32(1.0) - a
    w0, w3 = f32(-0.5) * a * b * b, f32(-0.5) * b * a * a
    w1 = f32(1.0) + a * a * (f32(1.5) * a - f32(2.5))
    w2 = f32(1.0) + b * b * (f32(1.5) * b - f32(2.5))
    return w0, w1, w2, w3


@device_function
def cubic_weights(a: Real, has_before: bool, has_after: bool) -> Weights:
    """`whole_cubic`, where a tap beyond a cut is replaced by a straight line.

    ``p[-1] = 2 p[0] - p[1]`` stands in for a tap that another surface owns.
    """
    w0, w1, w2, w3 = whole_cubic(a)
    if not has_before:
        w1 += f32(2.0) * w0
        w2 -= w0
        w0 = f32(0.0)
    if not has_after:
        w2 += f32(2.0) * w3
        w1 -= w3
        w3 = f32(0.0)
    return w0, w1, w2, w3


@device_function
def has_cell(d: FloatArray, x: int) -> bool:
    """Tell whether samples ``x`` and ``x + 1`` of the row ``d`` exist and are one surface."""
    return x >= 0 and x + 1 < d.shape[0] and joined(d[x], d[x + 1])


@device_function
def mend(p1: Real, p2: Real, a: Real) -> Real:
    """Interpolate where a value is not finite: it stays in its own pixel and reaches no other."""
    if math.isfinite(p1) and math.isfinite(p2):
        return p1 + a * (p2 - p1)
    return p1 if a < f32(0.5) else p2


@device_function
def sample(
    row: FloatArray,
    extra: FloatArray,
    d: FloatArray,
    x: int,
    a: Real,
    alpha: int,
    tidy: bool,
    out: FloatArray,
    out_extra: FloatArray,
) -> None:
    """Read the position ``x + a`` of a row once, for all channels; no tap reaches across a cut.

    Past its last sample a surface keeps that sample's value for the half pixel it still covers. The
    alpha channel and the extra layers are interpolated linearly, so that they never overshoot.

    Args:
        row: (W, C) colours.
        extra: (W, K) extra layers.
        d: (W,) disparities, px; they tell where the row is cut.
        x, a: the position.
        alpha: index of the alpha channel, -1 if there is none.
        tidy: whether all of ``row`` is known to lie below TAME; the result is the same.
        out: (C,) out.
        out_extra: (K,) out.
    """
    inside = has_cell(d, x)
    if a == 0 or not inside:
        only = x if a <= f32(0.5) else x + 1
        for c in range(out.shape[0]):
            out[c] = row[only, c]
        for c in range(out_extra.shape[0]):
            out_extra[c] = extra[only, c]
        return
    before, after = has_cell(d, x - 1), has_cell(d, x + 1)
    w0, w1, w2, w3 = cubic_weights(a, before, after)
    x0, x1, x2, x3 = place(x - 1 if before else x), place(x), place(x + 1), place(x + 2 if after else x)
    if out.shape[0] == 4 and row.shape[1] == 4:  # written out, so that the compiler packs the four channels
        red = w0 * row[x0, 0] + w1 * row[x1, 0] + w2 * row[x2, 0] + w3 * row[x3, 0]
        green = w0 * row[x0, 1] + w1 * row[x1, 1] + w2 * row[x2, 1] + w3 * row[x3, 1]
        blue = w0 * row[x0, 2] + w1 * row[x1, 2] + w2 * row[x2, 2] + w3 * row[x3, 2]
        last = w0 * row[x0, 3] + w1 * row[x1, 3] + w2 * row[x2, 3] + w3 * row[x3, 3]
        out[0], out[1], out[2], out[3] = red, green, blue, last
    else:
        for c in range(out.shape[0]):
            out[c] = w0 * row[x0, c] + w1 * row[x1, c] + w2 * row[x2, c] + w3 * row[x3, c]
    if not tidy:
        for c in range(out.shape[0]):
            if not math.isfinite(out[c]):
                out[c] = mend(row[x1, c], row[x2, c], a)
    if alpha >= 0:
        p1, p2 = row[x1, alpha], row[x2, alpha]
        out[alpha] = p1 + a * (p2 - p1) if tidy else mend(p1, p2, a)
    for c in range(out_extra.shape[0]):
        out_extra[c] = mend(extra[x1, c], extra[x2, c], a)
