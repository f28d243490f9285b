"""Depth from elsewhere: depth pictures beside the plate, or a channel of the plate that a person names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from host_bridge.core.errors import DepthSourceError, PlateError
from host_bridge.core.frame import Array
from host_bridge.io.plates.depth_picture import DepthPicture, fitted, from_movie, read_depth
from host_bridge.io.plates.plate import Plate

if TYPE_CHECKING:
    from host_bridge.io.plates.sequence import PlateSequence


@dataclass(frozen=True)
class DepthInput:
    """Where depth is read from.

    Attributes:
        pictures: a sequence of depth pictures; None for the plate's own depth.
        channel: the channel that holds depth; "" looks for the usual names.
        eye: the view to take of a depth picture that has several, where the plate names none.
    """

    pictures: PlateSequence | None = None
    channel: str = ""
    eye: str = ""

    @property
    def in_plate(self) -> str:
        """The channel to read of the plate; "" for its usual names."""
        return "" if self.pictures else self.channel

    @property
    def named(self) -> tuple[str, str]:
        """The pictures by the name of their files, and the channel; "" where nobody named them."""
        return (Path(self.pictures.pattern.text).name if self.pictures else "", self.channel)

    def path(self, number: int) -> Path | None:
        """The depth picture of one frame; None where the plate holds its own.

        Raises:
            DepthSourceError: the sequence has no such frame.
        """
        pictures = self.pictures
        if pictures is None:
            return None
        several = pictures.pattern.numbered or pictures.film is not None
        if several and (number not in pictures.frames or number in pictures.missing):
            raise DepthSourceError(
                f"frame {number} has no depth picture",
                where=str(pictures.path(number)),
                remedy="render it, or leave the frame out with --frames",
            )
        return pictures.path(number)

    def content(self, number: int) -> str:
        """The identity of one frame's depth picture; "" where the plate holds its own.

        Raises:
            DepthSourceError: the sequence has no such frame.
            PlateError: it cannot be read.
        """
        return self.pictures.content(number) if self.path(number) and self.pictures else ""

    def laid_over(self, plate: Plate, number: int) -> Plate:
        """A plate with this depth.

        Raises:
            DepthSourceError: as `read_over`.
        """
        read = self.read_over(plate, number)
        if read is None:
            return plate
        found, pixels = read
        return replace(
            plate,
            frame=replace(plate.frame, layers={**plate.frame.layers, "depth": pixels}),
            depth_name=found.channel or "depth",
            depth_file=self.named[0],
            depth_meaning=found.meaning,
            depth_varies=found.varies,
        )

    def read_over(self, plate: Plate, number: int) -> tuple[DepthPicture, Array] | None:
        """The depth picture of one frame, and its pixels over a plate's data window; None without pictures.

        Raises:
            DepthSourceError: there is no depth for this frame, it cannot be read, or it has another shape. A plate's
                fault may be skipped or held over; this may not.
        """
        path = self.path(number)
        if path is None or self.pictures is None:
            return None
        try:
            film = self.pictures.film
            if film is not None:
                found = from_movie(film, number - self.pictures.first)
            else:
                found = read_depth(path, view=plate.view or self.eye, channel=self.channel)
            return found, fitted(found, plate.frame)
        except PlateError as error:
            raise DepthSourceError(error.message, where=error.where or str(path), remedy=error.remedy) from error


OWN_DEPTH = DepthInput()
"""The plate's own depth, under its usual names."""
