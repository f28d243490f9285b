"""Frames of a movie by position, whichever order they are asked in.

A frame is the same whether it was sought or came in order: decoding begins at a key frame at or before it, what a
decoder gives from before that key frame is not used, and a frame that comes out broken is decoded again from further
back.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import ffv1, guard
from host_bridge.io.plates.film_index import FilmIndex

KEPT_FRAMES = 24
KEPT_BYTES = 512 << 20
_LEAST_KEPT = 3


def open_film(path: Path) -> tuple[InputContainer, VideoStream]:
    """Opens a movie and its picture.

    Raises:
        PlateError: no movie, or one without a picture.
    """
    guard.first_bytes(path)
    try:
        container = av.open(str(path), metadata_errors="replace")
        stream = container.streams.best("video")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = str(getattr(error, "strerror", "") or error).splitlines()[0]
        raise PlateError(f"not a movie that can be read ({reason})", where=str(path), remedy=guard.AGAIN) from error
    if not isinstance(stream, VideoStream):
        raise PlateError("the file has no picture", where=str(path), remedy="name a movie with a video track")
    stream.thread_type = "AUTO"
    # A decoder that conceals damage gives a picture that nobody shot.
    stream.codec_context.options = {"err_detect": "crccheck+explode"}
    return container, stream


@dataclass(frozen=True)
class _Fed:
    """One packet.

    Attributes:
        packet: what was read.
        frames: what the decoder gave when it went in; of earlier packets as a rule.
        fault: whether a frame is lost here.
        dropped: whether the decoder never saw the packet.
    """

    packet: Packet[VideoStream]
    frames: tuple[VideoFrame, ...] = ()
    fault: bool = False
    dropped: bool = False


class _Doubts:
    """The times of frames that a dropped packet may have spoiled: those stored behind it, up to the next key frame.

    What was stored before it comes out of a decoder after it, and is whole.
    """

    def __init__(self) -> None:
        self.times: set[int] = set()
        self._broken = False
        self._whole_from = -math.inf

    def see(self, fed: _Fed) -> None:
        """Looks at the next packet."""
        packet = fed.packet
        if packet.pts is None:
            return
        if fed.dropped:
            self._broken = True
        elif packet.is_keyframe and self._broken:
            self._broken, self._whole_from = False, packet.pts
        if self._broken or packet.pts < self._whole_from:
            self.times.add(packet.pts)


class FilmDecoder:
    """Decodes one movie; asked from several threads. Keeps the last frames, so that neighbours cost nothing.

    Args:
        path: the file.
        index: its frames.
    """

    def __init__(self, path: Path, index: FilmIndex) -> None:
        self._path, self._index = path, index
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, VideoFrame] = OrderedDict()
        self._coming: Iterator[tuple[int, VideoFrame]] | None = None
        self._next = 0
        self._intact: dict[int, frozenset[int]] = {}
        self._film: tuple[InputContainer, VideoStream] | None = None
        container, stream = open_film(path)
        with container:
            self._checksums = ffv1.has_checksums(container, stream)

    def frame(self, position: int) -> VideoFrame:
        """The frame at a position.

        Raises:
            PlateError: it cannot be decoded.
        """
        with self._lock:
            if position in self._kept:
                self._kept.move_to_end(position)
                return self._kept[position]
            key = self._index.key_at(position)
            if self._coming is not None and self._index.keys[key] <= self._next <= position:
                found = self._until(position)
                if found is not None:
                    return found
            for start in dict.fromkeys((key, max(0, key - 1), 0)):
                self._begin(start)
                found = self._until(position)
                if found is not None:
                    return found
            for start in dict.fromkeys((key, max(0, key - 1))):
                found = self._waiting(start, position)
                if found is not None:
                    return found
        raise PlateError("the frame is damaged", where=str(self._path), remedy=guard.AGAIN)

    def _begin(self, key: int) -> None:
        """Starts to decode at a key frame, or before it where the container seeks no better."""
        position = self._index.keys[key]
        if self._film is None or not self._index.times:
            if self._film is not None:
                self._film[0].close()
            self._film = open_film(self._path)
        container, stream = self._film
        if self._index.times:
            container.seek(self._index.seeks[key], stream=stream)
        self._coming, self._next = self._sound(_fed(container, stream, self._checksums)), position

    def _waiting(self, key: int, position: int) -> VideoFrame | None:
        """The frame at a position, from the packets between a key frame and the first fault and no others.

        A decoder holds frames back until those shown before them came; with a fault it may drop what waits.
        """
        if position not in self._intact.get(key, (position,)):
            return None
        intact, wanted = set[int](), None
        for at, frame in self._sound(self._alone(key, self._before_fault(key))):
            intact.add(at)
            self._keep(at, frame)
            wanted = frame if at == position else wanted
        self._intact[key] = frozenset(intact)
        return wanted

    def _before_fault(self, key: int) -> int:
        """How many packets from a key frame on can be trusted: those before a fault, but for the last of them.

        What spoiled a packet may begin in the one stored before it, unseen. 0 where there is no fault.
        """
        for count, fed in enumerate(self._alone(key)):
            if fed.fault:
                return max(0, count - 1)
        return 0

    def _alone(self, key: int, most: int | None = None) -> Iterator[_Fed]:
        """As `_fed` in a decoder of its own, in which a fault shows with its own packet.

        Args:
            key: which of the index's key frames to begin at.
            most: the packets to feed; what then waits in the decoder comes with the last of them. None feeds all.
        """
        container, stream = open_film(self._path)
        with container:
            stream.codec_context.thread_count = 1
            if self._index.times:
                container.seek(self._index.seeks[key], stream=stream)
            last = None
            for last in islice(_fed(container, stream, self._checksums), most):
                yield last
            if most is not None and last is not None:
                yield replace(last, frames=_waiting_in(stream))

    def _sound(self, packets: Iterable[_Fed]) -> Iterator[tuple[int, VideoFrame]]:
        """Whole frames with their positions, none from before the first key frame's own time.

        A frame made from one that was lost is not whole: after a fault none is, until the next key frame.
        """
        first, count, sound, doubts = None, -1, True, _Doubts()
        for fed in packets:
            if first is None and fed.packet.is_keyframe and fed.packet.pts is not None:
                first = fed.packet.pts
            if fed.fault and not (fed.dropped and self._index.times):
                sound = False
            doubts.see(fed)
            for frame in fed.frames:
                count += 1
                sound = not frame.is_corrupt and (sound or frame.key_frame)
                position = self._index.positions.get(_time(frame), -1) if self._index.times else count
                leading = first is not None and frame.pts is not None and frame.pts < first
                if position >= 0 and sound and not leading and _time(frame) not in doubts.times:
                    yield position, frame

    def _until(self, position: int) -> VideoFrame | None:
        assert self._coming is not None
        for at, frame in self._coming:
            self._keep(at, frame)
            self._next = at + 1
            if at == position:
                return frame
            if at > position:
                return None
        self._coming = None
        return None

    def _keep(self, position: int, frame: VideoFrame) -> None:
        self._kept[position] = frame
        most = KEPT_BYTES // max(1, sum(plane.buffer_size for plane in frame.planes))
        while len(self._kept) > max(_LEAST_KEPT, min(KEPT_FRAMES, most)):
            self._kept.popitem(last=False)


def _fed(container: InputContainer, stream: VideoStream, checksums: bool) -> Iterator[_Fed]:
    """Packets, and what came out when they went in; what waits at the end comes with the last of them."""
    packets, last = container.demux(stream), None
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            if last is not None:
                yield _Fed(last, _waiting_in(stream))
            return
        if packet is None:
            return
        last = packet
        if packet.is_corrupt or (checksums and packet.size and not ffv1.passes_checksum(bytes(packet))):
            yield _Fed(packet, fault=True, dropped=True)
            continue
        try:
            yield _Fed(packet, tuple(frame for frame in packet.decode() if isinstance(frame, VideoFrame)))
        except av.error.FFmpegError:
            yield _Fed(packet, fault=True)


def _waiting_in(stream: VideoStream) -> tuple[VideoFrame, ...]:
    """The frames that a decoder still holds; none can follow."""
    try:
        return tuple(stream.codec_context.decode(None))
    except av.error.FFmpegError:
        return ()


def _time(frame: VideoFrame) -> int:
    return -1 if frame.pts is None else frame.pts
