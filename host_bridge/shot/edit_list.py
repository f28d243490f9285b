"""Cuts that an editor already knows: frame numbers, a CMX 3600 EDL or an OpenTimelineIO timeline.

Convention:
    The first frame of an edit list is the plate's first frame; a dissolve counts as a cut at its middle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError

LISTS = (".edl", ".otio")


def cuts_in(path: Path, *, first: int, fps: float = 24.0) -> tuple[int, ...]:
    """The first frame of every scene but the first.

    Args:
        path: an .edl or .otio file, or text with frame numbers, where what follows a # is a remark.
        first: the plate's first frame.
        fps: frames a second that an EDL's timecodes count.

    Raises:
        BadInputError: it cannot be read, holds no picture, or holds something else.
    """
    if path.suffix.lower() not in LISTS:
        return _numbers(path)
    offsets = _offsets(path, fps)
    return tuple(first + offset for offset in offsets if offset > 0)


def _numbers(path: Path) -> tuple[int, ...]:
    try:
        lines = [line.partition("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines()]
        return tuple(int(word) for words in lines for word in words)
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"no list of cuts: {error}", where=f"--cuts {path}", remedy="write the first frame of each scene on a line"
        ) from error


def _offsets(path: Path, fps: float) -> list[int]:
    """Where clips begin, in frames from the start of the first picture track."""
    # Loaded only here: most analyses have no edit list.
    import opentimelineio as otio

    options = {"rate": fps} if path.suffix.lower() == ".edl" else {}
    try:
        timeline: Any = otio.adapters.read_from_file(str(path), **options)
        tracks = timeline.video_tracks()
    except (otio.exceptions.OTIOError, OSError, ValueError, AttributeError, KeyError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise BadInputError(
            f"the edit list cannot be read: {reason[0]}",
            where=f"--cuts {path}",
            remedy="export it as a CMX 3600 EDL, with --cuts-fps for its rate, or as .otio",
        ) from error
    if not tracks or not len(tracks[0]):
        raise BadInputError("the edit list holds no picture", where=f"--cuts {path}", remedy="export its picture track")
    track, found, shift = tracks[0], [], 0.0
    for index, item in enumerate(track):
        if isinstance(item, otio.schema.Transition):
            shift = (item.out_offset.value - item.in_offset.value) / 2
            continue
        start = track.range_of_child_at_index(index).start_time.value
        found.append(round(start + shift))
        shift = 0.0
    return found
