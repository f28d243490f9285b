"""What the frames of one sequence have in common: a display window, and a canvas where data windows change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce

from host_bridge.core.errors import Art3DError, PlateError
from host_bridge.core.frame import FULL_SIZE_LAYERS
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates.plate import Plate
from host_bridge.io.plates.sequence import PlateSequence
from host_bridge.io.windows import relaid

_READERS = 8


@dataclass(frozen=True)
class Canvas:
    """The windows of a sequence.

    Attributes:
        display: the display window that most frames have; the first frame's where two are as frequent.
        data: what all their data windows cover together; None where they are all the same.
    """

    display: Box
    data: Box | None = None

    def check(self, plate: Plate) -> None:
        """Refuses a frame of another picture.

        Raises:
            PlateError: its display window is not the sequence's.
        """
        display = plate.frame.display
        if display != self.display:
            raise PlateError(
                f"the picture is {_box_text(display, self.display)}, the sequence's {_box_text(self.display, display)}",
                where=str(plate.path),
                remedy="render the frame again at the size of the others, or convert it on its own",
            )

    def lay(self, plate: Plate) -> Plate:
        """The plate on the canvas, which grows around a frame that reaches beyond it."""
        return padded(plate, self.data.union(plate.frame.data)) if self.data else plate


def _box_text(box: Box, beside: Box) -> str:
    size = f"{box.width}×{box.height} px"
    same = (box.width, box.height) == (beside.width, beside.height)
    return f"{size} from ({box.x0}, {box.y0})" if same else size


def canvas_of(sequence: PlateSequence) -> Canvas | None:
    """The windows of a sequence, from its files' headers; None when none of them can be read."""
    numbers = [n for n in sequence.frames if n not in sequence.missing]
    with ThreadPoolExecutor(_READERS, "art3d-headers") as readers:
        return common([w for w in readers.map(lambda number: _windows(sequence, number), numbers) if w])


def _windows(sequence: PlateSequence, number: int) -> tuple[Box, Box] | None:
    try:
        return sequence.windows(number)
    except Art3DError:
        return None


def common(windows: Sequence[tuple[Box, Box]]) -> Canvas | None:
    """The canvas of some frames, of each its display and its data window; None of none."""
    if not windows:
        return None
    display = Counter(display for display, _ in windows).most_common(1)[0][0]
    covered = {data for shown, data in windows if shown == display}
    return Canvas(display, _union(covered) if len(covered) > 1 else None)


def _union(boxes: Iterable[Box]) -> Box:
    return reduce(Box.union, boxes)


def padded(plate: Plate, data: Box | None) -> Plate:
    """A plate whose frame covers `data`, 0 where it had no pixels; its picture stays at `plate.shown`."""
    frame = plate.frame
    if data is None or data == frame.data:
        return plate
    layers = {n: relaid(a, frame.data, data) for n, a in frame.layers.items() if n in FULL_SIZE_LAYERS}
    if "look" in frame.layers:
        layers["look"] = colour.make_look(layers["color"], frame.channels, plate.pixel_space)
    return replace(plate, frame=replace(frame, data=data, layers=layers), own=frame)
