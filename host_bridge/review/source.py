"""Stereo as it lies on the disk, whoever wrote it: multi-view EXRs, one file a view, packed pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_bridge.core.errors import BadInputError, PlateError
from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs.result import EYES, on_window
from host_bridge.io.outputs.stereo_exr import WINDOW
from host_bridge.io.plates import Plate, PlateSequence, guard
from host_bridge.io.plates.disparity import find_disparity, read_disparity
from host_bridge.io.plates.exr import MAGIC, ExrFile, open_exr
from host_bridge.review.packing import named_layout, unpack, validate_layout
from host_bridge.review.pair import Pair

BETWEEN = "::"
"""Stands between the left and the right eye's file or pattern."""


@dataclass(frozen=True)
class StereoSource:
    """A stereo sequence.

    Attributes:
        name: for people: the file name it was given by.
        left, right: the sequences of both eyes; the same one where a file holds both.
        layout: how a packed picture holds both eyes; "" where they are apart.
        input_space: colour space of the values; None takes each file's tag.
    """

    name: str
    left: PlateSequence
    right: PlateSequence
    layout: str = ""
    input_space: str | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """Frames that have files for both eyes, ascending."""
        missing = self.left.missing | self.right.missing
        return tuple(sorted((set(self.left.frames) & set(self.right.frames)) - missing))

    def read(self, number: int, *, side_px: int = 0) -> Pair:
        """One frame as a person sees it, with what is known of its disparity.

        Args:
            number: frame number.
            side_px: block means bring the long side of both views down to this; 0 leaves them.

        Raises:
            PlateError: a file that cannot be read, or eyes of different sizes.
        """
        left, right = self._plates(number)
        parallax, filled = (None, None) if self.layout else _measured(left, right)
        views = [_shrunk(eye, side_px) for eye in self._eyes(left, right)]
        # Both at once: what a display transform costs most is being set up.
        both = colour.to_display(np.concatenate(views), left.frame.channels, left.pixel_space)
        shown = np.split(both, [views[0].shape[0]])
        width = left.frame.display.width // (2 if self.layout == "sbs" else 1)
        window = _window_in(left.path)
        return Pair(number, shown[0], shown[1], parallax, filled, left.frame.pixel_aspect, width, window)

    def shown(self, number: int, *, display: str = "", view: str = "") -> tuple[Array, Array]:
        """Both eyes of one frame through a display transform; (rows, columns, 3) float32 in 0..1.

        Raises:
            PlateError: as `read`.
            BadInputError: the colour config has no such display or view.
        """
        left, right = self._plates(number)
        eyes = [
            colour.display_values(
                eye.astype(np.float32, copy=False), left.frame.channels, left.pixel_space, display=display, view=view
            )
            for eye in self._eyes(left, right)
        ]
        return eyes[0], eyes[1]

    def content(self, number: int) -> tuple[str, str]:
        """The identity of what both eyes' pictures hold."""
        return self.left.content(number), self.right.content(number)

    def _plates(self, number: int) -> tuple[Plate, Plate]:
        left = self.left.read(number, input_space=self.input_space)
        if self.layout:
            return left, left
        right = self.right.read(number, input_space=self.input_space)
        if _size(left) != _size(right) or left.frame.channels[:3] != right.frame.channels[:3]:
            raise PlateError(
                f"the left eye is {_said(left)}, the right one {_said(right)}",
                where=str(right.path),
                remedy="render both eyes alike",
            )
        return left, right

    def _eyes(self, left: Plate, right: Plate) -> tuple[Array, Array]:
        """The colour of both eyes over the display window, float32."""
        if self.layout:
            return unpack(_whole(left), self.layout)
        return _whole(left), _whole(right)


def open_stereo(
    text: str, *, layout: str = "", frames: str | None = None, input_space: str | None = None
) -> StereoSource:
    """Finds out how a stereo sequence is stored.

    Args:
        text: a pattern or file; with `%V` one file a view; `LEFT::RIGHT` names both eyes; else a multi-view EXR, or a
            packed picture whose name or `layout` says how.
        layout: one of `packing.LAYOUTS`; "" asks the name.
        frames: frame range.
        input_space: colour space of the values.

    Raises:
        BadInputError: nothing says where the second eye is.
        MissingFrameError: no file.
    """
    name = Path(text.partition(BETWEEN)[0]).name
    if BETWEEN in text:
        left, right = text.split(BETWEEN, 1)
        eyes = [PlateSequence.open(one, frames=frames) for one in (left, right)]
        return StereoSource(name, eyes[0], eyes[1], input_space=input_space)
    if "%V" in text or "%v" in text:
        eyes = [PlateSequence.open(text, frames=frames, view=eye) for eye in ("left", "right")]
        return StereoSource(name, eyes[0], eyes[1], input_space=input_space)
    whole = PlateSequence.open(text, frames=frames)
    if not layout and _has_both(whole):
        return StereoSource(name, replace(whole, view=EYES[0]), replace(whole, view=EYES[1]), input_space=input_space)
    packed = validate_layout(layout) if layout else named_layout(Path(text).stem)
    if not packed:
        raise BadInputError(
            "no second eye is found",
            where=text,
            remedy="name both as LEFT::RIGHT or with %V, or say how one picture holds them with --layout",
        )
    return StereoSource(name, whole, whole, packed, input_space)


def _has_both(sequence: PlateSequence) -> bool:
    path = sequence.path(next(n for n in sequence.frames if n not in sequence.missing))
    return (
        sequence.film is None and guard.first_bytes(path, 4) == MAGIC and {"left", "right"} <= set(open_exr(path).views)
    )


def _size(plate: Plate) -> tuple[int, int]:
    return plate.frame.display.width, plate.frame.display.height


def _said(plate: Plate) -> str:
    return f"{'×'.join(str(side) for side in _size(plate))} px of {''.join(plate.frame.channels)}"


def _whole(plate: Plate) -> Array:
    if plate.frame.data == plate.frame.display:
        return plate.frame.layers["color"]
    return on_window(plate.frame.layers["color"], plate.frame.data, plate.frame.display)


def _shrunk(view: Array, side_px: int) -> Array:
    large = side_px and max(view.shape[:2]) > side_px
    return colour.shrink(view, side_px) if large else view.astype(np.float32, copy=False)


def _measured(left: Plate, right: Plate) -> tuple[Array | None, Array | None]:
    """Parallax on the left grid in % of the width, and what the right view shows that the left one hides."""
    if guard.first_bytes(left.path, 4) != MAGIC:
        return None, None
    display = left.frame.display
    parallax = filled = None
    if find_disparity(open_exr(left.path), "left") is not None:
        px = read_disparity(left.path, "left", display, display)[..., 0]
        parallax = np.asarray(px * np.float32(-100.0 / display.width))
    for path in dict.fromkeys((right.path, left.path)):
        mask = _occlusion(open_exr(path), display)
        if mask is not None:
            filled = mask > 0.5
            break
    return parallax, filled


def _window_in(path: Path) -> FloatingWindow:
    """The floating window that a file says it was rendered with."""
    if guard.first_bytes(path, 4) != MAGIC:
        return FloatingWindow()
    said = next((header[WINDOW] for header in open_exr(path).headers if WINDOW in header), "")
    try:
        left_top, left_bottom, right_top, right_bottom = (float(value) for value in str(said).split())
    except ValueError:
        return FloatingWindow()
    return FloatingWindow((left_top, left_bottom), (right_top, right_bottom))


def _occlusion(file: ExrFile, display: Box) -> Array | None:
    """`occlusion.mask` of the right view over the display window, or None."""
    found = [c for c in file.channels if c.name == "occlusion.mask" and c.view in ("right", None)]
    if not found:
        return None
    pixels = file.read([found[0]])[0][..., None]
    return on_window(pixels, found[0].window, display)[..., 0]
