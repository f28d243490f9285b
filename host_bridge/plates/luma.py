"""Luminance and subsampled chroma to RGB, as OpenEXR's own RGBA interface does it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_bridge.frame import Array

REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
# Half of the symmetric filter that rebuilds the odd chroma samples: OpenEXR, ImfRgbaYca.cpp, reconstructChroma*.
_TAPS = np.array([0.002128, -0.007540, 0.019597, -0.043159, 0.087929, -0.186077, 0.627123], np.float32)


def luminance_weights(chromaticities: tuple[float, ...] = REC709) -> tuple[float, float, float]:
    """The weights of R, G, B in Y for a set of primaries and white (CIE xy, EXR order)."""
    xy = np.asarray(chromaticities, float).reshape(4, 2)
    xyz = np.stack([xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1]])
    red, green, blue = np.linalg.solve(xyz[:, :3], xyz[:, 3])
    return float(red), float(green), float(blue)


def _doubled(samples: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """Rebuilds `size` rows from every second one; the edge is repeated."""
    padded = np.pad(samples, [(6, 7)] + [(0, 0)] * (samples.ndim - 1), mode="edge")
    count = len(samples)
    kernel = np.concatenate([_TAPS, _TAPS[::-1]])
    odd = sum((weight * padded[i : i + count] for i, weight in enumerate(kernel)), np.zeros_like(samples))
    out = np.empty((2 * count, *samples.shape[1:]), np.float32)
    out[0::2], out[1::2] = samples, odd
    return out[:size]


def to_rgb(luminance: Array, red_y: Array, blue_y: Array, weights: tuple[float, float, float]) -> Array:
    """RGB from Y, RY = (R−Y)/Y and BY = (B−Y)/Y.

    Args:
        luminance: (rows, columns).
        red_y, blue_y: (rows, columns), or half of each side.
        weights: R, G, B in Y.

    Returns:
        (rows, columns, 3) in the type of `luminance`.
    """
    rows, columns = luminance.shape
    chroma = [np.asarray(plane, np.float32) for plane in (red_y, blue_y)]
    full = [p if p.shape == luminance.shape else _doubled(_doubled(p, rows).T, columns).T for p in chroma]
    y = luminance.astype(np.float32)
    red, blue = (full[0] + 1) * y, (full[1] + 1) * y
    green = (y - weights[0] * red - weights[2] * blue) / weights[1]
    with np.errstate(over="ignore"):
        return np.stack([red, green, blue], -1).astype(luminance.dtype)
