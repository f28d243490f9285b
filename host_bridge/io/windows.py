"""Pixels of one window laid over another."""

from __future__ import annotations

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box


def relaid(pixels: Array, window: Box, target: Box, outside: float = 0.0) -> Array:
    """Pixels over another window, in their own type; themselves where both are the same.

    Args:
        pixels: (rows, columns, …) over `window`.
        window: px.
        target: px of the same grid.
        outside: the value where there are none.
    """
    if window == target:
        return pixels
    out = np.full((target.height, target.width, *pixels.shape[2:]), outside, pixels.dtype)
    both = window.intersect(target)
    if not both.empty:
        out[both.slices(target)] = pixels[both.slices(window)]
    return out
