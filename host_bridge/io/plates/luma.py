"""Luminance and subsampled chroma to RGB, as OpenEXR's own RGBA interface does it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Array
from host_bridge.io.colour import primaries

REC709 = primaries.PRIMARIES["rec709"]
_LEAST_GREEN = 1e-3
_log = logging.getLogger(__name__)
# Half of the symmetric filter that rebuilds the odd chroma samples: OpenEXR, ImfRgbaYca.cpp, reconstructChroma*.
_TAPS = np.array([0.002128, -0.007540, 0.019597, -0.043159, 0.087929, -0.186077, 0.627123], np.float32)


def luminance_weights(chromaticities: Sequence[float] = REC709) -> tuple[float, float, float]:
    """The weights of R, G, B in Y for a set of primaries and white (CIE xy, EXR order): of X, Y, Z it is Y alone.

    A set that is none, or whose green has no luminance to solve for, is taken as Rec.709 with a warning.
    """
    if primaries.usable(chromaticities):
        red, green, blue = (float(w) for w in primaries.to_xyz(tuple(chromaticities))[1])
        if abs(green) > _LEAST_GREEN:
            return red, green, blue
    _log.warning("luminance and chroma of the primaries %s cannot be told apart: taken as Rec.709's", chromaticities)
    return luminance_weights(REC709)


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
    # Infinite luminance has no chroma, and what a half cannot hold becomes infinite: neither is worth a warning.
    with np.errstate(over="ignore", invalid="ignore"):
        red, blue = (full[0] + 1) * y, (full[1] + 1) * y
        green = (y - weights[0] * red - weights[2] * blue) / weights[1]
        return np.stack([red, green, blue], -1).astype(luminance.dtype)
