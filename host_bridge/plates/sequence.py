"""File sequences: which frames a person means, which of them have a file, and their plates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import fileseq

from host_bridge.errors import BadInputError, MissingFrameError
from host_bridge.geometry import Box
from host_bridge.plates.depth_input import OWN_DEPTH, DepthInput
from host_bridge.plates.pattern import Pattern, parse_frames
from host_bridge.plates.plate import Plate
from host_bridge.plates.read import read_plate, read_windows


@dataclass(frozen=True)
class PlateSequence:
    """The frames that a person asked for.

    Attributes:
        pattern: where they are.
        frames: asked frame numbers, in order; some may have no file.
        missing: those without a file.
        view: the view asked of each file; "" takes the file's first.
        layer: the layer or part asked of each file; "" takes the beauty.
        files: what lies on the disk by frame, as it is spelled there.
        depth: where the frames' depth is read from.
    """

    pattern: Pattern
    frames: tuple[int, ...]
    missing: frozenset[int]
    view: str = ""
    layer: str = ""
    files: Mapping[int, Path] = field(default_factory=dict)
    depth: DepthInput = OWN_DEPTH

    @staticmethod
    def open(text: str, *, frames: str | None = None, view: str = "", layer: str = "") -> PlateSequence:
        """Looks at the disk and settles which frames are meant.

        Without `frames` and without a range in the pattern, these are all frames from the first to the last file;
        a sequence with one even step (on twos) has no gaps.

        Raises:
            BadInputError: a range that cannot be read, or `%V` without a view.
            MissingFrameError: no file at all.
            PlateError: the folder cannot be read.
        """
        pattern = Pattern.parse(text)
        if pattern.has_view and not view:
            raise _no_view(pattern)
        if not pattern.numbered:
            return replace(_single(pattern, frames, view), layer=layer)
        found = pattern.on_disk(view)
        asked = parse_frames(frames) if frames is not None else pattern.declared or _spanned(found)
        missing = frozenset(asked) - frozenset(found)
        if len(missing) == len(asked):
            raise MissingFrameError(
                f"none of the {len(asked)} asked frames has a file" if asked else "no file matches",
                where=text,
                remedy=f"frames on disk: {fileseq.framesToFrameRange(found) or 'none'}; check the path and --frames",
            )
        return PlateSequence(pattern, asked, missing, view, layer, found)

    def path(self, frame: int) -> Path:
        """The file of one frame."""
        return self.files.get(frame) or self.pattern.path(frame, self.view)

    def read(self, frame: int, *, input_space: str | None = None) -> Plate:
        """The plate of one frame.

        Raises:
            Art3DError: as `read_plate` and `DepthInput.laid_over`.
        """
        plate = read_plate(
            self.path(frame),
            number=frame,
            view=self.view,
            layer=self.layer,
            input_space=input_space,
            depth_channel=self.depth.in_plate,
        )
        return self.depth.laid_over(plate, frame)

    def windows(self, frame: int) -> tuple[Box, Box]:
        """Display and data window of one frame, from its file's header.

        Raises:
            Art3DError: as `read_windows`.
        """
        return read_windows(self.path(frame), view=self.view, layer=self.layer)

    def held(self, frame: int) -> int | None:
        """The frame that stands in for a missing one: the nearest earlier that exists, else the first; or None."""
        there = [n for n in self.frames if n not in self.missing]
        earlier = [n for n in there if n < frame]
        return max(earlier) if earlier else min(there, default=None)


def _single(pattern: Pattern, frames: str | None, view: str) -> PlateSequence:
    path = pattern.path(0, view)
    if not path.is_file():
        raise MissingFrameError("no such file", where=str(path), remedy="check the path")
    number = _number_of(path)
    if frames is not None and parse_frames(frames) != (number,):
        raise BadInputError(
            "the plate is one file, and --frames asks for others",
            where=str(path),
            remedy="write the frame number as #### to read the sequence",
        )
    return PlateSequence(pattern, (number,), frozenset(), view)


def _number_of(path: Path) -> int:
    """The number at the end of a file's name; a hyphen is its sign where another separator stands before it."""
    number = re.search(r"(?<=[._-])-?\d+$", path.stem) or re.search(r"(?<=-)\d+$", path.stem)
    return int(number.group()) if number else 1


def _no_view(pattern: Pattern) -> BadInputError:
    found = pattern.views_on_disk()
    there = f"name one of {', '.join(found)} with --view" if found else "name it with --view; no view has files there"
    return BadInputError("the plate has one file a view, and no view is named", where=pattern.text, remedy=there)


def _spanned(found: Iterable[int]) -> tuple[int, ...]:
    frames = sorted(found)
    steps = {after - before for before, after in itertools.pairwise(frames)}
    if not frames or len(steps) == 1:
        return tuple(frames)
    return tuple(range(frames[0], frames[-1] + 1))
