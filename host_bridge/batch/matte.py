"""Pictures of a matte: where Local Sculpt acts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_bridge.batch.clean_plate import frame_of
from host_bridge.core.errors import BadInputError, PlateError
from host_bridge.core.frame import Array
from host_bridge.io.plates import Plate, PlateSequence
from host_bridge.io.plates.depth_option import is_pictures
from host_bridge.io.plates.depth_picture import fitted
from host_bridge.io.plates.film import is_movie
from host_bridge.io.plates.matte_picture import read_matte


@dataclass(frozen=True)
class Matte:
    """Where the mattes of a plate's frames are read from.

    Attributes:
        pictures: numbered as the plate's, or one picture for all of them.
        view: the view to take of a picture that has several.
    """

    pictures: PlateSequence
    view: str = ""

    @staticmethod
    def open(text: str, view: str) -> Matte:
        """What `--sculpt-matte` says.

        Args:
            text: pictures of a matte.
            view: the plate's.

        Raises:
            BadInputError: it names no pictures.
            MissingFrameError: there is none.
        """
        if not is_pictures(text) or is_movie(Path(text)):
            remedy = "name pictures, such as matte.####.exr"
            raise BadInputError(f"{text!r} is no picture of a matte", where="--sculpt-matte", remedy=remedy)
        return Matte(PlateSequence.open(text, view=view), view)

    def content(self, number: int) -> str:
        """The identity of one frame's matte.

        Raises:
            Art3DError: there is none, or it cannot be read.
        """
        return self.pictures.content(frame_of(self.pictures, number, "the matte"))

    def layers(self, plate: Plate, number: int) -> dict[str, Array]:
        """The layer that it adds to a frame.

        Args:
            plate: the plate of that frame.
            number: its number on the disk.

        Raises:
            BadInputError: there is no matte for this frame, it cannot be read, or has another shape. A plate's fault
                may be skipped or held over; this may not.
        """
        path = self.pictures.path(frame_of(self.pictures, number, "the matte"))
        try:
            return {"matte": fitted(read_matte(path, view=self.view), plate.frame)}
        except PlateError as error:
            raise BadInputError(error.message, where=error.where or str(path), remedy=error.remedy) from error
