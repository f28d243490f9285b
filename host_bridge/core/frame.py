"""One plate frame as it travels: full-resolution layers over a data window, and a content key.

Convention:
    Arrays are (rows, columns, channels), y down, little-endian, C-contiguous. `color` is scene-linear and
    untouched; only `look`, the small copy that networks see, is display-referred.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box

Array = npt.NDArray[Any]
LAYER_DTYPES = ("<f2", "<f4", "|u1", "<u2")
LAYERS = ("color", "extra", "depth", "disparity", "matte", "clean_plate", "clean_depth", "look")
FULL_SIZE_LAYERS = LAYERS[:-1]
LEAST_ASPECT, MOST_ASPECT = 0.05, 20.0


@dataclass(frozen=True)
class Frame:
    """A plate frame.

    Attributes:
        display: display window, px; its width is the picture width that disparity fractions refer to.
        data: data window, px; every layer except `look` covers exactly this box.
        layers: name → array. `color` (h, w, C) scene-linear; `extra` (h, w, K) layers that ride along; `depth`
            (h, w, 1) the plate's Z; `disparity` (h, w, 1) a given x_L − x_R on the hero grid, px; `matte` (h, w, 1)
            0..1, where Local Sculpt acts; `clean_plate` (h, w, C) `color` without what stands in front, on the
            same grid; `clean_depth` (h, w, 1) what `depth` is, of the clean plate, and with style "given" what
            `disparity` is; `look` (h', w', 3) uint8, display-referred, covering the data window at any smaller size,
            for the networks.
        channels: names of the channels of `color`, such as ("R", "G", "B", "A").
        pixel_aspect: pixel width over height.
    """

    display: Box
    data: Box
    layers: dict[str, Array]
    channels: tuple[str, ...] = ("R", "G", "B")
    pixel_aspect: float = 1.0

    def __post_init__(self) -> None:
        """Proves names, types and sizes.

        Raises:
            PlateError: a layer that is unknown, of another type or of another size than the data window.
        """
        if self.data.empty or self.display.empty:
            raise PlateError("the frame has no pixels", remedy="check the plate's windows")
        if not LEAST_ASPECT <= self.pixel_aspect <= MOST_ASPECT:
            raise PlateError(f"pixel aspect {self.pixel_aspect} is not usable", remedy="mend the plate's header")
        for name, array in self.layers.items():
            self._check_layer(name, array)

    def _check_layer(self, name: str, array: Array) -> None:
        if name not in LAYERS or array.ndim != 3 or array.dtype.str not in LAYER_DTYPES:
            raise PlateError(
                f"layer {name!r} {array.dtype.str}{array.shape} is not one a frame carries",
                remedy=f"layers are {', '.join(LAYERS)}, each (rows, columns, channels) of {', '.join(LAYER_DTYPES)}",
            )
        if name != "look" and array.shape[:2] != (self.data.height, self.data.width):
            raise PlateError(
                f"layer {name!r} is {array.shape[1]}×{array.shape[0]} px, the data window {self.data.width}×"
                f"{self.data.height}",
                remedy="give every layer the plate's size",
            )
        if name == "color" and array.shape[2] != len(self.channels):
            raise PlateError(
                f"color has {array.shape[2]} channels, their names are {self.channels}", remedy="name every channel"
            )

    @property
    def picture_width(self) -> int:
        """Columns of the display window, px."""
        return self.display.width

    def proxy(self, step: int) -> Frame:
        """Every `step`-th pixel of this frame, as views of its layers; `look` stays whole."""
        if step == 1:
            return self
        layers = {name: a if name == "look" else a[::step, ::step] for name, a in self.layers.items()}
        return replace(self, display=self.display.every(step), data=self.data.every(step), layers=layers)

    def inside(self, picture: Box) -> Frame:
        """A part of this frame as views of its layers; where it ends inside the display window, so does that.

        Args:
            picture: px, inside the data window.
        """
        if picture == self.data:
            return self
        rows, columns = picture.slices(self.data)
        layers = {name: a[rows, columns] for name, a in self.layers.items() if name != "look"}
        if "look" in self.layers:
            layers["look"] = _share(self.layers["look"], rows, columns, self.data)
        return replace(self, display=narrowed(self.display, self.data, picture), data=picture, layers=layers)

    @property
    def nbytes(self) -> int:
        """Bytes of all layers."""
        return sum(int(array.nbytes) for array in self.layers.values())

    @cached_property
    def key(self) -> str:
        """Content address: the same pixels and windows give the same key on every machine (see `content_key`)."""
        return content_key(self.display, self.data, self.pixel_aspect, self.channels, self.layers)


def narrowed(display: Box, data: Box, picture: Box) -> Box:
    """The display window up to the picture on those sides where the picture ends inside the data window."""
    x0, y0, x1, y1 = display.as_tuple()
    left = x0 if picture.x0 == data.x0 else max(x0, picture.x0)
    top = y0 if picture.y0 == data.y0 else max(y0, picture.y0)
    right = x1 if picture.x1 == data.x1 else min(x1, picture.x1)
    bottom = y1 if picture.y1 == data.y1 else min(y1, picture.y1)
    found = Box(left, top, right, bottom)
    return display if found.empty else found


def _share(look: Array, rows: slice, columns: slice, data: Box) -> Array:
    """The pixels of a small copy that lie in a part of what it covers."""
    down, across = look.shape[0] / data.height, look.shape[1] / data.width
    top, left = (math.ceil(first * scale - 0.25) for first, scale in ((rows.start, down), (columns.start, across)))
    bottom = max(top + 1, math.floor(rows.stop * down + 0.25))
    right = max(left + 1, math.floor(columns.stop * across + 0.25))
    return look[top:bottom, left:right]


def _counted(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def content_key(
    display: Box, data: Box, pixel_aspect: float, channels: Sequence[str], layers: Mapping[str, Array]
) -> str:
    """XXH3 (128 bits, seed 0, canonical hex) over a binary header and the layers' bytes in order of their names.

    The header, all little-endian: display and data box as 8 int32, pixel aspect as float64, then the channel names
    and the layers, each list led by its uint32 count; a text is a uint32 byte count and UTF-8; a layer is its name,
    its dtype text such as "<f2", and rows, columns, channels as uint32. docs/protocol.md is the authority.
    """
    digest = content_digest(display, data, pixel_aspect, channels, layers)
    for name in sorted(layers):
        digest.update(np.ascontiguousarray(layers[name]).reshape(-1).view(np.uint8).data)
    return str(digest.hexdigest())


def content_digest(
    display: Box, data: Box, pixel_aspect: float, channels: Sequence[str], layers: Mapping[str, Array]
) -> Any:
    """The hash of a content key after its header; the layers' bytes in order of their names are to follow."""
    names = sorted(layers)
    parts = [struct.pack("<8id", *display.as_tuple(), *data.as_tuple(), pixel_aspect)]
    parts += [struct.pack("<I", len(channels)), *map(_counted, channels), struct.pack("<I", len(names))]
    for name in names:
        parts += [_counted(name), _counted(layers[name].dtype.str), struct.pack("<3I", *layers[name].shape)]
    return xxhash.xxh3_128(b"".join(parts))
