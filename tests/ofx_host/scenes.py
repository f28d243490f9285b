"""Small plates with depth for the host tests."""

from __future__ import annotations

import numpy as np

from host_bridge.frame import Array


def plate(width: int = 96, height: int = 64, channels: int = 4, dtype: str = "<f4", seed: int = 0) -> Array:
    """(h, w, c) pixels with fine detail; floats leave 0..1 on both sides."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    values = rng.random((height, width, channels))
    if kind.kind == "u":
        return np.asarray(values * np.iinfo(kind).max, kind)
    if channels != 1:
        values[..., :3] = values[..., :3] * 1.6 - 0.2
    return np.asarray(values, kind)


def distance(width: int = 96, height: int = 64) -> Array:
    """(h, w, 1) Z: a far wall, and a box that stands before it."""
    z = np.full((height, width, 1), 10.0, np.float32)
    z[height // 4 : 3 * height // 4, width // 3 : 2 * width // 3] = 2.0
    return z
