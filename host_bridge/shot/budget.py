"""The depth budget on the host: what `art3d_node.stereo.blueprint.soft_limit` does, and its inverse."""

from __future__ import annotations

import math

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.core.params import Controls

INNER = 0.8
"""As `art3d_node.stereo.blueprint.INNER`."""


def _sides(controls: Controls) -> tuple[tuple[float, float], ...]:
    """The sign of the disparity on each side that has a limit, and the limit, %."""
    return tuple(
        (sign, limit) for sign, limit in zip((1.0, -1.0), controls.limits_pct, strict=True) if limit < math.inf
    )


def limited(disparity_pct: Array, controls: Controls) -> Array:
    """Disparity inside the depth budget, % of picture width, > 0 in front; float64."""
    d = np.asarray(disparity_pct, np.float64)
    for sign, limit in _sides(controls):
        knee, room = INNER * limit, limit - INNER * limit
        over = np.maximum(sign * d - knee, 0.0)
        d = np.where(over > 0.0, sign * (limit - room / (1.0 + over / room)), d)
    return np.asarray(d)


def unlimited(disparity_pct: Array, controls: Controls) -> Array:
    """The disparity that `limited` compressed; what reaches the budget itself was infinitely far, and stays finite."""
    d = np.array(disparity_pct, np.float64)
    for sign, limit in _sides(controls):
        knee, room = INNER * limit, limit - INNER * limit
        beyond = sign * d > knee  # few pixels, if any
        left = np.maximum(limit - sign * d[beyond], 1e-3 * room)
        d[beyond] = sign * (knee + room * (room / left - 1.0))
    return d
