"""Stereo as it lies on the disk, whoever wrote it: multi-view EXRs, one file a view, packed pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import fileseq
import numpy as np

from host_bridge.core.errors import BadInputError, MissingFrameError, PlateError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs.result import EYES
from host_bridge.io.plates import PlateSequence, guard
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.io.plates.naming import Channel, eyes_among
from host_bridge.io.plates.pattern import Pattern
from host_bridge.io.plates.view_picture import ViewPicture, picture_of, read_view
from host_bridge.io.windows import relaid
from host_bridge.review.packing import unpack
from host_bridge.review.pair import Pair
from host_bridge.review.recorded import Measured, measured_channels, measured_in, window_in
from host_bridge.review.shrinking import shown_small
from host_bridge.review.told import layout_told, validate_pair

Planes = tuple[Array, ...]

ALIKE = "number both eyes alike"
BETWEEN = "::"
"""Stands between the left and the right eye's file or pattern."""


@dataclass(frozen=True)
class StereoSource:
    """A stereo sequence.

    Attributes:
        name: for people: the file name it was given by.
        left, right: the sequences of both eyes; the same one where a file holds both.
        layout: how a packed picture holds both eyes; "" where they are apart.
        right_first: whether the right eye is the left or upper one in it.
        input_space: colour space of the values; None takes each file's tag.
    """

    name: str
    left: PlateSequence
    right: PlateSequence
    layout: str = ""
    input_space: str | None = None
    right_first: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """Frames that have files for both eyes, ascending."""
        missing = self.left.missing | self.right.missing
        return tuple(sorted((set(self.left.frames) & set(self.right.frames)) - missing))

    @property
    def lacking(self) -> Mapping[str, str]:
        """Eye → the frames, as a range, that it has no file for while they were asked or the other eye has them."""
        wanted = set(self.left.frames) | set(self.right.frames)
        found = {}
        for eye, sequence in zip(EYES, (self.left, self.right), strict=True):
            gone = wanted - (set(sequence.frames) - sequence.missing)
            if gone:
                found[eye] = str(fileseq.framesToFrameRange(sorted(gone)))
        return found

    def without_gaps(self) -> StereoSource:
        """The frames of both eyes alone."""
        left, right = (replace(eye, frames=self.numbers, missing=frozenset()) for eye in (self.left, self.right))
        return replace(self, left=left, right=right)

    @property
    def lacking_text(self) -> str:
        """What is not there, in words; "" when both eyes have every frame."""
        gone = self.lacking
        if len(set(gone.values())) == 1 and len(gone) == len(EYES):
            return f"missing: {_frames_text(gone[EYES[0]])}"
        return ", ".join(f"no {eye} eye in {_frames_text(frames)}" for eye, frames in gone.items())

    def read(self, number: int, *, side_px: int = 0) -> Pair:
        """One frame as a person sees it, with what is known of its disparity.

        Args:
            number: frame number.
            side_px: block means bring the long side of both views down to this; 0 leaves them.

        Raises:
            PlateError: a file that cannot be read, or eyes of different sizes.
        """
        shown: list[Array] = []
        views: list[ViewPicture] = []
        # Each view is made small before the next one is decoded, into the memory that it had.
        for view in self._views(number, measured=not self.layout):
            for eye in self._eyes(view):
                shown.append(shown_small(eye, side_px, view.space))
            views.append(view.without_planes())
            del view, eye
        left, right = views[0], views[-1]
        measured = Measured() if self.layout else measured_in(left, right)
        width = left.display.width // (2 if self.layout == "sbs" else 1)
        return Pair(
            number, *self._sides(shown), measured.parallax, measured.filled, left.pixel_aspect, width, window_in(left),
            measured.right_parallax, measured.filled_left, None if self.layout else _data(left, shown[0]),
        )  # fmt: skip

    def shown(self, number: int, *, display: str = "", view: str = "") -> tuple[Array, Array]:
        """Both eyes of one frame through a display transform; (rows, columns, 3) float32 in 0..1.

        Raises:
            PlateError: as `read`.
            BadInputError: the colour config has no such display or view.
        """
        eyes = []
        for picture in self._views(number):
            for planes in self._eyes(picture):
                color = np.stack([plane.astype(np.float32, copy=False) for plane in planes], -1)
                names = ("R", "G", "B") if len(planes) == 3 else ("Y",)
                eyes.append(colour.display_values(color, names, picture.space, display=display, view=view))
        return self._sides(eyes)

    def content(self, number: int) -> tuple[str, str]:
        """The identity of what both eyes' pictures hold."""
        return self.left.content(number), self.right.content(number)

    def _views(self, number: int, *, measured: bool = False) -> Iterator[ViewPicture]:
        """The view of each eye, one after the other; of a packed picture the one that holds both."""

        def along(file: ExrFile) -> Iterable[Channel]:
            if self.right.view in file.views:
                yield from picture_of(file, self.right).channels
            if measured:
                yield from measured_channels(file)

        left = read_view(self.left, number, space=self.input_space, along=along)
        size, beside = _size_text(left), left.without_planes()
        yield left
        if self.layout:
            return
        del left
        right = read_view(self.right, number, space=self.input_space, beside=beside, along=along)
        if _size_text(right) != size:
            raise PlateError(
                f"the left eye is {size}, the right one {_size_text(right)}",
                where=str(right.path),
                remedy="render both eyes alike",
            )
        yield right

    def _eyes(self, view: ViewPicture) -> list[Planes]:
        """The colour of the eyes that a view holds, over the display window."""
        planes = tuple(relaid(plane, view.data, view.display) for plane in view.planes)
        if not self.layout:
            return [planes]
        eyes = [unpack(plane, self.layout) for plane in planes]
        return [tuple(eye[side] for eye in eyes) for side in (0, 1)]

    def _sides(self, eyes: Sequence[Array]) -> tuple[Array, Array]:
        """The left and the right one of both eyes as they are stored."""
        return (eyes[1], eyes[0]) if self.layout and self.right_first else (eyes[0], eyes[1])


def open_stereo(
    text: str, *, layout: str = "", frames: str | None = None, input_space: str | None = None
) -> StereoSource:
    """Finds out how a stereo sequence is stored; `lacking` says what it has no files for.

    Args:
        text: a pattern or file; with `%V` one file a view; `LEFT::RIGHT` names both eyes; else a multi-view EXR, or a
            packed picture whose name, `layout` or, of a movie, tag says how.
        layout: one of `packing.LAYOUTS`; "" asks the name.
        frames: frame range.
        input_space: colour space of the values.

    Raises:
        BadInputError: nothing says where the second eye is, or what says so contradicts itself.
        MissingFrameError: no file, or no frame of both eyes.
    """
    source = _opened(text, layout, frames, input_space)
    if not source.numbers:
        raise MissingFrameError(f"no frame has both eyes: {source.lacking_text}", where=text, remedy=ALIKE)
    return source


def _opened(text: str, layout: str, frames: str | None, input_space: str | None) -> StereoSource:
    name = Path(text.partition(BETWEEN)[0]).name
    if BETWEEN in text:
        _one_picture(layout, text, "two are named")
        left, right = text.split(BETWEEN, 1)
        eyes = [PlateSequence.open(one, frames=frames) for one in (left, right)]
        return StereoSource(name, *paired(eyes[0], eyes[1]), input_space=input_space)
    if "%V" in text or "%v" in text:
        _one_picture(layout, text, "each eye has its own")
        named = eyes_among(Pattern.parse(text).views_on_disk()) or EYES
        eyes = [PlateSequence.open(text, frames=frames, view=view) for view in named]
        return StereoSource(name, eyes[0], eyes[1], input_space=input_space)
    sequence = PlateSequence.open(text, frames=frames)
    views = _eye_views(sequence)
    if views is not None:
        _one_picture(layout, text, "this file has a view for each")
        both = [replace(sequence, view=view) for view in views]
        return StereoSource(name, both[0], both[1], input_space=input_space)
    packed, right_first = layout_told(sequence, text, layout)
    return StereoSource(name, sequence, sequence, packed, input_space, right_first)


def _frames_text(frames: str) -> str:
    return f"frame {frames}" if re.fullmatch(r"-?\d+", frames) else f"frames {frames}"


def _one_picture(layout: str, text: str, holds: str) -> None:
    """Refuses a layout for what holds each eye in a picture of its own.

    Raises:
        BadInputError: a layout was named.
    """
    if layout:
        raise BadInputError(f"--layout is of one picture with both eyes, and {holds}", where=text,
                            remedy="leave --layout out, or name one picture")  # fmt: skip


def paired(left: PlateSequence, right: PlateSequence) -> tuple[PlateSequence, PlateSequence]:
    """Both eyes; two pictures are a pair, whatever numbers their names end in.

    Raises:
        BadInputError: a movie with an eye in a layer of its own.
    """
    validate_pair(left, right)
    if any(eye.pattern.numbered or eye.film for eye in (left, right)):
        return left, right
    return left, replace(right, frames=left.frames)


def _eye_views(sequence: PlateSequence) -> tuple[str, str] | None:
    """The views of both eyes in the first file that is there; None where it has not both."""
    path = sequence.path(next(n for n in sequence.frames if n not in sequence.missing))
    if sequence.film is not None or guard.first_bytes(path, 4) != MAGIC:
        return None
    return eyes_among(open_exr(path).views)


def _size_text(view: ViewPicture) -> str:
    return f"{'×'.join(str(side) for side in view.size)} px of {'colour' if len(view.planes) == 3 else 'grey'}"


def _data(left: ViewPicture, shown: Array) -> Box | None:
    """The part of the left view as it is shown that its file has pixels for; None for all, or where it has none."""
    display = left.display
    data = left.data.intersect(display)
    if data == display:
        return None
    down, across = shown.shape[0] / display.height, shown.shape[1] / display.width
    found = Box(
        math.ceil((data.x0 - display.x0) * across), math.ceil((data.y0 - display.y0) * down),
        math.floor((data.x1 - display.x0) * across), math.floor((data.y1 - display.y0) * down),
    )  # fmt: skip
    return None if found.empty else found
