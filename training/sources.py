"""One eye's worth of pictures (or a packed film's) from a video, a still, or a plate sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence, UnidentifiedImageError

from host_bridge.core.errors import PlateError
from training.video import Video

Picture = npt.NDArray[np.uint8]
STILLS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")


class Source(Protocol):
    """Pictures in order with their numbers; `wanted` None yields all."""

    def pictures(self, wanted: frozenset[int] | None) -> Iterator[tuple[int, Picture]]: ...


def open_source(path: Path, *, input_space: str = "auto") -> tuple[Source, ...]:
    """The pictures of a path: one source, or two where the file itself holds a left and a right view.

    Raises:
        PlateError: nothing is there, or it is no picture and no video.
    """
    suffix = path.suffix.lower()
    if suffix == ".mpo":
        return _mpo(path)
    if path.is_file() and suffix in STILLS:
        return (Stills((_read_still(path),)),)
    if path.is_file() and suffix != ".exr":
        return (Video(path),)
    from training.plate_source import open_plates

    return open_plates(path, input_space=input_space)


@dataclass(frozen=True)
class Stills:
    """Pictures held in memory."""

    images: tuple[Picture, ...]

    def pictures(self, wanted: frozenset[int] | None) -> Iterator[tuple[int, Picture]]:
        for index, image in enumerate(self.images):
            if wanted is None or index in wanted:
                yield index, image


def _read_still(path: Path) -> Picture:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError) as error:
        raise PlateError(f"cannot be read as a picture ({error})", where=str(path)) from error


def _mpo(path: Path) -> tuple[Source, ...]:
    """The first two pictures of equal size: a camera's left and right."""
    try:
        with Image.open(path) as image:
            views = [np.asarray(page.convert("RGB")) for page in ImageSequence.Iterator(image)]
    except (OSError, UnidentifiedImageError) as error:
        raise PlateError(f"cannot be read as an MPO ({error})", where=str(path)) from error
    pair = [view for view in views if view.shape == views[0].shape][:2]
    if len(pair) < 2:
        raise PlateError("holds only one full-size picture", remedy="a stereo MPO holds two", where=str(path))
    return tuple(Stills((view,)) for view in pair)
