"""The colour of one view and nothing else: what is looked at, not rendered."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_bridge.core.errors import Art3DError, PlateError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import guard, tags
from host_bridge.io.plates.choice import Picture, pictures
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.io.plates.images import Image, read_image
from host_bridge.io.plates.naming import Channel
from host_bridge.io.plates.read import EXR_NAMES, chosen_picture, from_luma, plain_names, validated_finite
from host_bridge.io.plates.sequence import PlateSequence
from host_bridge.io.plates.views import view_of


@dataclass(frozen=True)
class ViewPicture:
    """One view of one frame.

    Attributes:
        path: its file.
        planes: R, G and B, or grey alone, each (rows, columns) over `data`, half or float32.
        data, display: windows, px.
        pixel_aspect: pixel width over height.
        space: canonical colour space of the planes.
        file: the EXR it was read from; None of other formats.
    """

    path: Path
    planes: tuple[Array, ...]
    data: Box
    display: Box
    pixel_aspect: float
    space: str
    file: ExrFile | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows of the display window."""
        return self.display.width, self.display.height

    def without_planes(self) -> ViewPicture:
        """All but the pixels."""
        return replace(self, planes=())


Along = Callable[[ExrFile], Iterable[Channel]]


def _nothing(file: ExrFile) -> Iterable[Channel]:
    return ()


def read_view(
    sequence: PlateSequence,
    number: int,
    *,
    space: str | None,
    beside: ViewPicture | None = None,
    along: Along = _nothing,
) -> ViewPicture:
    """Reads one view of a frame.

    Args:
        sequence: where it lies.
        number: frame number.
        space: colour space of the values; None takes the file's own tag.
        beside: the other view: a file that holds both is opened once.
        along: what else of an EXR will be asked: it is decoded together with the picture.

    Raises:
        Art3DError: as `plates.read.read_plate`.
    """
    path = sequence.path(number)
    try:
        if sequence.film is not None:
            return _of_image(sequence.film.read(number - sequence.first, space=space), path)
        if beside is not None and beside.file is not None and beside.path == path:
            return _of_exr(beside.file, sequence, space, along)
        if path.suffix.lower() in EXR_NAMES or guard.first_bytes(path, 4) == MAGIC:
            return _of_exr(open_exr(path), sequence, space, along)
        return _of_image(read_image(path, space=space), path)
    except MemoryError as error:
        raise PlateError("not enough memory for this picture", where=str(path), remedy=guard.AGAIN) from error
    except Art3DError as error:
        error.where = error.where or str(path)
        if sequence.film is not None:
            error.where = f"{error.where}, frame {number}"
        raise


def picture_of(file: ExrFile, sequence: PlateSequence) -> Picture:
    """What a view of a sequence is, in one of its files.

    Raises:
        Art3DError: as `plates.read.read_plate`.
    """
    _, channels = view_of(file, sequence.view)
    return chosen_picture(file.path, channels, pictures(channels), sequence.layer)


def _of_exr(file: ExrFile, sequence: PlateSequence, space: str | None, along: Along) -> ViewPicture:
    guard.validate_picture(file.path, file.display)
    picture = picture_of(file, sequence)
    file.decode(itertools.chain(picture.channels, along(file)))
    header = file.headers[picture.part]
    if any(c.component == "RY" for c in picture.channels):
        pixels, names = from_luma(file, picture.channels, header)
        planes = list(np.moveaxis(pixels, -1, 0))
    else:
        planes, names = file.take(picture.channels), plain_names(picture.channels)
    tag = tags.Tag(colour.validate_space(space), tags.BY_HAND) if space else tags.of_exr(header)
    data, aspect = picture.channels[0].window, float(header.get("pixelAspectRatio", 1.0))
    return ViewPicture(file.path, _colours(file.path, planes, names), data, file.display, aspect, tag.space, file)


def _of_image(image: Image, path: Path) -> ViewPicture:
    guard.validate_picture(path, image.display)
    planes = _colours(path, list(np.moveaxis(image.pixels, -1, 0)), image.channels)
    return ViewPicture(path, planes, image.window, image.display, image.pixel_aspect, image.shown_in)


def _colours(path: Path, planes: list[Array], names: tuple[str, ...]) -> tuple[Array, ...]:
    chosen = "RGB" if "G" in names else names[0]
    found = [planes[names.index(name)] for name in chosen]
    if not any(np.isfinite(plane[::16, ::16]).any() for plane in found):
        validated_finite(path, np.stack(found, -1))
    return tuple(plane if plane.dtype.str == "<f2" else plane.astype(np.float32, copy=False) for plane in found)
