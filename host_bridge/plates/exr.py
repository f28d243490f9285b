"""EXR files: headers, pixels and views, each channel in its own type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import OpenImageIO as oiio

from host_bridge.errors import PlateError
from host_bridge.frame import Array
from host_bridge.geometry import Box
from host_bridge.plates import guard
from host_bridge.plates.choice import infer_views
from host_bridge.plates.naming import Channel, split_view
from host_bridge.quiet import silenced

MAGIC = b"\x76\x2f\x31\x01"
_TYPES = {"half": "<f2", "float": "<f4", "uint": "<u4"}
_OIIO_TYPES = {"<f2": "half", "<f4": "float", "<u4": "uint"}
_DEEP = (OpenEXR.deepscanline, OpenEXR.deeptile)


@dataclass(frozen=True)
class ExrFile:
    """An opened EXR: everything but the pixels.

    Attributes:
        path: the file.
        headers: one a part, in OpenEXR's own Python types.
        channels: of all parts.
        views: in file order; empty when the file names none.
        display: display window, px.
    """

    path: Path
    headers: tuple[Mapping[str, Any], ...]
    channels: tuple[Channel, ...]
    views: tuple[str, ...]
    display: Box

    def read(self, channels: Sequence[Channel]) -> list[Array]:
        """The pixels of channels, each (rows, columns) in its stored type.

        Raises:
            PlateError: pixels that are missing or damaged.
        """
        if self.read_whole:
            return [np.asarray(self._pixels[c.part].channels[c.stored].pixels) for c in channels]
        groups: dict[tuple[int, str], list[Channel]] = {}
        for channel in channels:
            groups.setdefault((channel.part, channel.dtype), []).append(channel)
        found: dict[Channel, Array] = {}
        for (part, dtype), group in groups.items():
            found.update(zip(group, self._read_group(part, dtype, group), strict=True))
        return [found[channel] for channel in channels]

    def read_stack(self, channels: Sequence[Channel]) -> Array:
        """Channels of one size as (rows, columns, channels): half where all are half, else float."""
        kind = "<f2" if {c.dtype for c in channels} == {"<f2"} else "<f4"
        return np.stack([plane.astype(kind, copy=False) for plane in self.read(channels)], -1)

    @property
    def read_whole(self) -> bool:
        """Whether OpenEXR reads the file at once: it is twice as fast, and alone in knowing subsampled channels.

        Of a file with parts OpenImageIO reads only those that are asked.
        """
        return len(self.headers) == 1 or any(c.sampling != (1, 1) for c in self.channels)

    @cached_property
    def _pixels(self) -> Sequence[Any]:
        return _whole(self.path)

    def _read_group(self, part: int, dtype: str, group: Sequence[Channel]) -> list[Array]:
        block, order = self._read_block(part, dtype, group)
        return [np.ascontiguousarray(block[..., i]) for i in order]

    def _read_block(self, part: int, dtype: str, group: Sequence[Channel]) -> tuple[Array, list[int]]:
        reader = _opened(self.path)
        if not reader.seek_subimage(part, 0):
            raise _damaged(self.path, reader.geterror())
        names = list(reader.spec().channelnames)
        indices = [names.index(channel.stored) for channel in group]
        first = min(indices)
        pixels = reader.read_image(part, 0, first, max(indices) + 1, _OIIO_TYPES[dtype])
        if pixels is None:
            raise _damaged(self.path, reader.geterror())
        reader.close()
        return pixels, [index - first for index in indices]


def _whole(path: Path) -> Sequence[Any]:
    """All parts with their pixels."""
    with silenced() as said:
        parts = OpenEXR.File(str(path), separate_channels=True).parts
    if not parts:
        raise _damaged(path, said.getvalue().rpartition(" - ")[2])
    return list(parts)


def _opened(path: Path) -> oiio.ImageInput:
    reader = oiio.ImageInput.open(str(path))
    if reader is None:
        raise _damaged(path, oiio.geterror())
    return reader


def _damaged(path: Path, reason: str) -> PlateError:
    why = reason.strip().splitlines()[0] if reason.strip() else "no reason given"
    return PlateError(f"pixels are missing or damaged ({why})", where=str(path), remedy=guard.AGAIN)


def open_exr(path: Path) -> ExrFile:
    """Reads the headers of an EXR and proves them.

    Raises:
        PlateError: not an EXR, damaged, deep, or with a header that lies.
        LimitError: larger than a plate may be.
    """
    if guard.first_bytes(path, 4) != MAGIC:
        raise PlateError("this is not an EXR file, whatever its name says", where=str(path), remedy=guard.AGAIN)
    try:
        headers = tuple(dict(part.header) for part in OpenEXR.File(str(path), True, True).parts)
    except (RuntimeError, ValueError) as error:
        raise PlateError("the header is damaged or cut short", where=str(path), remedy=guard.AGAIN) from error
    if not headers:
        raise PlateError("the file has no readable part", where=str(path), remedy=guard.AGAIN)
    if any(header["type"] in _DEEP for header in headers):
        raise PlateError("this is a deep EXR", where=str(path), remedy="flatten it first (Nuke: DeepToImage)")
    for header in headers:
        # Half a float a channel is the least that the header can mean; types are not known yet.
        guard.check_size(path, _window(header["dataWindow"]), 2 * len(header["channels"]))
    try:
        types = _types(path, headers)
        channels = tuple(c for number in range(len(headers)) for c in _channels_of(number, headers, types))
        legible = all(channel.stored.isprintable() for channel in channels)
    except UnicodeError:
        legible = False
    if not legible:
        raise PlateError("the header is damaged: its names are no text", where=str(path), remedy=guard.AGAIN)
    views = _views(headers)
    if not views:
        channels = infer_views(channels)
        views = tuple(dict.fromkeys(c.view for c in channels if c.view))
    return ExrFile(path, headers, channels, views, _window(headers[0]["displayWindow"]))


def _types(path: Path, headers: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str], str]:
    """Numpy spelling of every channel's type; header-only reading by OpenEXR does not know it."""
    if any(c.xSampling != 1 or c.ySampling != 1 for header in headers for c in header["channels"]):
        parts = _whole(path)
        return {(n, k): np.asarray(c.pixels).dtype.str for n, p in enumerate(parts) for k, c in p.channels.items()}
    reader = _opened(path)
    found = {}
    for number in range(len(headers)):
        if not reader.seek_subimage(number, 0):
            raise _damaged(path, reader.geterror())
        spec = reader.spec()
        formats = spec.channelformats or [spec.format] * spec.nchannels
        found.update({(number, n): _TYPES[str(kind)] for n, kind in zip(spec.channelnames, formats, strict=True)})
    reader.close()
    return found


def _window(corners: Any) -> Box:
    (x_min, y_min), (x_max, y_max) = corners
    return Box.from_exr(int(x_min), int(y_min), int(x_max), int(y_max))


def _channels_of(
    number: int, headers: Sequence[Mapping[str, Any]], types: Mapping[tuple[int, str], str]
) -> list[Channel]:
    header = headers[number]
    window, views = _window(header["dataWindow"]), list(header.get("multiView", ()))
    part_name = str(header.get("name", "")) if len(headers) > 1 else ""
    found = []
    for channel in header["channels"]:
        name, view = split_view(channel.name, views) if views else (channel.name, header.get("view"))
        sampling = (channel.xSampling, channel.ySampling)
        kind = types[number, channel.name]
        found.append(Channel(number, channel.name, name, view, kind, window, sampling, part_name))
    return found


def _views(headers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    named = [view for h in headers for view in (*h.get("multiView", ()), h.get("view")) if view]
    return tuple(dict.fromkeys(named))
