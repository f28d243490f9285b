"""Which frames a movie holds, in the order they are shown, found without decoding any."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

_SAME_STEP = 0.25
_BELIEVED_LOSS = 2
# The farthest that a codec stores a frame ahead of its turn, and the step that shows one missing.
_REORDERED, _GAP = 17, 1.6


@dataclass(frozen=True)
class FilmIndex:
    """The frames of one movie; positions count from 0 in presentation order.

    Attributes:
        times: presentation time of each frame, ascending, in the stream's time base; empty when the file has none.
        keys: positions at which decoding can begin, ascending; the first is 0.
        seeks: the time to seek to for each of `keys`.
        count: frames that the file holds.
        promised: frames that its header speaks of; more than `count` when it was cut short.
    """

    times: tuple[int, ...]
    keys: tuple[int, ...]
    seeks: tuple[int, ...]
    count: int
    promised: int

    @cached_property
    def positions(self) -> dict[int, int]:
        """Position by presentation time."""
        return {time: position for position, time in enumerate(self.times)}

    def key_at(self, position: int) -> int:
        """Which of `keys` is the last one at or before a position."""
        return bisect_right(self.keys, position) - 1

    @cached_property
    def even(self) -> bool:
        """Whether every frame is shown for the same time, but for what rounding to the time base moves."""
        if len(self.times) < 3:
            return True
        steps = np.diff(np.asarray(self.times, np.float64))
        usual = float(np.median(steps))
        return bool(np.abs(steps - usual).max() <= max(1.0, _SAME_STEP * usual))


def build_index(container: InputContainer, stream: VideoStream, path: Path) -> FilmIndex:
    """Reads a movie's packets, or only the container's own index where every frame is a key frame."""
    return _from_table(stream, path) or _from_packets(container, stream)


def _from_table(stream: VideoStream, path: Path) -> FilmIndex | None:
    """Of MOV and MP4 whose frames stand alone: they are shown in the order they are stored."""
    entries = list(stream.index_entries)
    if not entries or len(entries) != stream.frames or stream.codec_context.has_b_frames:
        return None
    if any(not e.is_keyframe or e.is_discard or e.size <= 0 for e in entries):
        return None
    size = path.stat().st_size
    times = tuple(e.timestamp for e in entries if e.pos + e.size <= size)
    if any(later <= earlier for earlier, later in pairwise(times)):
        return None
    return FilmIndex(times, tuple(range(len(times))), times, len(times), len(entries))


@dataclass(frozen=True)
class _Packet:
    time: int
    seek: int
    key: bool
    broken: bool


def _from_packets(container: InputContainer, stream: VideoStream) -> FilmIndex:
    stored, count, timed = [], 0, True
    try:
        for packet in container.demux(stream):
            if not packet.size:
                continue
            count += 1
            if packet.is_discard:
                continue
            timed = timed and packet.pts is not None
            time = packet.pts if packet.pts is not None else count
            seek = min(time, packet.dts if packet.dts is not None else time)
            stored.append(_Packet(time, seek, packet.is_keyframe, packet.is_corrupt))
    except av.error.FFmpegError:
        pass  # a file that was cut short ends like this in some containers
    while stored and stored[-1].broken:
        stored.pop()
        count -= 1
    shown = sorted({packet.time: packet for packet in stored}.values(), key=lambda packet: packet.time)
    stamps = [packet.time for packet in shown] if timed else []
    lost = stream.frames - count if stream.frames else _unseen(container, stream, len(shown), stamps)
    promised = len(shown) + max(0, lost)
    if not timed or not shown:
        return FilmIndex((), (0,), (0,), len(shown), promised)
    if lost > 0 and not _varies(stamps):
        shown = shown[: _unbroken(stamps)]
    keyed = {0: shown[0].seek, **{position: packet.seek for position, packet in enumerate(shown) if packet.key}}
    times = tuple(packet.time for packet in shown)
    return FilmIndex(times, tuple(keyed), tuple(keyed.values()), len(shown), promised)


def _unbroken(times: list[int]) -> int:
    """How many frames come before the first gap near the end of a file that was cut off.

    Frames are stored before those that are shown earlier and were made from them; where the latter are lost, what
    follows them would be counted too low.
    """
    if len(times) < 3:
        return len(times)
    steps = np.diff(np.asarray(times, np.float64))
    first = max(0, len(steps) - _REORDERED)
    gaps = np.flatnonzero(steps[first:] > _GAP * np.median(steps))
    return first + int(gaps[0]) + 1 if gaps.size else len(times)


def _varies(times: list[int]) -> bool:
    """Whether frames are shown for as long as each of them wants, rather than at a rate of which some may be lost.

    What is lost leaves gaps of whole steps, near the end of the file.
    """
    if len(times) < 3:
        return False
    steps = np.diff(np.asarray(times, np.float64))
    usual = float(np.median(steps))
    rounded = np.maximum(1.0, np.round(steps / usual)) * usual
    strange = np.abs(steps - rounded) > max(1.0, _SAME_STEP * usual)
    return bool(strange.any() or (steps[:-_REORDERED] > _GAP * usual).any())


def _unseen(container: InputContainer, stream: VideoStream, count: int, times: list[int]) -> int:
    """Frames that the video's own duration speaks of beyond `count`; 0 when the file does not say, or of sound too.

    Where the rate varies, or is another than the file states, those that would fit after the last frame.
    """
    rate, seconds = stream.average_rate or stream.guessed_rate, _stated_duration_s(container, stream)
    if len(times) > 2 and stream.time_base and rate:
        usual_s = float(np.median(np.diff(times)) * stream.time_base)
        if _varies(times) or abs(usual_s * float(rate) - 1.0) > _SAME_STEP:
            until_s = float((2 * times[-1] - times[-2] - (stream.start_time or 0)) * stream.time_base)
            lost = round((float(seconds) - until_s) / usual_s)
            return lost if lost >= _BELIEVED_LOSS else 0
    lost = round(seconds * rate) - count if rate else 0
    # Durations are rounded, and end with the last frame's begin or its end.
    return lost if lost >= _BELIEVED_LOSS else 0


def _stated_duration_s(container: InputContainer, stream: VideoStream) -> Fraction:
    if stream.duration and stream.time_base:
        return stream.duration * stream.time_base
    if text := stream.metadata.get("DURATION"):
        return _seconds(text)
    return (
        Fraction(container.duration, av.time_base)
        if container.duration and len(container.streams) == 1
        else Fraction(0)
    )


def _seconds(text: str) -> Fraction:
    try:
        hours, minutes, seconds = text.split(":")
        return 3600 * Fraction(hours) + 60 * Fraction(minutes) + Fraction(seconds)
    except ValueError:
        return Fraction(0)
