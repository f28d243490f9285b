"""Frame ranges as Open Job Description writes them: `1001-1009:2,1020`, where ours is `1001-1009x2,1020`.

Source: Open Job Description, template schemas 2023-09, section 3.4.1, integer range expressions.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Iterator

from host_bridge.core.errors import BadInputError

MAX_TEXT = 1024
"""Characters that a parameter's value may have."""
_STEP = re.compile(r"(?<=\d):(?=\d)")


def to_openjd(frames: Iterable[int]) -> str:
    """The range expression of some frames, ascending.

    Raises:
        BadInputError: the frames are so scattered that no parameter holds them.
    """
    text = ",".join(_written(*run) for run in _runs(sorted(set(frames))))
    if len(text) > MAX_TEXT:
        raise BadInputError(
            f"the frames make a range of {len(text)} characters, and a job takes {MAX_TEXT}",
            where="--frames",
            remedy="submit the shot in several parts",
        )
    return text


def from_openjd(text: str) -> str:
    """The same range in the spelling of `--frames`."""
    return _STEP.sub("x", text)


def frames_of(args: argparse.Namespace) -> str | None:
    """The `--frames` of a command, which a farm's task writes in the farm's spelling."""
    text: str | None = args.frames
    return from_openjd(text) if text and args.openjd else text


def _runs(frames: list[int]) -> Iterator[tuple[int, int, int]]:
    """First, last and step of stretches of even steps; two frames make a stretch only when they are neighbours."""
    at = 0
    while at < len(frames):
        step = frames[at + 1] - frames[at] if at + 1 < len(frames) else 1
        end = at
        while end + 1 < len(frames) and frames[end + 1] - frames[end] == step:
            end += 1
        if end == at + 1 and step > 1:
            end = at
        yield frames[at], frames[end], step
        at = end + 1


def _written(first: int, last: int, step: int) -> str:
    if first == last:
        return str(first)
    return f"{first}-{last}" if step == 1 else f"{first}-{last}:{step}"
