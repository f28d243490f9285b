"""EXR files: headers, pixels and views, each channel in its own type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.plates import guard
from host_bridge.io.plates.choice import choose_picture, infer_views, pictures, says_picture
from host_bridge.io.plates.exr_decode import decode, has_help
from host_bridge.io.plates.exr_header import MAGIC, Header, read_headers
from host_bridge.io.plates.logged_once import log_once
from host_bridge.io.plates.naming import Channel, split_view

__all__ = ["MAGIC", "ExrFile", "open_exr"]
_DEEP_REMEDY = "flatten it first (Nuke: DeepToImage)"


@dataclass(frozen=True)
class ExrFile:
    """An opened EXR: everything but the pixels.

    Attributes:
        path: the file.
        parts: the parts' headers.
        end: where the headers end in the file.
        channels: of all parts.
        views: in file order; empty when the file names none.
        display: display window, px.
    """

    path: Path
    parts: tuple[Header, ...]
    end: int
    channels: tuple[Channel, ...]
    views: tuple[str, ...]
    display: Box

    @property
    def headers(self) -> tuple[Mapping[str, Any], ...]:
        """Of each part the attributes that are texts and numbers."""
        return tuple(part.values for part in self.parts)

    def read(self, channels: Sequence[Channel]) -> list[Array]:
        """The pixels of channels, each (rows, columns) in its stored type.

        Raises:
            PlateError: pixels that are missing or damaged.
        """
        return [self._part(channel)[channel.stored] for channel in channels]

    def take(self, channels: Sequence[Channel]) -> list[Array]:
        """As `read`; their memory is the caller's to free: asked once more, they are decoded once more.

        Raises:
            PlateError: as `read`.
        """
        return [self._part(channel).pop(channel.stored) for channel in channels]

    def decode(self, channels: Iterable[Channel]) -> None:
        """Decodes the parts that channels lie in, where side by side is quicker; `read` then has them at hand.

        Raises:
            PlateError: as `read`.
        """
        if not has_help():
            return
        numbers = [part for part in dict.fromkeys(c.part for c in channels) if part not in self._decoded]
        decoded = decode(self.path, self.parts, self.end, numbers)
        self._decoded.update(zip(numbers, decoded, strict=True))

    def read_stack(self, channels: Sequence[Channel]) -> Array:
        """Channels of one size as (rows, columns, channels): half where all are half, else float."""
        kind = "<f2" if {c.dtype for c in channels} == {"<f2"} else "<f4"
        return np.stack([plane.astype(kind, copy=False) for plane in self.read(channels)], -1)

    @cached_property
    def _decoded(self) -> dict[int, dict[str, Array]]:
        return {}

    def _part(self, channel: Channel) -> dict[str, Array]:
        """The decoded channels of the part that one lies in, it among them."""
        if channel.stored not in self._decoded.get(channel.part, ()):
            (self._decoded[channel.part],) = decode(self.path, self.parts, self.end, [channel.part])
        return self._decoded[channel.part]


def open_exr(path: Path) -> ExrFile:
    """Reads the headers of an EXR and proves them.

    Raises:
        PlateError: not an EXR, damaged, with a deep picture, or with a header that lies.
        LimitError: larger than a plate may be.
    """
    parts, end = read_headers(path)
    flat = [number for number, part in enumerate(parts) if not part.deep]
    for number in flat:
        guard.validate_size(path, parts[number].data, max(1, int(sum(_bytes_each(parts[number])))))
    channels = infer_views([c for number in flat for c in _channels_of(number, parts)])
    if len(flat) < len(parts):
        _validate_without_deep(path, parts, channels)
    views = tuple(dict.fromkeys((*_views([parts[n] for n in flat]), *(c.view for c in channels if c.view))))
    return ExrFile(path, parts, end, channels, views, parts[flat[0]].display)


def _validate_without_deep(path: Path, parts: Sequence[Header], channels: Sequence[Channel]) -> None:
    """Proves that the flat parts beside deep ones hold the picture itself: of a deep beauty, they are ingredients.

    Raises:
        PlateError: they do not.
    """
    picture = choose_picture(pictures(channels))
    if picture is None or not says_picture(picture.label):
        raise PlateError("this is a deep EXR", where=str(path), remedy=_DEEP_REMEDY)
    names = ", ".join(part.text("name") for part in parts if part.deep)
    log_once(path, f"left out, since deep: {names}")


def _bytes_each(part: Header) -> list[float]:
    return [np.dtype(c.dtype).itemsize / (c.sampling[0] * c.sampling[1]) for c in part.channels]


def _channels_of(number: int, parts: Sequence[Header]) -> list[Channel]:
    header = parts[number]
    views = header.views
    part_name = header.text("name") if len(parts) > 1 else ""
    found = []
    for channel in header.channels:
        name, view = split_view(channel.name, views) if views else (channel.name, header.text("view") or None)
        found.append(Channel(number, channel.name, name, view, channel.dtype, header.data, channel.sampling, part_name))
    return found


def _views(parts: Sequence[Header]) -> list[str]:
    return [view for part in parts for view in (*part.views, part.text("view")) if view]
