"""What a video says of its own eyes: Matroska's StereoMode, MP4's st3d box, H.264's frame packing message.

FFmpeg hands all three to the first frame as AVStereo3D (libavutil/stereo3d.h): type, flags, …, 32-bit integers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.sidedata.sidedata import Type

from host_bridge.core.errors import BadInputError

_FLAT, _BESIDE, _ABOVE, _UNSPECIFIED = 0, 1, 2, 8
_UNREAD = {3: "in turn", 4: "as a chequerboard", 5: "side by side in quincunx", 6: "line by line", 7: "by columns"}
_INVERTED = 1
_FULL_BESIDE, _HALF_ABOVE = 2.4, 1.2
"""Width over height above which side-by-side eyes are of full size, and top-bottom eyes of half."""


@dataclass(frozen=True)
class StereoTag:
    """One of `LAYOUTS`, and whether the right eye comes first."""

    layout: str
    swapped: bool


def stereo_tag(path: Path) -> StereoTag | None:
    """The tag of a video; None where it has none, or cannot be read.

    Raises:
        BadInputError: it says that the film is flat, or packed in a way that is not read.
    """
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(container.streams.video[0]))
            # Its stubs call it a mapping by name; it yields the data themselves.
            side: Iterable[Any] = frame.side_data
            data = [bytes(each) for each in side if each.type == Type.STEREO3D]
            shape = frame.width / frame.height * float(container.streams.video[0].sample_aspect_ratio or 1)
    except (av.FFmpegError, IndexError, OSError, StopIteration):
        return None
    return _parsed(data[0], shape, path) if data and len(data[0]) >= 8 else None


def _parsed(data: bytes, shape: float, path: Path) -> StereoTag | None:
    kind, flags = struct.unpack_from("=2i", data)
    if kind == _UNSPECIFIED:
        return None
    remedy = "if its tag is wrong, say --layout"
    if kind == _FLAT:
        raise BadInputError("its stereo tag says that it is flat", remedy=remedy, where=str(path))
    if kind not in (_BESIDE, _ABOVE):
        arrangement = _UNREAD.get(kind, f"in way {kind}")
        raise BadInputError(f"its stereo tag says that its eyes come {arrangement}, which is not read", remedy=remedy,
                            where=str(path))  # fmt: skip
    if kind == _BESIDE:
        layout = "sbs" if shape > _FULL_BESIDE else "sbs-half"
    else:
        layout = "tb-half" if shape > _HALF_ABOVE else "tb"
    return StereoTag(layout, bool(flags & _INVERTED))
