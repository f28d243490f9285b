"""Plate files and sequences as training pictures, through the host's own plate reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from art3d_node.look import make_look
from art3d_node.transfer import as_float
from host_bridge.io.plates.plate import Plate
from host_bridge.io.plates.sequence import PlateSequence

Picture = npt.NDArray[np.uint8]
EYES = ("left", "right")
_LONG_SIDE_PX = 4096


@dataclass(frozen=True)
class Plates:
    """One view of a plate sequence, brought to display."""

    sequence: PlateSequence
    input_space: str | None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the frames that have a file."""
        return tuple(n for n in self.sequence.frames if n not in self.sequence.missing)

    def pictures(self, wanted: frozenset[int] | None) -> Iterator[tuple[int, Picture]]:
        """Frames in order; they count from 0, whatever numbers the files bear; gaps are left out."""
        for index, number in enumerate(self.numbers):
            if wanted is None or index in wanted:
                yield index, _shown(self.sequence.read(number, input_space=self.input_space))


def open_plates(path: Path, *, input_space: str = "auto") -> tuple[Plates, ...]:
    """A sequence: two sources where its path names a view (`%V`) or its files hold left and right, else one.

    Raises:
        PlateError: nothing is there, or the first file cannot be read.
    """
    space = None if input_space == "auto" else input_space
    text = str(path)
    if "%V" in text or "%v" in text:
        return tuple(Plates(PlateSequence.open(text, view=eye), space) for eye in EYES)
    sequence = PlateSequence.open(text)
    first = next(n for n in sequence.frames if n not in sequence.missing)
    if set(EYES) <= set(sequence.read(first, input_space=space).views):
        return tuple(Plates(replace(sequence, view=eye), space) for eye in EYES)
    return (Plates(sequence, space),)


def _shown(plate: Plate) -> Picture:
    """The plate's look over its whole display window: black where the data window does not reach."""
    frame = plate.frame
    if "look" in frame.layers:
        look = np.asarray(frame.layers["look"])
    else:
        color: torch.Tensor = as_float(frame.layers["color"])
        look = make_look(color, frame.channels, long_side_px=_LONG_SIDE_PX).numpy()
    if frame.data == frame.display:
        return look
    scale = look.shape[1] / frame.data.width
    size = max(1, round(frame.display.width * scale)), max(1, round(frame.display.height * scale))
    offset = (frame.data.x0 - frame.display.x0) * scale, (frame.data.y0 - frame.display.y0) * scale
    matrix = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float64)
    return np.asarray(cv2.warpAffine(look, matrix, size), np.uint8)
