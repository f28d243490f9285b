"""Small movies for the tests, each frame telling its number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

SIZE = (96, 64)


@dataclass(frozen=True)
class Make:
    """How a movie is made; tags are code points of H.273."""

    frames: int = 24
    codec: str = "ffv1"
    pixels: str = "yuv420p"
    rate: Fraction = Fraction(24)
    tags: tuple[int, int, int, int] = (1, 1, 1, 1)  # primaries, transfer, matrix, range
    options: Mapping[str, str] = field(default_factory=dict)
    container: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)
    timecode: str = ""
    times_ms: tuple[int, ...] = ()
    gop: int = 8
    size: tuple[int, int] = SIZE
    interlaced: bool = False


def picture(number: int, size: tuple[int, int] = SIZE) -> npt.NDArray[np.uint8]:
    """(rows, columns, 3), another for every number, with motion in it."""
    y, x = np.mgrid[: size[1], : size[0]]
    planes = ((x * 2 + number * 7) % 256, (y * 3 + number * 5) % 256, (x + y + number * 9) % 256)
    return np.stack(planes, -1).astype(np.uint8)


def make(path: Path, how: Make = Make(), frames: Iterable[VideoFrame] | None = None) -> Path:
    """Writes a movie, of `picture` or of given frames."""
    with av.open(str(path), "w", container_options=dict(how.container)) as container:
        stream: Any = container.add_stream(how.codec, rate=how.rate, options=dict(how.options))
        stream.width, stream.height = how.size
        stream.pix_fmt = how.pixels
        context = stream.codec_context
        context.gop_size = how.gop
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = how.tags
        if how.times_ms:
            context.time_base = stream.time_base = Fraction(1, 1000)
        container.metadata.update(how.said)
        if how.timecode:
            (container if path.suffix in (".mkv", ".mxf") else stream).metadata["timecode"] = how.timecode
        for number, frame in enumerate(frames or _pictures(how)):
            frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = how.tags
            if how.times_ms:
                frame.pts, frame.time_base = how.times_ms[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _pictures(how: Make) -> Iterable[VideoFrame]:
    for number in range(how.frames):
        yield VideoFrame.from_ndarray(picture(number, how.size), format="rgb24").reformat(format=how.pixels)


def planar(planes: list[npt.NDArray[Any]], pixels: str) -> VideoFrame:
    """A frame of these samples, plane by plane."""
    frame = VideoFrame(planes[0].shape[1], planes[0].shape[0], pixels)
    for plane, samples in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // samples.itemsize), samples.dtype)
        rows[:, : samples.shape[1]] = samples
        plane.update(rows.tobytes())
    return frame
