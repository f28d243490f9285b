"""The sound of a movie: every track of a movie plate or of a sound file, copied packet by packet."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from host_bridge.core.errors import BadInputError, OutputError

_KEPT_TAGS = ("language", "title")
Tracks = Sequence[tuple[Any, Any]]
"""Pairs of a track and the stream that it is copied to."""


@contextmanager
def opened(path: Path | None) -> Iterator[Any]:
    """A file with sound, or nothing.

    Raises:
        OutputError: it cannot be read.
    """
    if path is None:
        yield None
        return
    try:
        file = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise OutputError(f"the sound cannot be read ({error})", where=str(path), remedy="check --audio") from error
    with file:
        yield file


def validate_has_sound(path: Path) -> None:
    """Refuses a file that was named for its sound and has none.

    Raises:
        BadInputError: it has none.
        OutputError: it cannot be read.
    """
    with opened(path) as file:
        if not file.streams.audio:
            raise BadInputError("there is no sound in it", where=str(path), remedy="check --audio")


def added(out: Any, sound: Any) -> Tracks:
    """The tracks of a file, each with a stream for it in the movie.

    Raises:
        ValueError: the container does not take one.
    """
    found = []
    for track in sound.streams.audio if sound is not None else ():
        stream = out.add_stream_from_template(track)
        stream.metadata.update({tag: track.metadata[tag] for tag in _KEPT_TAGS if tag in track.metadata})
        found.append((track, stream))
    return found


def packets(sound: Any, tracks: Tracks, start_s: Fraction, seconds: Fraction) -> Iterator[Any]:
    """What is heard from `start_s` on, for so long, as packets of the movie in the order of the file."""
    if not tracks:
        return
    streams = {track.index: stream for track, stream in tracks}
    for packet in sound.demux(*(track for track, _ in tracks)):
        if packet.dts is None or packet.pts is None:
            continue
        base = packet.stream.time_base
        if not start_s <= packet.pts * base < start_s + seconds:
            continue
        skipped = round(start_s / base)
        packet.pts, packet.dts = packet.pts - skipped, packet.dts - skipped
        packet.stream = streams[packet.stream.index]
        yield packet


def validate_fits(segment: Path, audio: Path | None, container: str) -> None:
    """Refuses sound that a container does not take, before a whole film is encoded.

    Args:
        segment: a movie file with the movie's own picture.
        audio: where the sound comes from.
        container: FFmpeg's name of the movie's.

    Raises:
        OutputError: it does not fit, or cannot be read.
    """
    with opened(audio) as sound, av.open(str(segment)) as made:
        names = ", ".join(dict.fromkeys(t.codec_context.name for t in sound.streams.audio)) if sound else ""
        if not names:
            return
        out = av.open(io.BytesIO(), "w", format=container)
        try:
            video: Any = out.add_stream_from_template(made.streams.video[0])
            video.codec_context.framerate = made.streams.video[0].average_rate
            added(out, sound)
            out.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            raise OutputError(
                f"its sound ({names}) does not go into such a file as it is",
                where=str(audio),
                remedy="end the name in .mkv, or name a file of other sound with --audio (.mxf takes PCM of 48 kHz)",
            ) from error
        finally:
            with contextlib.suppress(av.FFmpegError, ValueError):
                out.close()
