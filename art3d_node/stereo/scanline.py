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

from art3d_node.stereo.jit import FloatArray, Real, device_function

Weights = tuple[Real, Real, Real, Real]

# Neighbours further apart than this many pixels of disparity lie on two surfaces. One pixel is where
# a surface turns edge-on for one of the eyes, and near the disparity-gradient limit of human fusion
# (Burt and Julesz, 1980); being a slope, it means the same at every resolution.
SURFACE_SLOPE = 1.0

EDGE_ON = 1e-6  # a cell narrower than this in the new row has no area to show


@device_function
def joined(d0: Real, d1: Real) -> bool:
    """Tell whether neighbours with disparities ``d0``, ``d1`` (px) are one surface; NaN never is."""
    return bool(abs(d1 - d0) <= SURFACE_SLOPE)


@device_function
def cell_fraction(offset: Real, d0: Real, d1: Real, s: Real) -> Real:
    """Where in the joined cell (x, x+1) the target ``x + offset`` lies: 0 at x, 1 at x + 1."""
    a = (offset + s * d0) / (1.0 - s * (d1 - d0))
    return min(max(a, 0.0), 1.0)


@device_function
def cubic_weights(a: Real, has_before: bool, has_after: bool) -> Weights:
    """Catmull-Rom weights at fraction ``a``; a tap beyond a cut is replaced by a straight line.

    Formula: Keys, "Cubic convolution interpolation for digital image processing", 1981, with
    parameter -1/2. ``p[-1] = 2 p[0] - p[1]`` stands in for a tap that another surface owns.
    """
    b = 1.0 - a
    w0 = -0.5 * a * b * b
    w3 = -0.5 * b * a * a
    w1 = 1.0 + a * a * (1.5 * a - 2.5)
    w2 = 1.0 + b * b * (1.5 * b - 2.5)
    if not has_before:
        w1 += 2.0 * w0
        w2 -= w0
        w0 = 0.0
    if not has_after:
        w2 += 2.0 * w3
        w1 -= w3
        w3 = 0.0
    return w0, w1, w2, w3


@device_function
def robust_mix(p1: Real, p2: Real, a: Real) -> Real:
    """Interpolate when a value is not finite: it stays in its own pixel and reaches no other."""
    if not math.isfinite(p1) and not math.isfinite(p2):
        return p1 if a < 0.5 else p2
    if not math.isfinite(p1):
        return p1 if a < 0.5 else p2
    if not math.isfinite(p2):
        return p2 if a >= 0.5 else p1
    return p1 + a * (p2 - p1)


@device_function
def has_cell(d: FloatArray, x: int) -> bool:
    """Tell whether samples ``x`` and ``x + 1`` of the row ``d`` exist and are one surface."""
    return x >= 0 and x + 1 < d.shape[0] and joined(d[x], d[x + 1])


@device_function
def tap_weights(d: FloatArray, x: int, a: Real) -> Weights:
    """Weights of samples x-1 .. x+2 for position ``x + a``; none reaches across a cut.

    Past its last sample a surface keeps that sample's value for the half pixel it still covers.
    """
    if not has_cell(d, x):
        if a <= 0.5:
            return 0.0, 1.0, 0.0, 0.0
        return 0.0, 0.0, 1.0, 0.0
    return cubic_weights(a, has_cell(d, x - 1), has_cell(d, x + 1))


@device_function
def mix_taps(row: FloatArray, c: int, x: int, a: Real, w0: Real, w1: Real, w2: Real, w3: Real) -> Real:
    """Channel ``c`` of the row at ``x + a``, from the four taps that carry a weight."""
    last = row.shape[0] - 1
    p1 = row[max(x, 0), c]
    p2 = row[min(x + 1, last), c]
    if w0 == 0.0 and w3 == 0.0:
        if w2 == 0.0:
            return p1
        if w1 == 0.0:
            return p2
    value = w0 * row[max(x - 1, 0), c] + w1 * p1 + w2 * p2 + w3 * row[min(x + 2, last), c]
    if math.isfinite(value):
        return value
    return robust_mix(p1, p2, a)


@device_function
def linear_taps(row: FloatArray, c: int, x: int, a: Real, w1: Real, w2: Real) -> Real:
    """Channel ``c`` at ``x + a`` without overshoot; ``w1``, ``w2`` are 0 for the side a cut forbids."""
    if w2 == 0.0:
        return row[max(x, 0), c]
    p2 = row[min(x + 1, row.shape[0] - 1), c]
    if w1 == 0.0:
        return p2
    return robust_mix(row[max(x, 0), c], p2, a)
