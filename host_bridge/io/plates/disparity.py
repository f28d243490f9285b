"""Disparity that someone else made: EXR with Nuke's channels, NumPy or PFM.

Convention:
    Returned is x_L − x_R in px on the hero's grid. In an EXR, `disparityR.x` on the left grid is its negative and
    `disparityL.x` on the right grid is it; .npy and .pfm hold it as it is, over the data or the display window.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.plates import guard
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.io.plates.image_file import opened, read_pixels
from host_bridge.io.plates.naming import Channel, of_view, pick_disparity
from host_bridge.io.windows import relaid

FORMATS = "an EXR with disparityR.x, a .npy or a .pfm"


def read_disparity(path: Path, hero: str, data: Box, display: Box, *, outside: float = 0.0) -> Array:
    """Disparity over a data window.

    Args:
        path: the file.
        hero: "left" or "right": the eye on whose grid it lies; with "none" it lies half-way and must not be an EXR.
        data: the pixels wanted.
        display: the picture's display window.
        outside: the value where the file says nothing.

    Returns:
        (rows, columns, 1) float32, px.

    Raises:
        PlateError: a file that is not disparity, or of another size.
    """
    if guard.first_bytes(path, 4) == MAGIC:
        return _from_exr(path, hero, data, outside)
    if path.suffix.lower() == ".npy":
        pixels = read_npy(path)
    elif path.suffix.lower() == ".pfm":
        pixels = read_pfm(path)
    else:
        raise PlateError("this is not a disparity file", where=str(path), remedy=f"give {FORMATS}")
    for window in (data, display):
        if pixels.shape == (window.height, window.width):
            return relaid(pixels, window, data, outside)[..., None]
    raise PlateError(
        f"the disparity is {pixels.shape[1]}×{pixels.shape[0]} px, the plate {data.width}×{data.height}",
        where=str(path),
        remedy="make both of one size",
    )


def find_disparity(file: ExrFile, hero: str) -> Channel | None:
    """The channel that holds the disparity of the hero's grid; None without one."""
    toward = {"left": "right", "right": "left"}.get(hero)
    if toward is None:
        return None
    channels = of_view(file.channels, hero) if hero in file.views else file.channels
    return pick_disparity(channels, toward=toward) or pick_disparity(file.channels, toward=toward)


def _from_exr(path: Path, hero: str, data: Box, outside: float) -> Array:
    file = open_exr(path)
    channel = find_disparity(file, hero)
    if channel is None:
        channel_name = {"left": "disparityR.x", "right": "disparityL.x"}.get(hero, "disparity for --hero none")
        raise PlateError(f"no {channel_name} in it", where=str(path), remedy=f"give {FORMATS}")
    pixels = file.read([channel])[0].astype(np.float32)
    return relaid(-pixels if hero == "left" else pixels, channel.window, data, outside)[..., None]


def read_npy(path: Path) -> Array:
    """A NumPy array of one channel, (rows, columns) float32.

    Raises:
        PlateError: damaged, pickled, or of another shape.
        LimitError: larger than a plate may be.
    """
    guard.first_bytes(path)
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise PlateError("not a NumPy array that can be read", where=str(path), remedy=guard.AGAIN) from error
    array = mapped[..., 0] if mapped.ndim == 3 and mapped.shape[2] in (1, 2) else mapped
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise PlateError(
            f"an array {mapped.dtype}{mapped.shape} is not a single-channel picture",
            where=str(path),
            remedy="give (rows, columns)",
        )
    guard.validate_size(path, Box.of_size(array.shape[1], array.shape[0]), 4)
    return np.array(array, np.float32)


def read_pfm(path: Path) -> Array:
    """The first channel of a PFM, (rows, columns) float32, top row first.

    Raises:
        PlateError: damaged.
        LimitError: larger than a plate may be.
    """
    # PFM stores its bottom row first.
    config = oiio.ImageSpec()
    config.attribute("pnm:pfmflip", 1)
    with opened(path, config) as reader:
        return np.ascontiguousarray(read_pixels(reader, path)[..., 0], np.float32)
