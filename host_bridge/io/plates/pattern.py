"""What `plate.####.exr`, `%04d`, a fileseq range or a plain path mean as file names, frame by frame."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import fileseq

from host_bridge.core.errors import BadInputError, PlateError

MAX_FRAMES = 1_000_000
VIEW_LETTERS = {"left": "l", "right": "r"}
_FRAME_TOKEN = re.compile(r"#+|@+|%0?\d*d")
# fileseq reads `<UDIM>` and swallows other words in angle brackets: it gets to see characters that no name has.
_SPELLED = str.maketrans("<>", "\ue03c\ue03e")
_AS_NAMED = str.maketrans("\ue03c\ue03e", "<>")


def parse_frames(text: str) -> tuple[int, ...]:
    """Frame numbers of a range such as `1001-1010x2` or `1,5,9-12`, in the order given.

    Raises:
        BadInputError: not a range, or more than a million frames.
    """
    try:
        frames = tuple(_whole(number) for number in fileseq.FrameSet(text))
    except (fileseq.exceptions.FileSeqException, ValueError) as error:
        raise BadInputError(
            f"{text!r} is not a frame range", where="--frames", remedy="write it like 1001-1010x2 or 1,5,9-12"
        ) from error
    if not 0 < len(frames) <= MAX_FRAMES:
        raise BadInputError(
            f"{text!r} holds {len(frames)} frames", where="--frames", remedy=f"ask for 1 to {MAX_FRAMES} frames"
        )
    return frames


def _whole(number: float | Decimal) -> int:
    """A frame's number; fileseq knows sub-frames too, which no plate here has."""
    if number != int(number):
        raise ValueError(f"{number} is no frame")
    return int(number)


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
        tokens = _FRAME_TOKEN.findall(path.name)
        if not tokens:
            return Pattern(text)
        if len(tokens) > 1:
            raise BadInputError(
                f"the file name has {len(tokens)} places for a frame number",
                where=text,
                remedy=f"keep one of {', '.join(tokens)}",
            )
        frames = _parsed(path.name).frameSet()
        return Pattern(text, tuple(int(n) for n in frames) if frames else (), numbered=True)

    @property
    def has_view(self) -> bool:
        """Whether the path changes with the view."""
        return "%V" in self.text or "%v" in self.text

    def of_view(self, view: str) -> str:
        """Its text with the view spelled out, for messages."""
        return self.text.replace("%V", view).replace("%v", VIEW_LETTERS.get(view, view))

    def path(self, frame: int, view: str = "") -> Path:
        """The file of one frame and view."""
        text = self.of_view(view)
        if not self.numbered:
            return Path(text)
        return Path(text).parent / str(_parsed(Path(text).name).frame(frame)).translate(_AS_NAMED)

    def on_disk(self, view: str = "") -> dict[int, Path]:
        """The file of every frame that has one, ascending.

        Convention:
            A negative frame is `-002` as printf and Nuke write `%04d`, or `-0002` as Houdini does; both are found,
            and the first is meant where both are there.

        Raises:
            PlateError: the folder cannot be read.
        """
        folder = self.path(0, view).parent
        name = re.compile(_frame_regex(_parsed(Path(self.text).name), view))
        found: dict[int, Path] = {}
        for entry in _entries(folder):
            match = name.fullmatch(entry)
            if match and not (match.group(1).startswith("-") and int(match.group(1)) == 0):
                number = int(match.group(1))
                found[number] = self.path(number, view) if number in found else folder / entry
        return dict(sorted(found.items()))

    def with_other_padding(self, view: str = "") -> str:
        """The pattern that finds the files whose numbers are shorter; "" where there are none."""
        path = Path(self.text)
        text = str(path.with_name(_FRAME_TOKEN.sub("#", path.name)))
        return text if text != self.text and Pattern.parse(text).on_disk(view) else ""

    def views_on_disk(self) -> tuple[str, ...]:
        """The views for which a pattern with `%V` or `%v` has files."""
        parts = Path(self.text).parts
        at = next((n for n, part in enumerate(parts) if "%V" in part or "%v" in part), None)
        if at is None:
            return ()
        name = re.compile(_view_regex(parts[at]))
        try:
            entries = _entries(Path(*parts[:at]))
        except PlateError:
            return ()
        words = {match.group("V") for entry in entries if (match := name.fullmatch(entry))}
        short = {letter: view for view, letter in VIEW_LETTERS.items()}
        views = {word if "%V" in parts[at] else short.get(word, word) for word in words}
        return tuple(sorted(view for view in views if self._has_files(view)))

    def _has_files(self, view: str) -> bool:
        try:
            return bool(self.on_disk(view)) if self.numbered else self.path(0, view).is_file()
        except PlateError:
            return False


def _entries(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise PlateError(
            f"the folder cannot be read ({error.strerror})", where=str(folder), remedy="check the path"
        ) from error


def _parsed(name: str) -> fileseq.FileSequence:
    try:
        return fileseq.FileSequence(name.translate(_SPELLED), pad_style=fileseq.PAD_STYLE_HASH1)
    except fileseq.exceptions.FileSeqException as error:
        raise BadInputError(
            "the file name is not a sequence", where=name, remedy="write the frame as ####, %04d or 1001-1010####"
        ) from error


def _frame_regex(parsed: fileseq.FileSequence, view: str) -> str:
    def literal(text: str) -> str:
        named = text.translate(_AS_NAMED).replace("%V", view).replace("%v", VIEW_LETTERS.get(view, view))
        return re.escape(named)

    digits = parsed.zfill()
    # A frame wider than its padding keeps all its digits: 10000 is a frame of `####`.
    number = rf"-?(?:\d{{{digits}}}|[1-9]\d{{{digits},}})"
    if digits > 1:
        number = rf"{number}|-\d{{{digits - 1}}}"
    return rf"{literal(parsed.basename())}({number}){literal(parsed.extension())}"


def _view_regex(part: str) -> str:
    """A regular expression of one path component, its view as the group V; a frame number is any number."""
    first = "%V" if "%V" in part else "%v"
    pieces = []
    for piece in re.split(rf"(%V|%v|{_FRAME_TOKEN.pattern})", part):
        if piece == first:
            pieces.append("(?P=V)" if "(?P<V>.+?)" in pieces else "(?P<V>.+?)")
        elif piece in ("%V", "%v"):
            pieces.append(".+?")
        else:
            pieces.append(r"-?\d+" if _FRAME_TOKEN.fullmatch(piece) else re.escape(piece))
    return "".join(pieces)
