"""The clean plate of a sequence, the same camera without what stands in front, and its depth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_bridge.core.errors import BadInputError, DepthSourceError
from host_bridge.core.frame import Array
from host_bridge.io.plates import Pattern, Plate, PlateSequence
from host_bridge.io.plates.canvas import padded
from host_bridge.io.plates.depth_input import OWN_DEPTH, DepthInput
from host_bridge.io.plates.depth_option import is_pictures
from host_bridge.io.plates.film import is_movie
from host_bridge.io.plates.hero import settle_hero


@dataclass(frozen=True)
class CleanPlate:
    """Where the clean plate's frames and their depth are read from.

    Attributes:
        plates: numbered as the plate's, or one picture for all of them.
        depth: pictures of its depth, numbered likewise, in the units of the plate's; none by default.
    """

    plates: PlateSequence
    depth: DepthInput = OWN_DEPTH

    @staticmethod
    def open(text: str, asked_view: str, view: str) -> CleanPlate:
        """The clean plate, of the plate's own view where it has that one.

        Raises:
            Art3DError: as `PlateSequence.open`.
        """
        named = Pattern.parse(text).has_view
        return CleanPlate(settle_hero(PlateSequence.open(text, view=view if named else asked_view), view or None)[0])

    @property
    def sources(self) -> tuple[PlateSequence, ...]:
        """All sequences that are read."""
        return (self.plates,) if self.depth.pictures is None else (self.plates, self.depth.pictures)

    def content(self, number: int) -> tuple[str, ...]:
        """The identity of one frame's clean plate and of its depth.

        Raises:
            Art3DError: there is none, or it cannot be read.
        """
        depth = self.depth
        return (
            self.plates.content(frame_of(self.plates, number)),
            depth.channel,
            depth.content(self._depth_frame(number)),
        )

    def _depth_frame(self, number: int) -> int:
        pictures = self.depth.pictures
        return number if pictures is None else frame_of(pictures, number, "the clean plate's depth")

    def layers(self, plate: Plate, number: int, input_space: str | None = None) -> dict[str, Array]:
        """The layers that it adds to a frame.

        Args:
            plate: the plate of that frame.
            number: its number on the disk.
            input_space: colour space; None takes the file's tag.

        Raises:
            BadInputError: there is none for this frame, or it does not fit the plate.
            DepthSourceError: its depth cannot be read, has another shape, or other units than the plate's.
        """
        clean = self.plates.read(frame_of(self.plates, number), input_space=input_space)
        frame = plate.frame
        if clean.frame.display != frame.display or clean.frame.channels != frame.channels:
            raise BadInputError(
                "the clean plate has another display window or other channels than the plate",
                where=str(clean.path),
                remedy="render both alike",
            )
        layers = {"clean_plate": padded(clean, frame.data).frame.layers["color"]}
        read = self.depth.read_over(plate, self._depth_frame(number))
        if read is None:
            return layers
        found, pixels = read
        if "auto" not in (found.meaning, plate.depth_meaning) and found.meaning != plate.depth_meaning:
            raise DepthSourceError(
                f"the clean plate's depth is {found.meaning}, the plate's {plate.depth_meaning}",
                where=str(found.path),
                remedy="give both in the same units",
            )
        return {**layers, "clean_depth": pixels}


def frame_of(sequence: PlateSequence, number: int, what: str = "the clean plate") -> int:
    """The frame of a clean plate that goes with a plate's: the same number, or the only one there is.

    Raises:
        BadInputError: it has several, and not that one.
    """
    if len(sequence.frames) == 1:
        return sequence.frames[0]
    if number in sequence.frames and number not in sequence.missing:
        return number
    raise BadInputError(
        f"{what} has no frame {number}",
        where=sequence.pattern.text,
        remedy="render it, leave the frame out with --frames, or name one picture for all frames",
    )


def depth_of_clean_plate(text: str, channel: str, view: str) -> DepthInput:
    """What `--clean-depth` says.

    Args:
        text: pictures of depth.
        channel: what `--depth-channel` says, which files without channels of that name need not have.
        view: the plate's.

    Raises:
        BadInputError: it names no pictures.
        MissingFrameError: there is none.
    """
    if not is_pictures(text):
        raise BadInputError(
            f"{text!r} is no picture of depth", where="--clean-depth", remedy="name pictures, such as clean.####.exr"
        )
    if is_movie(Path(text)):
        raise BadInputError("a clean plate's depth is no movie", where="--clean-depth", remedy="name pictures")
    exr = Path(text).suffix.lower() in (".exr", ".sxr", ".mxr")
    return DepthInput(PlateSequence.open(text, view=view), channel if exr else "", view)
