"""File sequences: which frames a person means, which of them have a file, and their plates."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import fileseq

from host_bridge.core.errors import BadInputError, MissingFrameError
from host_bridge.core.geometry import Box
from host_bridge.core.recipe import content_hash
from host_bridge.io.plates.depth_input import OWN_DEPTH, DepthInput
from host_bridge.io.plates.film import Film, is_movie, open_movie
from host_bridge.io.plates.pattern import Pattern, parse_frames
from host_bridge.io.plates.plate import Plate
from host_bridge.io.plates.read import read_film, read_plate, read_windows
from host_bridge.io.plates.usual_picture import other_layer, usual_picture

_OTHER_FRAME_SIGNS = ("$F", "<F", "<f", "{frame", "[frame", "*")
"""How other programs and shells write a frame number."""


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
        film: the movie that holds all of them, or None for one file a frame.
        first: number of the movie's first frame.
    """

    pattern: Pattern
    frames: tuple[int, ...]
    missing: frozenset[int]
    view: str = ""
    layer: str = ""
    files: Mapping[int, Path] = field(default_factory=dict)
    depth: DepthInput = OWN_DEPTH
    film: Film | None = None
    first: int = 1

    @staticmethod
    def open(
        text: str,
        *,
        frames: str | None = None,
        view: str = "",
        layer: str = "",
        start: int | None = None,
        gap: bool = False,
    ) -> PlateSequence:
        """Looks at the disk and settles which frames are meant.

        Without `frames` and without a range in the pattern, these are all frames from the first to the last file;
        a sequence with one even step (on twos) has no gaps. A movie's frames are numbered from `start`, else from its
        timecode, else from 1. With `gap`, all of `frames` may lie in a gap of the sequence.

        Raises:
            BadInputError: a range that cannot be read, `%V` without a view, or `start` for files with numbers.
            MissingFrameError: no file at all.
            PlateError: the folder cannot be read.
        """
        pattern = Pattern.parse(text)
        if pattern.has_view and not view:
            raise _no_view(pattern)
        if not pattern.numbered and is_movie(pattern.path(0, view)):
            return _of_film(pattern, open_movie(pattern.path(0, view)), frames, view, start)
        if start is not None:
            raise BadInputError("files keep their own numbers", where="--start", remedy="leave it to movies")
        if not pattern.numbered:
            return replace(_single(pattern, frames, view), layer=layer)
        found = pattern.on_disk(view)
        wanted = parse_frames(frames) if frames is not None else pattern.declared or _spanned(found)
        missing = frozenset(wanted) - frozenset(found)
        if len(missing) == len(wanted) and not (gap and _between(wanted, found)):
            remedy = f"frames on disk: {fileseq.framesToFrameRange(found) or 'none'}; check the path and --frames"
            other = "" if found else pattern.with_other_padding(view)
            raise MissingFrameError(
                f"none of the {len(wanted)} requested frames has a file" if wanted else "no file matches",
                where=pattern.of_view(view),
                remedy=f"there are files with shorter numbers: {other}" if other else remedy,
            )
        return PlateSequence(pattern, wanted, missing, view, layer, found)

    @property
    def known_files(self) -> frozenset[Path]:
        """The files of the asked frames, and all others of the sequence that are on the disk."""
        depth = self.depth.pictures.known_files if self.depth.pictures else frozenset()
        return depth.union(self.files.values(), map(self.path, self.frames))

    def path(self, frame: int) -> Path:
        """The file of one frame."""
        return self.files.get(frame) or self.pattern.path(frame, self.view)

    def read(self, frame: int, *, input_space: str | None = None) -> Plate:
        """The plate of one frame.

        Raises:
            Art3DError: as `read_plate` and `DepthInput.laid_over`.
        """
        if self.film is not None:
            plate = read_film(self.film, frame - self.first, frame, self.view, input_space)
        else:
            plate = self._read_file(frame, self.layer, input_space)
            if not self.layer and (layer := other_layer(plate, self.usual_picture)):
                plate = self._read_file(frame, layer, input_space)
        return self.depth.laid_over(plate, frame)

    def _read_file(self, frame: int, layer: str, input_space: str | None) -> Plate:
        return read_plate(
            self.path(frame),
            number=frame,
            view=self.view,
            layer=layer,
            input_space=input_space,
            depth_channel=self.depth.in_plate,
        )

    @cached_property
    def usual_picture(self) -> str:
        """The picture that all frames shall show where nobody names a layer; "" where there is nothing to agree on."""
        return usual_picture([self.files[number] for number in sorted(self.files)], self.view)

    def content(self, frame: int) -> str:
        """The identity of what a frame's plate holds: a file's bytes, or a movie frame's samples.

        Raises:
            PlateError: it cannot be read.
        """
        if self.film is None:
            return content_hash(self.path(frame))
        if frame in self.missing:
            raise self.absent(frame)
        return self.film.content(frame - self.first)

    def absent(self, frame: int) -> MissingFrameError:
        """What is wrong with a missing frame."""
        where = str(self.path(frame))
        if self.film is None:
            return MissingFrameError("no such file", where=where, remedy="see --missing")
        return MissingFrameError(f"the movie holds no frame {frame}", where=where, remedy="see --missing")

    def windows(self, frame: int) -> tuple[Box, Box]:
        """Display and data window of one frame, from its file's header.

        Raises:
            Art3DError: as `read_windows`.
        """
        if self.film is not None:
            return self.film.window, self.film.window
        return read_windows(self.path(frame), view=self.view, layer=self.layer)

    def held(self, frame: int, *, without: Collection[int] = ()) -> int | None:
        """The frame that stands in for a missing one, whatever frames are asked: a frame shows the same in any chunk.

        Args:
            frame: the missing one.
            without: those that cannot be read.

        Returns:
            The nearest earlier that exists, else the first; None without one.
        """
        film = self.film.held(self.first) if self.film is not None else ()
        present = {*self.files, *film, *self.frames} - self.missing - set(without)
        return max((n for n in present if n < frame), default=min(present, default=None))


def _single(pattern: Pattern, frames: str | None, view: str) -> PlateSequence:
    path = pattern.path(0, view)
    if not path.is_file():
        is_frame = any(sign in path.name for sign in _OTHER_FRAME_SIGNS)
        remedy = "write the frame number as #### or %04d" if is_frame else "check the path"
        raise MissingFrameError("no such file", where=str(path), remedy=remedy)
    number = _number_of(path)
    if frames is not None and parse_frames(frames) != (number,):
        raise BadInputError(
            "the plate is one file, and --frames asks for others",
            where=str(path),
            remedy="write the frame number as #### to read the sequence",
        )
    return PlateSequence(pattern, (number,), frozenset(), view)


def _of_film(pattern: Pattern, film: Film, frames: str | None, view: str, start: int | None) -> PlateSequence:
    present = film.held(start)
    wanted = parse_frames(frames) if frames is not None else film.frames(start)
    missing = frozenset(wanted) - frozenset(present)
    if len(missing) == len(wanted):
        raise MissingFrameError(
            f"none of the {len(wanted)} requested frames is in the movie",
            where=pattern.text,
            remedy=f"its frames are {present[0]}-{present[-1]}; check --frames and --start",
        )
    return PlateSequence(pattern, wanted, missing, view, film=film, first=present[0])


def _number_of(path: Path) -> int:
    """The number at the end of a file's name; a hyphen is its sign where another separator stands before it."""
    number = re.search(r"(?<=[._-])-?\d+$", path.stem) or re.search(r"(?<=-)\d+$", path.stem)
    return int(number.group()) if number else 1


def _no_view(pattern: Pattern) -> BadInputError:
    found = pattern.views_on_disk()
    remedy = f"name one of {', '.join(found)} with --view" if found else "name it with --view; no view has files there"
    return BadInputError("the plate has one file a view, and no view is named", where=pattern.text, remedy=remedy)


def _between(wanted: Collection[int], found: Collection[int]) -> bool:
    """Whether frames lie within the sequence that is on the disk."""
    return bool(found) and all(min(found) < number < max(found) for number in wanted)


def _spanned(found: Iterable[int]) -> tuple[int, ...]:
    frames = sorted(found)
    steps = {after - before for before, after in itertools.pairwise(frames)}
    if not frames or len(steps) == 1:
        return tuple(frames)
    return tuple(range(frames[0], frames[-1] + 1))
