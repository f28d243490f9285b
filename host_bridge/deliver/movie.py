"""Movies, in segments: a delivery that was stopped goes on with the next one.

A segment is a movie of `SEGMENT` frames in a hidden folder beside the output. When all are there their packets are
copied into the movie, with the sound; the folder is removed at the end.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import heapq
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import OutputError
from host_bridge.core.frame import Array
from host_bridge.deliver import sound, stereo_tags
from host_bridge.deliver.plan import MOVIES, Codec, Delivery

SEGMENT = 120
X265_DELAY = 2
"""Frames by which x265 delays decoding times, at its own setting of B-frames."""
# H.264's frame packing arrangement, ISO/IEC 14496-10 table D-8.
_PACKING_SEI = {"sbs": 3, "sbs-half": 3, "tb": 4, "tb-half": 4}
# Apple's players take HEVC whose parameters lie beside its pictures, under this name alone: "HLS Authoring", 1.10.
_TAGS = {("libx265", "mp4"): "hvc1", ("libx265", "mov"): "hvc1"}
# FFmpeg's names of the matrices that signals use.
_MATRIX = {1: "ITU709", 9: "BT2020"}


def write_movie(
    path: Path,
    numbers: Sequence[int],
    picture: Callable[[int], Array],
    delivery: Delivery,
    *,
    identity: Mapping[str, Any],
) -> None:
    """Writes a movie, or goes on with one that was stopped.

    Args:
        path: the movie.
        numbers: its frames, in order.
        picture: gives one frame, (rows, columns, 3) uint16, display-referred; asked for
            in segments that are not done.
        delivery: codec, layout, rate and sound.
        identity: what the pictures depend on; segments of another identity are not taken.

    Raises:
        OutputError: it cannot be written or encoded.
    """
    kept, segments = _segments_of(path), []
    with _naming_the_movie(path), _not_left_empty(kept):
        for start in range(0, len(numbers), SEGMENT):
            chunk = numbers[start : start + SEGMENT]
            name = _digest({**identity, "frames": list(chunk), "delivery": repr(delivery)})
            segments.append(kept / f"{start:06d}-{name}.mov")
            if not segments[-1].is_file():
                with replacing(segments[-1]) as temporary:
                    _encode(temporary, (picture(number) for number in chunk), len(chunk), delivery)
            if start == 0:
                sound.validate_fits(segments[0], delivery.audio, MOVIES[path.suffix.lower()])
        with replacing(path) as temporary:
            _join(temporary, segments, delivery, MOVIES[path.suffix.lower()], len(numbers))
        shutil.rmtree(kept, ignore_errors=True)


@contextlib.contextmanager
def _naming_the_movie(path: Path) -> Iterator[None]:
    """Segments are hidden; a person asked for the movie."""
    try:
        yield
    except OutputError as error:
        if Path(error.where or "").parent == _segments_of(path):
            error.where = str(path)
        raise


@contextlib.contextmanager
def _not_left_empty(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise


def _segments_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.segments")


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(body, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


def _encode(path: Path, pictures: Iterable[Array], count: int, delivery: Delivery) -> None:
    codec = delivery.codec
    assert codec is not None
    signal = delivery.signal
    try:
        with av.open(str(path), "w", format="mov") as out:
            stream: Any = None
            for index, picture in enumerate(pictures):
                picture = np.ascontiguousarray(picture)
                if stream is None:
                    stream = _stream(out, codec, delivery, picture.shape)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb48le")
                frame = frame.reformat(
                    format=codec.pixels,
                    dst_colorspace=_MATRIX[signal.matrix],
                    dst_color_range="MPEG",
                    interpolation=Interpolation.AREA,  # a longer filter would mix rows of two eyes
                )
                frame.color_primaries, frame.color_trc = signal.primaries, signal.transfer
                frame.pts, frame.time_base = index, 1 / _rate(delivery.fps)
                out.mux(_timed(stream.encode(frame), codec, count))
            out.mux(_timed(stream.encode(None), codec, count))
    except (av.FFmpegError, ValueError) as error:
        _raise_of_disk(error)
        raise OutputError(f"cannot be encoded ({error})", where=str(path), remedy="try another --codec") from error


def _raise_of_disk(error: Exception) -> None:
    """Lets a fault of the disk be said as such: another codec would not mend it."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES):
        raise OSError(number, os.strerror(number)) from error


def _timed(packets: list[Any], codec: Codec, count: int) -> list[Any]:
    """Packets with times that a container can trust.

    x265 takes decoding times from a list of the frames seen so far, and gives whatever lay in its memory where a stream
    is shorter than its delay; so few frames are in order.
    """
    if codec.encoder == "libx265" and count <= X265_DELAY:
        for packet in packets:
            packet.dts = packet.pts
    return packets


def _stream(out: Any, codec: Codec, delivery: Delivery, shape: tuple[int, ...]) -> Any:
    options = dict(codec.options)
    if codec.quality:
        options[codec.quality] = str(delivery.quality)
    if codec.encoder == "libx264" and delivery.layout:
        options["x264-params"] = f"frame-packing={_PACKING_SEI[delivery.layout]}"
    if shape[1] < codec.least_px[0] or shape[0] < codec.least_px[1]:
        raise OutputError(
            f"a picture of {shape[1]}×{shape[0]} px is too small for this codec, which takes "
            f"{codec.least_px[0]}×{codec.least_px[1]} and more",
            where="--codec",
            remedy="take another",
        )
    if codec.encoder == "libx265":
        options["x265-params"] = "log-level=error"
    stream = out.add_stream(codec.encoder, rate=_rate(delivery.fps), options=options)
    stream.height, stream.width, stream.pix_fmt = shape[0], shape[1], codec.pixels
    context = stream.codec_context
    signal = delivery.signal
    context.color_primaries, context.color_trc, context.colorspace = signal.primaries, signal.transfer, signal.matrix
    context.color_range = 1
    return stream


def _join(path: Path, segments: Sequence[Path], delivery: Delivery, container: str, frames: int) -> None:
    """Copies the packets of all segments, and the sound as long as the picture lasts."""
    rate = _rate(delivery.fps)
    try:
        with (
            av.open(str(path), "w", format=container, options=stereo_tags.OPTIONS) as out,
            sound.opened(delivery.audio) as audio,
        ):
            with stereo_tags.template(segments[0], delivery.layout, container) as first:
                stream = out.add_stream_from_template(first)
            codec = delivery.codec
            if codec is not None and (tag := _TAGS.get((codec.encoder, container))):
                stream.codec_context.codec_tag = tag
            # MXF takes no stream without a rate, and a template has none.
            stream.codec_context.framerate = rate
            if delivery.layout:
                stream.metadata["stereo_mode"] = stereo_tags.STEREO_MODE[delivery.layout]
            tracks = sound.added(out, audio)
            start_s, seconds = Fraction(delivery.audio_from_s), Fraction(frames) / rate
            # A player that reads on finds the sound beside its picture.
            both = _picture_packets(segments, stream, rate), sound.packets(audio, tracks, start_s, seconds)
            for packet in heapq.merge(*both, key=_when):
                out.mux(packet)
        if container == stereo_tags.TOLD_BY_BOX:
            stereo_tags.mend(path)
    except av.FFmpegError as error:
        _raise_of_disk(error)
        raise OutputError(f"cannot be written ({error})", where=str(path), remedy="try another container") from error


def _picture_packets(segments: Sequence[Path], stream: Any, rate: Fraction) -> Iterator[Any]:
    """The packets of all segments, each at its time in the movie."""
    for index, segment in enumerate(segments):
        with av.open(str(segment)) as part:
            source: Any = part.streams.video[0]
            offset = round(index * SEGMENT / rate / source.time_base)
            for packet in part.demux(source):
                if packet.dts is not None or packet.pts is not None:
                    packet.pts = None if packet.pts is None else packet.pts + offset
                    packet.dts = None if packet.dts is None else packet.dts + offset
                    packet.stream = stream
                    yield packet


def _when(packet: Any) -> Fraction:
    return Fraction((packet.pts if packet.dts is None else packet.dts) * packet.time_base)


def _rate(fps: float) -> Fraction:
    """The rate as a fraction; 23.976 and its like are n·1000/1001."""
    rounded = round(fps)
    if abs(fps - rounded * 1000 / 1001) < 0.005 and fps != rounded:
        return Fraction(rounded * 1000, 1001)
    return Fraction(fps).limit_denominator(1001)
