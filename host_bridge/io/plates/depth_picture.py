"""A picture of depth in a file of its own, and how it is laid over a plate of another size.

Convention:
    Values are the file's own; integers become 0..1. A file without windows shows the plate's display window, or its
    data window where it has exactly that size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.io.plates import guard, upright
from host_bridge.io.plates.depth_read import over, pick_varying
from host_bridge.io.plates.disparity import find_disparity, read_npy, read_pfm
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.io.plates.film import Film
from host_bridge.io.plates.image_file import has_further, opened, read_pixels
from host_bridge.io.plates.logged_once import SEVERAL, log_once
from host_bridge.io.plates.naming import eye_of, of_view
from host_bridge.io.plates.resample import resampled
from host_bridge.wire.depth_values import varies

ASPECT_SLACK = 0.04
COLOURFUL = 0.05  # mean spread of R, G and B, 0..1, that a codec leaves of grey
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True)
class DepthPicture:
    """Depth, or what else is laid over a plate like it (a matte), as a file holds it.

    Attributes:
        path: the file.
        pixels: (rows, columns) float.
        window: the pixels that they cover, px of the file.
        display: the file's display window; equal to `window` for a file that has none.
        windowed: whether the file says where in the picture its pixels lie.
        channel: the channel's name where the file names channels.
        meaning: what name or metadata say of the values; "auto" when nothing.
    """

    path: Path
    pixels: Array
    window: Box
    display: Box
    windowed: bool = False
    channel: str = ""
    meaning: str = "auto"

    @property
    def varies(self) -> bool:
        """Whether there is more than one depth."""
        return varies(self.pixels)


def read_depth(path: Path, *, view: str = "", channel: str = "") -> DepthPicture:
    """Reads a picture of depth: EXR, PFM, NPY, or what OpenImageIO reads.

    Args:
        path: the file.
        view: the view wanted of a file that has several.
        channel: the channel that holds depth; "" looks for the usual names, then for the only one there is.

    Raises:
        PlateError: a file that cannot be read, or in which no channel is depth.
        MissingFrameError: no file.
        LimitError: larger than a plate may be.
    """
    if guard.first_bytes(path, 4) == MAGIC:
        return _from_exr(open_exr(path), view, channel)
    if path.suffix.lower() in (".npy", ".pfm"):
        pixels = (read_npy if path.suffix.lower() == ".npy" else read_pfm)(path)
        window = Box.of_size(pixels.shape[1], pixels.shape[0])
        return DepthPicture(path, pixels, window, window)
    return _from_image(path, channel)


def from_movie(film: Film, position: int) -> DepthPicture:
    """One frame of a movie of depth: its luma, as code values 0..1.

    Raises:
        PlateError: it cannot be decoded, or is a picture in colour.
    """
    picture = film.read(position, linear=False)
    count = len(picture.channels) - (picture.channels[-1] == "A")
    planes = picture.pixels[..., :count]
    if count == 3 and float(np.ptp(planes, axis=-1).mean()) > COLOURFUL:
        raise PlateError("a film in colour is not depth", where=str(film.path), remedy="name a grey one")
    luma = (planes @ _LUMA if count == 3 else planes[..., 0]).astype(np.float32)
    return DepthPicture(film.path, luma, picture.window, picture.display)


def fitted(depth: DepthPicture, frame: Frame) -> Array:
    """The depth over a plate's data window, (rows, columns, 1) float.

    Raises:
        PlateError: a picture of another shape.
    """
    data, shown = frame.data, frame.display
    same_size = (depth.display.width, depth.display.height) == (shown.width, shown.height)
    if depth.windowed and same_size:
        at = depth.window.shift(shown.x0 - depth.display.x0, shown.y0 - depth.display.y0)
        return over(depth.pixels, at, data)
    if not depth.windowed and depth.pixels.shape == (data.height, data.width):
        return depth.pixels[..., None]
    wide, high = depth.display.width / shown.width, depth.display.height / shown.height
    shape = wide / high
    if min(abs(shape / usual - 1.0) for usual in (1.0, frame.pixel_aspect)) > ASPECT_SLACK:
        raise PlateError(
            f"the picture is {depth.display.width}×{depth.display.height} px, the plate "
            f"{shown.width}×{shown.height}: another shape",
            where=str(depth.path),
            remedy="give the whole picture, at any size",
        )
    x = (np.arange(data.x0, data.x1, dtype=np.float64) + 0.5 - shown.x0) * wide + depth.display.x0 - depth.window.x0
    y = (np.arange(data.y0, data.y1, dtype=np.float64) + 0.5 - shown.y0) * high + depth.display.y0 - depth.window.y0
    return resampled(depth.pixels, np.asarray(x, np.float64), np.asarray(y, np.float64))[..., None]


def _from_exr(file: ExrFile, view: str, channel: str) -> DepthPicture:
    chosen = view if view in file.views else (file.views or ("",))[0]
    channels = of_view(file.channels, chosen) if chosen else file.channels
    found = pick_varying(file, channels, channel=channel)
    if found is not None:
        window = found.channel.window
        return DepthPicture(file.path, found.pixels, window, file.display, True, found.channel.stored, found.meaning)
    disparity = find_disparity(file, eye_of(chosen) or "left")
    if disparity is not None:
        pixels = file.read([disparity])[0].astype(np.float32)
        nearer = -pixels if disparity.layer == "disparityR" else pixels
        return DepthPicture(file.path, nearer, disparity.window, file.display, True, disparity.stored, "near-is-white")
    colours = [c for c in channels if c.component.lower() not in ("a", "alpha") and c.sampling == (1, 1)]
    planes = file.read(colours) if 0 < len(colours) <= 3 else []
    if not planes or not all(np.array_equal(planes[0], plane, equal_nan=True) for plane in planes[1:]):
        listed = ", ".join(c.stored for c in channels[:8])
        raise PlateError(f"no depth among the channels {listed}", where=str(file.path),
                         remedy="name it with --depth-channel")  # fmt: skip
    pixels = planes[0].astype(np.float32, copy=False)
    return DepthPicture(file.path, pixels, colours[0].window, file.display, True, colours[0].stored)


def read_plane(path: Path, choose: Callable[[list[str]], int]) -> DepthPicture:
    """Reads one channel of a picture without windows; integers become 0..1.

    Args:
        path: the file.
        choose: number of the channel, of the names of all.

    Raises:
        PlateError: a file that cannot be read.
    """
    return _of_image(path, lambda pixels, names: pixels[..., choose(names)])


def _from_image(path: Path, channel: str) -> DepthPicture:
    found = _of_image(path, lambda pixels, names: _one_plane(path, pixels, names, channel))
    return replace(found, channel=channel)


def _of_image(path: Path, choose: Callable[[Array, list[str]], Array]) -> DepthPicture:
    with opened(path) as reader:
        spec = reader.spec()
        pixels = upright.turned(read_pixels(reader, path), upright.orientation_of(spec.getattribute("Orientation")))
        if has_further(reader, path):
            log_once(path, SEVERAL)
    plane = choose(pixels, list(spec.channelnames))
    if plane.dtype.kind == "u":
        plane = plane.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    size = Box.of_size(plane.shape[1], plane.shape[0])
    return DepthPicture(path, np.asarray(plane, np.float32), size, size)


def _one_plane(path: Path, pixels: Array, names: list[str], channel: str) -> npt.NDArray[np.generic]:
    if channel:
        lower = [name.lower() for name in names]
        if channel.lower() not in lower:
            raise PlateError(f"no channel {channel!r}", where=str(path), remedy=f"its channels are {', '.join(names)}")
        return np.asarray(pixels[..., lower.index(channel.lower())])
    colours = [i for i, name in enumerate(names) if name.lower() not in ("a", "alpha")]
    first = pixels[..., colours[0] if colours else 0]
    if len(colours) > 1 and any(not np.array_equal(first, pixels[..., i]) for i in colours[1:]):
        raise PlateError(
            "a colour picture is not depth", where=str(path), remedy="name one of its channels with --depth-channel"
        )
    return np.asarray(first)
