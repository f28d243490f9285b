"""Opens stereo films: whatever a studio delivers becomes pairs of display-referred pictures.

A film is one of: a video or still with both eyes side by side or top-bottom, full or half size, or frame-packed;
two files written LEFT::RIGHT; a multi-picture MPO; EXR or image plates with a left and a right view.

Convention:
    Pictures are (rows, columns, 3) uint8 RGB, display-referred, y down. Left is the viewer's left eye.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError, PlateError
from training.assignment import FilmSpec
from training.layouts import LAYOUTS, detect_layout, split
from training.sources import Picture, Source, open_source
from training.stereo_tag import stereo_tag
from training.video import Video

Wanted = frozenset[int] | None
SEPARATOR = "::"
_PROBE = 3


@dataclass(frozen=True)
class StereoFrame:
    """One frame of a film: its number and both eyes, (H, W, 3) uint8 each."""

    index: int
    left: Picture
    right: Picture


class Film(Protocol):
    """A stereo film. `pairs` yields the wanted frames in order; None wants all."""

    @property
    def name(self) -> str: ...

    @property
    def layout(self) -> str: ...

    def pairs(self, wanted: Wanted = None) -> Iterator[StereoFrame]: ...


@dataclass(frozen=True)
class PackedFilm:
    """Both eyes in each frame of one source."""

    name: str
    layout: str
    source: Source

    def pairs(self, wanted: Wanted = None) -> Iterator[StereoFrame]:
        for index, picture in self.source.pictures(wanted):
            left, right = split(picture, self.layout)
            yield StereoFrame(index, left, right)


@dataclass(frozen=True)
class TwinFilm:
    """One source per eye, frame by frame."""

    name: str
    layout: str
    left: Source
    right: Source

    def pairs(self, wanted: Wanted = None) -> Iterator[StereoFrame]:
        for one, other in zip_longest(self.left.pictures(wanted), self.right.pictures(wanted)):
            if one is None or other is None:
                raise PlateError(
                    f"the {'left' if one is None else 'right'} eye ends at frame {(one or other)[0]}, before the other",
                    remedy="deliver both eyes at one length",
                    where=self.name,
                )
            (index, left), (_, right) = one, other
            self._check_number(index)
            if left.shape != right.shape:
                raise PlateError(
                    f"the eyes differ in size, {left.shape[1]}×{left.shape[0]} and {right.shape[1]}×{right.shape[0]}",
                    remedy="give both eyes one size",
                    where=f"{self.name} frame {index}",
                )
            yield StereoFrame(index, left, right)

    def _check_number(self, index: int) -> None:
        """Plates bear numbers: after a gap in one eye the files in turn are no longer of one moment."""
        left, right = (getattr(eye, "numbers", None) for eye in (self.left, self.right))
        if left is None or right is None or left[index] == right[index]:
            return
        late, number = ("left", right[index]) if left[index] > right[index] else ("right", left[index])
        raise PlateError(
            f"the {late} eye has no frame {number}, which the other has",
            remedy="deliver both eyes with the same frame numbers",
            where=self.name,
        )


@dataclass(frozen=True)
class SwappedFilm:
    """A film whose eyes were delivered the wrong way round."""

    film: Film

    @property
    def name(self) -> str:
        return self.film.name

    @property
    def layout(self) -> str:
        return self.film.layout

    def pairs(self, wanted: Wanted = None) -> Iterator[StereoFrame]:
        for frame in self.film.pairs(wanted):
            yield replace(frame, left=frame.right, right=frame.left)


@dataclass(frozen=True)
class OffsetFilm:
    """A film whose right eye comes `late` frames after the left, brought in step; frames count from 0 anew."""

    film: Film
    late: int

    @property
    def name(self) -> str:
        return self.film.name

    @property
    def layout(self) -> str:
        return self.film.layout

    def pairs(self, wanted: Wanted = None) -> Iterator[StereoFrame]:
        skips = max(0, -self.late), max(0, self.late)
        waiting: tuple[dict[int, Picture], dict[int, Picture]] = ({}, {})
        needed = None if wanted is None else frozenset(n + skip for n in wanted for skip in skips)
        for frame in self.film.pairs(needed):
            for eye, picture, skip in zip(waiting, (frame.left, frame.right), skips, strict=True):
                number = frame.index - skip
                if number >= 0 and (wanted is None or number in wanted):
                    eye[number] = picture
            number = frame.index - max(skips)
            if number in waiting[0] and number in waiting[1]:
                yield StereoFrame(number, *(eye.pop(number) for eye in waiting))


def open_asked(film: FilmSpec) -> Film:
    """A film as asked for, in step; raises as `open_film`."""
    opened = open_film(film.spec, layout=film.layout, swap_eyes=film.swap_eyes, input_space=film.input_space)
    return OffsetFilm(opened, film.right_late) if film.right_late else opened


def open_film(spec: str, *, layout: str = "auto", swap_eyes: bool = False, input_space: str = "auto") -> Film:
    """Open a film.

    Args:
        spec: a path, or LEFT::RIGHT for two files or sequences.
        layout: one of `LAYOUTS`, or "auto": from the file's kind, its stereo tag, size and name, then its pictures.
        swap_eyes: the right eye was delivered first.
        input_space: colour space of scene-linear plates, as `art3d` takes it.

    Raises:
        PlateError: a file that is missing or cannot be read.
        BadInputError: an unknown layout, or one that cannot be told from the pictures.
    """
    if layout not in ("auto", *LAYOUTS):
        raise BadInputError(f"no layout {layout!r}", remedy=f"there are auto, {', '.join(LAYOUTS)}")
    film = _twin(spec, input_space) if SEPARATOR in spec else _single(Path(spec), layout, input_space)
    return SwappedFilm(film) if swap_eyes else film


def _twin(spec: str, input_space: str) -> Film:
    left, right = spec.split(SEPARATOR, 1)
    if not left or not right or SEPARATOR in right:
        raise BadInputError(f"{spec!r} is not LEFT::RIGHT", remedy="name one file or sequence for each eye")
    eyes = [open_source(Path(part), input_space=input_space) for part in (left, right)]
    return TwinFilm(Path(left).stem, "twin", eyes[0][0], eyes[1][0])


def _single(path: Path, layout: str, input_space: str) -> Film:
    sources = open_source(path, input_space=input_space)
    if len(sources) == 2:
        return TwinFilm(path.stem, "views", *sources)
    if layout == "auto" and isinstance(sources[0], Video) and (tag := stereo_tag(path)):
        tagged = PackedFilm(path.stem, tag.layout, sources[0])
        return SwappedFilm(tagged) if tag.swapped else tagged
    if layout == "auto":
        layout = detect_layout(path.name, _first(sources[0].pictures(None), _PROBE))
    return PackedFilm(path.stem, layout, sources[0])


def _first(pictures: Iterator[tuple[int, Picture]], count: int) -> list[Picture]:
    """The first pictures, up to a fault: of such a film the part before it is used.

    Raises:
        PlateError: there is none before it.
    """
    found: list[Picture] = []
    try:
        found.extend(picture for _, (_, picture) in zip(range(count), pictures, strict=False))
    except PlateError:
        if not found:
            raise
    return found


def ahead(frames: Iterator[StereoFrame]) -> Iterator[StereoFrame]:
    """The same frames; the next one is decoded on a thread of its own while this one is looked at."""
    with ThreadPoolExecutor(1) as decoder:
        coming = decoder.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = decoder.submit(next, frames, None)
            yield frame


def side_picture(
    spec: str, kind: str, frame: int, layout: str, *, swapped: bool = False
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None:
    """Both eyes of a picture that lies beside a film, 0..1: FILM.depth/ or FILM.mattes/ NNNNNN.png; None: no file.

    Raises:
        PlateError: the file is there and cannot be read.
    """
    file = Path(f"{spec}.{kind}") / f"{frame:06d}.png"
    if not file.is_file():
        return None
    image = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 2:
        raise PlateError("is not a single-channel picture", where=str(file))
    eyes = split(image, layout) if layout in LAYOUTS else (image, image)
    left, right = (np.asarray(eye, np.float32) / np.float32(np.iinfo(image.dtype).max) for eye in eyes)
    return (right, left) if swapped else (left, right)
