"""JPEGs proved whole: decoders paint what is damaged or missing grey or shifted, without a word."""

from __future__ import annotations

from pathlib import Path

import av
import PIL.Image
import simplejpeg
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import guard

START = b"\xff\xd8\xff"
_END = b"\xff\xd9"
# What libjpeg says of damaged pictures; its other warnings, of odd headers and profiles, cost no picture.
_DAMAGE = ("Corrupt JPEG data", "Premature end", "Unsupported marker type", "Invalid JPEG file structure")
_PROFILE = "ICC"
_FOUR_CHANNELS = ("CMYK", "YCCK")
_STRIPS, _TILES, _TABLES, _COMPRESSION = (273, 279), (324, 325), 347, 259
_JPEG_IN_TIFF = 7


def validate_jpeg(path: Path) -> None:
    """Proves that a JPEG decodes from its first byte to its end without a fault, as far as its code tells one.

    Raises:
        PlateError: it is cut short or damaged.
    """
    _validate(path.read_bytes(), path)


def validate_jpeg_tiff(path: Path) -> None:
    """Proves the JPEGs that a TIFF's first picture consists of.

    Raises:
        PlateError: one of them is cut short or damaged.
    """
    with PIL.Image.open(path) as image:
        tags = dict(image.tag_v2)
    starts, sizes = _TILES if _TILES[0] in tags else _STRIPS
    tables = bytes(tags.get(_TABLES, START[:2] + _END))[: -len(_END)]
    if tags.get(_COMPRESSION) != _JPEG_IN_TIFF:
        return
    with path.open("rb") as file:
        for start, size in zip(tags[starts], tags[sizes], strict=True):
            file.seek(start)
            _validate(tables + file.read(size)[2:], path)


def _validate(data: bytes, path: Path) -> None:
    reason = _libjpeg_says(data) or _ffmpeg_says(data)
    if reason:
        raise PlateError(f"the JPEG is damaged ({reason})", where=str(path), remedy=guard.AGAIN)


def _libjpeg_says(data: bytes) -> str:
    """What is wrong from the first marker to the last; "" where nothing is."""
    try:
        space = simplejpeg.decode_jpeg_header(data)[2]
        simplejpeg.decode_jpeg(data, "CMYK" if space in _FOUR_CHANNELS else "GRAY", strict=True)
    except ValueError as error:
        if str(error).startswith(_DAMAGE) and _PROFILE not in str(error):
            return str(error)
    return ""


def _ffmpeg_says(data: bytes) -> str:
    """As `_libjpeg_says`, of blocks with more coefficients than a block has, which libjpeg passes over."""
    decoder = VideoCodecContext.create("mjpeg", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.options = {"err_detect": "explode"}
    try:
        frames = [*decoder.decode(Packet(data)), *decoder.decode(None)]
    except av.error.InvalidDataError:
        return "invalid data"
    except av.error.FFmpegError:
        return ""  # a kind of JPEG that it does not know
    return "invalid data" if any(frame.is_corrupt for frame in frames) else ""
