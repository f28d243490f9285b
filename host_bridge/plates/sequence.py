"""File sequences: what `plate.####.exr`, `%04d`, a fileseq range or one file mean, frame by frame."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import fileseq

from host_bridge.errors import BadInputError, MissingFrameError, PlateError
from host_bridge.plates.plate import Plate
from host_bridge.plates.read import read_plate

MAX_FRAMES = 1_000_000
VIEW_LETTERS = {"left": "l", "right": "r"}
_FRAME_TOKEN = re.compile(r"[#@]|%0?\d*d")


def parse_frames(text: str) -> tuple[int, ...]:
    """Frame numbers of a range such as `1001-1010x2` or `1,5,9-12`, in the order given.

    Raises:
        BadInputError: not a range, or more than a million frames.
    """
    try:
        frames = tuple(int(number) for number in fileseq.FrameSet(text))
    except (fileseq.exceptions.FileSeqException, ValueError) as error:
        raise BadInputError(
            f"{text!r} is not a frame range", where="--frames", remedy="write it like 1001-1010x2 or 1,5,9-12"
        ) from error
    if not 0 < len(frames) <= MAX_FRAMES:
        raise BadInputError(
            f"{text!r} holds {len(frames)} frames", where="--frames", remedy=f"ask for 1 to {MAX_FRAMES} frames"
        )
    return frames


@dataclass(frozen=True)
class Pattern:
    """A path whose file name may hold a frame number and a view.

    Attributes:
        text: the pattern as given; `####`, `@@@@`, `%04d` or a fileseq range stand for the frame, `%V` for the
            view's name and `%v` for its first letter.
        declared: frames that the pattern itself names; empty when it names none.
        numbered: whether the path changes with the frame.
    """

    text: str
    declared: tuple[int, ...] = ()
    numbered: bool = False

    @staticmethod
    def parse(text: str) -> Pattern:
        """The pattern of a text.

        Raises:
            BadInputError: an empty text, a folder, or a file name fileseq cannot read.
        """
        path = Path(text)
        if not text or text.endswith("/") or path.is_dir():
            raise BadInputError(
                "a folder is not a plate or an output",
                where=text or "the path",
                remedy="name the files in it, like FOLDER/plate.####.exr",
            )
        if not _FRAME_TOKEN.search(path.name):
            return Pattern(text)
        frames = _parsed(path.name).frameSet()
        return Pattern(text, tuple(int(n) for n in frames) if frames else (), numbered=True)

    @property
    def has_view(self) -> bool:
        """Whether the path changes with the view."""
        return "%V" in self.text or "%v" in self.text

    def path(self, frame: int, view: str = "") -> Path:
        """The file of one frame and view."""
        text = self.text.replace("%V", view).replace("%v", VIEW_LETTERS.get(view, view))
        if not self.numbered:
            return Path(text)
        return Path(text).parent / str(_parsed(Path(text).name).frame(frame))

    def on_disk(self, view: str = "") -> tuple[int, ...]:
        """Frames that have a file, ascending.

        Raises:
            PlateError: the folder cannot be read.
        """
        one = self.path(0, view)
        name = re.compile(_frame_regex(_parsed(Path(self.text).name), view))
        try:
            found = [name.fullmatch(entry.name) for entry in one.parent.iterdir()]
        except OSError as error:
            raise PlateError(
                f"the folder cannot be read ({error.strerror})", where=str(one.parent), remedy="check the path"
            ) from error
        return tuple(sorted({int(match.group(1)) for match in found if match}))


def _parsed(name: str) -> fileseq.FileSequence:
    try:
        return fileseq.FileSequence(name, pad_style=fileseq.PAD_STYLE_HASH1)
    except fileseq.exceptions.FileSeqException as error:
        raise BadInputError(
            "the file name is not a sequence", where=name, remedy="write the frame as ####, %04d or 1001-1010####"
        ) from error


def _frame_regex(parsed: fileseq.FileSequence, view: str) -> str:
    def literal(text: str) -> str:
        return re.escape(text.replace("%V", view).replace("%v", VIEW_LETTERS.get(view, view)))

    digits = parsed.zfill()
    # A frame wider than its padding keeps all its digits: 10000 is a frame of `####`.
    return rf"{literal(parsed.basename())}(-?(?:\d{{{digits}}}|[1-9]\d{{{digits},}})){literal(parsed.extension())}"


@dataclass(frozen=True)
class PlateSequence:
    """The frames that a person asked for.

    Attributes:
        pattern: where they are.
        frames: asked frame numbers, in order; some may have no file.
        missing: those without a file.
        view: the view asked of each file; "" takes the file's first.
        layer: the layer or part asked of each file; "" takes the beauty.
    """

    pattern: Pattern
    frames: tuple[int, ...]
    missing: frozenset[int]
    view: str = ""
    layer: str = ""

    @staticmethod
    def open(text: str, *, frames: str | None = None, view: str = "", layer: str = "") -> PlateSequence:
        """Looks at the disk and settles which frames are meant.

        Without `frames` and without a range in the pattern, these are all frames from the first to the last file;
        a sequence with one even step (on twos) has no gaps.

        Raises:
            BadInputError: a range that cannot be read.
            MissingFrameError: no file at all.
            PlateError: the folder cannot be read.
        """
        pattern = Pattern.parse(text)
        if not pattern.numbered:
            return replace(_single(pattern, frames, view), layer=layer)
        found = pattern.on_disk(view)
        asked = parse_frames(frames) if frames else pattern.declared or _spanned(found)
        missing = frozenset(asked) - frozenset(found)
        if len(missing) == len(asked):
            raise MissingFrameError(
                f"none of the {len(asked)} asked frames has a file" if asked else "no file matches",
                where=text,
                remedy=f"frames on disk: {fileseq.framesToFrameRange(found) or 'none'}; check the path and --frames",
            )
        return PlateSequence(pattern, asked, missing, view, layer)

    def path(self, frame: int) -> Path:
        """The file of one frame."""
        return self.pattern.path(frame, self.view)

    def read(self, frame: int, *, input_space: str | None = None) -> Plate:
        """The plate of one frame.

        Raises:
            Art3DError: as `read_plate`.
        """
        return read_plate(self.path(frame), number=frame, view=self.view, layer=self.layer, input_space=input_space)

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
    if frames and parse_frames(frames) != (number,):
        raise BadInputError(
            "the plate is one file, and --frames asks for others",
            where=str(path),
            remedy="write the frame number as #### to read the sequence",
        )
    return PlateSequence(pattern, (number,), frozenset(), view)


def _number_of(path: Path) -> int:
    number = re.search(r"[._-](\d+)$", path.stem)
    return int(number.group(1)) if number else 1


def _spanned(found: Iterable[int]) -> tuple[int, ...]:
    frames = sorted(found)
    steps = {after - before for before, after in itertools.pairwise(frames)}
    if not frames or len(steps) == 1:
        return tuple(frames)
    return tuple(range(frames[0], frames[-1] + 1))
