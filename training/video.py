"""A video file through FFmpeg: the frames that are asked for, by seeking once their times are known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import PlateError
from host_bridge.io.plates import ffv1
from host_bridge.io.plates.film_index import build_index
from training.transfer import display_referred

Picture = npt.NDArray[np.uint8]
_HIDDEN = 2
_DEEP = 8  # bits above which a video is decoded at 16


@dataclass
class Times:
    """Presentation time of each frame, and whether decoding can begin there; as one whole pass met them."""

    seen: list[tuple[int | None, bool]] = field(default_factory=list)
    known: bool = False

    def finish(self) -> None:
        """The pass is over: times that rise strictly name their frames."""
        times = [time for time, _ in self.seen if time is not None]
        self.known = len(times) == len(self.seen) and all(a < b for a, b in pairwise(times))

    def time(self, index: int) -> int:
        """Of a frame, once they are known."""
        time = self.seen[index][0]
        assert time is not None
        return time

    def entrance(self, index: int) -> int:
        """The last frame up to `index` at which decoding can begin."""
        return next((n for n in range(index, -1, -1) if self.seen[n][1]), 0)


@dataclass(frozen=True)
class Video:
    """A video file; more than 8 bits and HDR transfer curves are brought to display.

    Attributes:
        path: the file.
        shrink: pictures are made so many times smaller, by averages.
        times: of the frames, shared by all copies of this; filled by the first pass over all of them.
    """

    path: Path
    shrink: int = 1
    times: Times = field(default_factory=Times, compare=False, repr=False)

    def pictures(self, wanted: frozenset[int] | None) -> Iterator[tuple[int, Picture]]:
        """Frames in order with their numbers; None wants all.

        Raises:
            PlateError: the file cannot be read, is damaged at a frame that is wanted or before it, or is cut short.
        """
        with self._opened() as (container, stream):
            if wanted is None:
                yield from self._all(container, stream)
            elif self.times.known and max(wanted, default=-1) < len(self.times.seen):
                yield from self._sought(container, stream, sorted(wanted))
            else:
                yield from self._until(container, stream, wanted)

    def frames_counted(self) -> int | None:
        """How many frames the container counts, or its length holds; None where it says neither."""
        with self._opened() as (container, stream):
            if stream.frames:
                return int(stream.frames)
            if container.duration and stream.average_rate:
                return max(1, int(container.duration * float(stream.average_rate) / av.time_base + 0.5))
        return None

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        try:
            with av.open(str(self.path)) as container:
                if not container.streams.video:
                    raise PlateError("holds no pictures, only sound or data", where=str(self.path))
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                yield container, stream
        except (av.FFmpegError, IndexError, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PlateError(
                f"cannot be read as a video ({reason})",
                remedy="it may be cut short or of another kind; play it, then deliver it again",
                where=str(self.path),
            ) from error

    def _all(self, container: Any, stream: Any) -> Iterator[tuple[int, Picture]]:
        index, times = -1, []
        for index, frame in enumerate(self._decoded(container, stream)):
            self._sound(frame, index)
            times.append((frame.pts, bool(frame.key_frame)))
            yield index, self._picture(frame)
        self.times.seen[:] = times
        self.times.finish()
        self._whole(index + 1, stream.frames or self._promised())

    def _whole(self, count: int, counted: int) -> None:
        # An edit list may hide a few of the frames that a container counts.
        if counted - count > max(_HIDDEN, counted // 100):
            raise PlateError(f"is cut short or damaged: {count} of {counted} frames can be read", where=str(self.path))

    def _promised(self) -> int:
        """How many frames a container speaks of that does not count them, such as Matroska."""
        with self._opened() as (container, stream):
            return build_index(container, stream, self.path).promised

    def _decoded(self, container: Any, stream: Any) -> Iterator[av.VideoFrame]:
        """Frames in order; where FFV1 has checksums, up to the first packet that does not pass its own."""
        if not self._has_checksums:
            yield from container.decode(stream)
            return
        for packet in container.demux(stream):
            if packet.size and not ffv1.passes_checksum(bytes(packet)):
                yield from stream.codec_context.decode(None)
                raise PlateError("is damaged: a checksum does not fit", where=str(self.path))
            yield from packet.decode()

    @cached_property
    def _has_checksums(self) -> bool:
        with self._opened() as (container, stream):
            return ffv1.has_checksums(container, stream)

    def _until(self, container: Any, stream: Any, wanted: frozenset[int]) -> Iterator[tuple[int, Picture]]:
        last = max(wanted, default=-1)
        for index, frame in enumerate(self._decoded(container, stream)):
            self._sound(frame, index)
            if index in wanted:
                yield index, self._picture(frame)
            if index >= last:
                return

    def _sought(self, container: Any, stream: Any, wanted: list[int]) -> Iterator[tuple[int, Picture]]:
        """By the nearest entrance before each; a frame is known by its time, never by counting from a seek."""
        numbers = {time: index for index, (time, _) in enumerate(self.times.seen)}
        frames, at = self._decoded(container, stream), -1
        for index in wanted:
            entrance = self.times.entrance(index)
            if entrance > at + 1:
                container.seek(self.times.time(entrance), stream=stream)
                frames = self._decoded(container, stream)
            for frame in frames:
                number = numbers.get(frame.pts)
                if number is None or number < index:
                    continue
                if number > index:
                    raise PlateError(f"has no frame {index} that can be decoded alone", where=str(self.path))
                self._sound(frame, index)
                at = index
                yield index, self._picture(frame)
                break
            else:
                return

    def _sound(self, frame: av.VideoFrame, index: int) -> None:
        """FFmpeg paints over what it cannot decode; what follows is built on it."""
        if frame.is_corrupt:
            raise PlateError(f"is damaged at frame {index}", where=str(self.path))

    def _picture(self, frame: av.VideoFrame) -> Picture:
        deep = max(component.bits for component in frame.format.components) > _DEEP
        kind = "rgb48le" if deep else "rgb24"
        if self.shrink > 1:
            size = frame.width // self.shrink, frame.height // self.shrink
            smaller = frame.reformat(width=size[0], height=size[1], format=kind, interpolation="AREA")
            pixels = smaller.to_ndarray()
        else:
            pixels = frame.to_ndarray(format=kind)
        return display_referred(pixels, int(frame.color_trc), int(frame.color_primaries))
