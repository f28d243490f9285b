"""How a movie says that a picture holds both eyes: `st3d` in MP4, StereoMode in Matroska, H.264's and HEVC's messages.

Source: FFmpeg, libavutil/stereo3d.h: what it makes of all of them, kept with a decoded frame.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame

_LAYOUTS = {1: "sbs", 2: "tb"}
_INVERTED = 1
_LEAST_BESIDE, _MOST_BELOW = 1.25, 2.6
"""Widths over heights of an eye, beyond which it is squeezed: films are 1.33 to 2.4 wide."""


@dataclass(frozen=True)
class EyesInPicture:
    """Two eyes in one picture.

    Attributes:
        layout: one of `review.packing.LAYOUTS`.
        right_first: whether the right eye is the left or upper one.
    """

    layout: str
    right_first: bool


def eyes_in(frame: VideoFrame, pixel_aspect: float) -> EyesInPicture | None:
    """What a decoded frame says; None where it says nothing, or of eyes that take turns or lie in rows.

    No tag says whether eyes are squeezed to half their size: their shape does.

    Args:
        frame: any frame of the movie.
        pixel_aspect: pixel width over height.
    """
    tag = frame.side_data.get("STEREO3D") if frame.side_data else None
    if not isinstance(tag, SideData):
        return None
    kind, flags = struct.unpack("<2I", bytes(tag)[:8])
    aspect = frame.width * pixel_aspect / frame.height
    if kind not in _LAYOUTS:
        return None
    layout = _LAYOUTS[kind]
    squeezed = aspect / 2 < _LEAST_BESIDE if layout == "sbs" else aspect * 2 > _MOST_BELOW
    return EyesInPicture(layout + ("-half" if squeezed else ""), bool(flags & _INVERTED))
