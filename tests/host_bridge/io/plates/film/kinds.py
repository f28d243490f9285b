"""One movie of each container and codec, and how a test opens or tags one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.video.frame import VideoFrame

from host_bridge.io.plates import PlateSequence, film
from tests.host_bridge.io.plates.films import Make

H264 = Make(codec="libx264", frames=40)
KINDS = {
    "h264.mp4": H264,
    "h264.mov": H264,
    "h264.mkv": H264,
    "open.mp4": Make(codec="libx264", frames=40, options={"x264-params": "open-gop=1:bframes=3"}),
    "hevc.mp4": Make(codec="libx265", frames=40, pixels="yuv420p10le", options={"x265-params": "log-level=none"}),
    "mpeg2.mxf": Make(codec="mpeg2video", frames=40, pixels="yuv422p", options={"bf": "2"}),
    "mpeg2.mpg": Make(codec="mpeg2video", frames=40),
    "prores.mov": Make(codec="prores_ks", pixels="yuv422p10le"),
    "ffv1.mkv": Make(),
    "mpeg4.avi": Make(codec="mpeg4", frames=40),
}


def again(path: Path, **options: Any) -> PlateSequence:
    """The movie as a process sees it that has read nothing of it."""
    film._opened.cache_clear()
    return PlateSequence.open(str(path), **options)


def tagged(frame: VideoFrame, tags: tuple[int, int, int, int]) -> VideoFrame:
    frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = tags
    return frame
