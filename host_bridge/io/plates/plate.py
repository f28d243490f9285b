"""A plate: the frame that travels, and all else its file says, kept for the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.io.plates.passthrough import PassthroughPart
from host_bridge.io.plates.tags import Tag

MOST_NAMED = 8


@dataclass(frozen=True)
class Layer:
    """One channel as stored.

    Attributes:
        name: its name without the view, such as `depth.Z`.
        pixels: (rows, columns) in the file's own type.
        window: the pixels it covers.
        part: number of its part in the file.
        stored: its name there.
    """

    name: str
    pixels: Array
    window: Box
    part: int = 0
    stored: str = ""


@dataclass(frozen=True)
class Plate:
    """One view of one plate file.

    Attributes:
        path: the file.
        number: frame number.
        view: the view's name in the file; "" when the file names none.
        views: all views of the file.
        frame: what travels to the server.
        types: stored type of each channel of the frame's colour, numpy spelling.
        layers: the other channels of this view, untouched.
        extra: names of those among them that ride in `frame.layers["extra"]`, in its order.
        header: metadata to keep, under OpenEXR's attribute names.
        parts: those of an EXR that this view keeps channels of, the picture's first; empty of other formats.
        input_space: colour space of the file's values, as recorded.
        own: the frame on the file's own data window, where `frame` was laid on another; else None.
        picture: the layer or part that is the picture, as a person may call it; "" where there are none.
        pictures: all that could have been it.
        grey: the channel that is the picture where it is the only one and no Y; else "".
        depth_name: the channel that `frame.layers["depth"]` was read from; "" without one.
        depth_file: the sequence that it was read from, where that is not the plate.
        depth_meaning: what name or metadata say of its values, one of the knob Z Meaning; "auto" when nothing.
        depth_varies: whether it holds more than one value.
        tag: what the file says of its colour, or that a person named the space.
        further: whether a file without parts holds other pictures after this one: pages, or an animation.
        turn: the orientation that the picture was stored in, 1 to 8 as Exif counts; the frame is upright.
        pixel_space: colour space of the frame's colour: the same, or scene-linear Rec.709 where integers were decoded.
    """

    path: Path
    number: int
    view: str
    views: tuple[str, ...]
    frame: Frame
    types: tuple[str, ...]
    layers: tuple[Layer, ...] = ()
    extra: tuple[str, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict)
    input_space: str = ""
    pixel_space: str = ""
    own: Frame | None = None
    picture: str = ""
    pictures: tuple[str, ...] = ()
    grey: str = ""
    parts: tuple[PassthroughPart, ...] = ()
    depth_name: str = ""
    depth_file: str = ""
    depth_meaning: str = "auto"
    depth_varies: bool = False
    tag: Tag | None = None
    further: bool = False
    turn: int = 1

    @property
    def shown(self) -> Frame:
        """The frame on the file's own data window."""
        return self.own or self.frame

    @property
    def unmoved(self) -> tuple[str, ...]:
        """Channels that no rebuilt eye can show: ids, integers, and what lies in parts of other windows."""
        return tuple(layer.name for layer in self.layers if layer.name not in self.extra)

    @property
    def choices(self) -> tuple[str, ...]:
        """What was chosen among several of a kind, a line each, for people."""
        notes = []
        if len(self.pictures) > 1:
            others = _listed([name for name in self.pictures if name != self.picture])
            notes.append(f"the picture is {self.picture}, not {others}; --layer names another")
        if len(self.views) > 1:
            others = _listed([name for name in self.views if name != self.view])
            notes.append(f"the plate is view {self.view}, not {others}; --view names another")
        return tuple(notes)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
