"""Files that OpenImageIO reads: opened, and their first picture decoded and proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import OpenImageIO as oiio

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.core.utf8_paths import utf8_path
from host_bridge.io.plates import guard, jpeg
from host_bridge.io.silence import silenced

_PNG = b"\x89PNG\r\n\x1a\n"
_HEAD_BYTES = 1 << 16
_STRAIGHT = "oiio:UnassociatedAlpha"


@contextlib.contextmanager
def opened(path: Path, config: oiio.ImageSpec | None = None) -> Iterator[oiio.ImageInput]:
    """A picture's reader, which leaves colour beside a straight alpha as it is stored.

    Args:
        path: the file.
        config: how its format is to be read; None as usual.

    Raises:
        PlateError: no picture.
        MissingFrameError: no file.
    """
    guard.first_bytes(path)
    config = config or oiio.ImageSpec()
    # Else OpenImageIO multiplies code values, which is neither what they nor what their light would be.
    config.attribute(_STRAIGHT, 1)
    with silenced(), utf8_path(path) as text:
        reader = oiio.ImageInput.open(text, config)
    if reader is None:
        raise _unreadable(path, oiio.geterror())
    try:
        yield reader
    finally:
        reader.close()


def has_straight_alpha(spec: oiio.ImageSpec) -> bool:
    """Whether colour is stored without the alpha beside it: always in PNG, where its header says so in TIFF."""
    return bool(spec.getattribute(_STRAIGHT))


def window_of(spec: oiio.ImageSpec) -> Box:
    """The pixels that a picture covers."""
    return Box.of_size(spec.width, spec.height).shift(spec.x, spec.y)


def read_pixels(reader: oiio.ImageInput, path: Path) -> Array:
    """The first picture, (rows, columns, channels) in its own type.

    Raises:
        PlateError: damaged, as far as the format can tell, or less than its header claims.
        LimitError: larger than a plate may be.
    """
    spec = reader.spec()
    guard.validate_size(path, window_of(spec), spec.nchannels * spec.format.size())
    if reader.format_name() == "jpeg":
        jpeg.validate_jpeg(path)
    elif reader.format_name() == "tiff" and spec.getattribute("compression") == "jpeg":
        jpeg.validate_jpeg_tiff(path)
    with silenced():
        pixels = reader.read_image(0, 0, 0, spec.nchannels, "unknown")
    if pixels is None:
        raise _unreadable(path, reader.geterror())
    return pixels


def has_further(reader: oiio.ImageInput, path: Path) -> bool:
    """Whether a file holds other pictures after its first one: pages, or an animation."""
    with silenced():
        if reader.seek_subimage(1, 0):
            return True
    head = guard.first_bytes(path, _HEAD_BYTES)
    # Of these OpenImageIO reads the first picture alone.
    return _is_animated_png(head) or (head.startswith(jpeg.START) and b"MPF\0" in head)


def _is_animated_png(head: bytes) -> bool:
    at = len(_PNG)
    while head.startswith(_PNG) and at + 16 <= len(head) and (kind := head[at + 4 : at + 8]) != b"IDAT":
        if kind == b"acTL":
            return int.from_bytes(head[at + 8 : at + 12], "big") > 1
        at += 12 + int.from_bytes(head[at : at + 4], "big")
    return False


def _unreadable(path: Path, reason: str) -> PlateError:
    summary = reason.strip().splitlines()[0] if reason.strip() else "unknown format"
    if "could not find a format reader" in summary:
        return PlateError("a format that is not read", where=str(path), remedy="save it as EXR, PNG, TIFF or DPX")
    return PlateError(f"not a picture that can be read ({summary})", where=str(path), remedy=guard.AGAIN)
