"""A picture of a matte in a file of its own, read as the node reads its Matte input: the first channel."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import guard
from host_bridge.io.plates.depth_picture import DepthPicture, read_plane
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.naming import of_view

FIRST = ("r", "y", "a", "alpha")
"""Components that hold a matte, the first that there is; else a file's first channel."""


def read_matte(path: Path, *, view: str = "") -> DepthPicture:
    """Reads a picture of a matte: EXR, or what OpenImageIO reads.

    Args:
        path: the file.
        view: the view wanted of a file that has several.

    Raises:
        PlateError: a file that cannot be read, or has no channel of the picture's size.
        MissingFrameError: no file.
        LimitError: larger than a plate may be.
    """
    if guard.first_bytes(path, 4) != MAGIC:
        return read_plane(path, _first)
    file = open_exr(path)
    chosen = view if view in file.views else (file.views or ("",))[0]
    channels = [c for c in (of_view(file.channels, chosen) if chosen else file.channels) if c.sampling == (1, 1)]
    if not channels:
        raise PlateError("no channel of the picture's size", where=str(path), remedy="write the matte into R or A")
    bare = [c for c in channels if not c.layer] or channels
    channel = bare[_first([c.component for c in bare])]
    pixels = file.read([channel])[0].astype(np.float32, copy=False)
    return DepthPicture(file.path, pixels, channel.window, file.display, True, channel.stored)


def _first(components: list[str]) -> int:
    """Number of the channel that holds the matte."""
    lower = [component.lower() for component in components]
    return next((lower.index(name) for name in FIRST if name in lower), 0)
