"""How a movie says that a picture holds both eyes: `st3d` in MP4, StereoMode in Matroska, H.264's and HEVC's messages.

Source: FFmpeg, libavutil/stereo3d.h: what it makes of all of them, kept with a decoded frame.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame

_LAYOUTS = {1: "sbs", 2: "tb"}
_ARRANGEMENTS = {
    1: "they are side by side",
    2: "they are over-under",
    3: "they take turns from frame to frame",
    4: "they alternate like a chessboard",
    5: "they are side by side, every other pixel of each",
    6: "they alternate row by row",
    7: "they alternate column by column",
}
_HVCC_HEAD_BYTES = 23
_VPS = 32
_INVERTED = 1
_LEAST_BESIDE, _MOST_BELOW = 1.25, 2.6
"""Widths over heights of an eye, beyond which it is squeezed: films are 1.33 to 2.4 wide."""


@dataclass(frozen=True)
class EyesInPicture:
    """Two eyes in one picture.

    Attributes:
        layout: one of `review.packing.LAYOUTS`; "" where they are held in a way that nothing here takes apart.
        right_first: whether the right eye is the left or upper one.
        arrangement: how they are held, in words behind "that".
    """

    layout: str
    right_first: bool
    arrangement: str = ""


def eyes_in(frame: VideoFrame, pixel_aspect: float) -> EyesInPicture | None:
    """What a decoded frame says; None where it says nothing.

    No tag says whether eyes are squeezed to half their size: their shape does.

    Args:
        frame: any frame of the movie.
        pixel_aspect: pixel width over height.
    """
    tag = frame.side_data.get("STEREO3D") if frame.side_data else None
    if not isinstance(tag, SideData):
        return None
    kind, flags = struct.unpack("<2I", bytes(tag)[:8])
    if kind not in _ARRANGEMENTS:
        return None
    layout = _LAYOUTS.get(kind, "")
    if layout and is_squeezed(layout, frame.width * pixel_aspect / frame.height):
        layout += "-half"
    return EyesInPicture(layout, bool(flags & _INVERTED), _ARRANGEMENTS[kind])


def is_squeezed(layout: str, aspect: float) -> bool:
    """Whether a picture's shape says that its eyes are squeezed to half their size.

    Args:
        layout: "sbs" or "tb".
        aspect: width of the picture as it is shown over its height.
    """
    return aspect / 2 < _LEAST_BESIDE if layout == "sbs" else aspect * 2 > _MOST_BELOW


def is_layered(extradata: bytes | None) -> bool:
    """Whether HEVC's video parameter set speaks of more than one layer: MV-HEVC's other eye, or a matte.

    Source: ISO/IEC 14496-15, 8.3.3 (hvcC); ITU-T H.265, 7.3.2.1 (vps_max_layers_minus1).
    """
    data = extradata or b""
    if data[:1] != b"\1":
        return any(_has_layers(unit) for unit in data.split(b"\0\0\1")[1:])
    at, found = _HVCC_HEAD_BYTES, False
    for _ in range(data[at - 1] if len(data) >= at else 0):
        count, at = int.from_bytes(data[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            length = int.from_bytes(data[at : at + 2], "big")
            found |= _has_layers(data[at + 2 : at + 2 + length])
            at += 2 + length
    return found


def _has_layers(unit: bytes) -> bool:
    """Whether a NAL unit is a video parameter set with layers beyond the base one."""
    return len(unit) >= 4 and unit[0] >> 1 == _VPS and bool((unit[2] & 3) << 4 | unit[3] >> 4)
