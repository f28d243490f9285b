"""Small plates with depth, and a shot of them, for the host tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.shot.file import Shot, ShotEntry, save_shot


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


def shot_file(folder: Path, *, name: str = "still", **changes: Any) -> Path:
    """A shot file of frames 1001-1010 with a cut before 1006; three frames on either side steady one."""
    frames = {
        number: ShotEntry(0.0, 1.0, 0.02, -0.01, 0.0, scene=int(number > 1005), signature="00")
        for number in range(1001, 1011)
    }
    shot = Shot("plate.####.exr", "auto", "id", "neutral", "auto", frames, cuts=(1006,), steady=3)
    path = folder / f"{name}.art3d"
    save_shot(replace(shot, **changes), path)
    return path
