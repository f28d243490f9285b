"""What a container says of how both eyes lie in a picture: `st3d` in MP4, StereoMode in Matroska.

Source: Google, Spherical Video V2 RFC (`st3d`); Matroska, RFC 9559, 5.1.4.1.28.3 (StereoMode). FFmpeg writes `st3d`
from what is known of a stream besides its packets. PyAV cannot say it, but FFmpeg's own reader of Matroska can: a
stream that is copied from a file which holds one packet and a StereoMode brings it along.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

STEREO_MODE = {"sbs": "left_right", "sbs-half": "left_right", "tb": "top_bottom", "tb-half": "top_bottom"}
TOLD_BY_BOX = "mp4"
OPTIONS = {"strict": "unofficial"}
"""Without it FFmpeg leaves `st3d` out: no ISO standard defines it."""
# What FFmpeg writes beside it: both eyes are there, but not the `pack` that would say they share a picture.
_WRONG = bytes.fromhex("0000001d76657875 0000001565796573 0000000d73747269 00000000 03")


@contextmanager
def template(segment: Path, layout: str, container: str) -> Iterator[Any]:
    """The stream that a movie's is made after.

    Args:
        segment: a movie file with the movie's packets.
        layout: how both eyes lie in a picture; "" for one eye.
        container: FFmpeg's name of the movie's.
    """
    with av.open(str(segment)) as file:
        stream = file.streams.video[0]
        if not layout or container != TOLD_BY_BOX:
            yield stream
            return
        tagged = io.BytesIO()
        with av.open(tagged, "w", format="matroska") as out:
            copy = out.add_stream_from_template(stream)
            copy.metadata["stereo_mode"] = STEREO_MODE[layout]
            packet = next(file.demux(stream))
            packet.pts = packet.dts = 0
            packet.stream = copy
            out.mux(packet)
        tagged.seek(0)
        with av.open(tagged) as reader:
            yield reader.streams.video[0]


def mend(path: Path) -> None:
    """Makes an MP4's `vexu` a box that says nothing: it promises Apple's players a layer of the right eye's own."""
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as held:
        at = held.rfind(_WRONG)
        if at >= 0:
            held[at + 4 : at + 8] = b"free"
