"""A plate: the frame that travels, and all else its file says, kept for the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_bridge.frame import Array, Frame
from host_bridge.geometry import Box


@dataclass(frozen=True)
class Layer:
    """One channel as stored.

    Attributes:
        name: its name without the view, such as `depth.Z`.
        pixels: (rows, columns) in the file's own type.
        window: the pixels it covers.
    """

    name: str
    pixels: Array
    window: Box


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
        input_space: colour space of the file's values, as recorded.
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
