"""The headers of an EXR, attribute by attribute as their bytes say, whatever encoding a text is in.

Source: The OpenEXR File Layout (openexr.com), with the standard attributes' types. OpenEXR's Python module refuses a
whole file for one text that is no UTF-8 and hides preview images, key codes and types it does not know; here every
attribute stays its bytes, and only those that are asked become values.

Convention:
    A text that is not UTF-8 is a str with its odd bytes as surrogates (PEP 383), from reading to writing.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.plates import guard

MAGIC = b"\x76\x2f\x31\x01"
TILED, LONG_NAMES, DEEP, MULTI_PART = 0x200, 0x400, 0x800, 0x1000
COMPRESSION = ("none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab", "htj2k256", "htj2k32",
               "lj2k", "zstd")  # fmt: skip
TYPES = ("<u4", "<f2", "<f4")
_FIRST_READ = 1 << 16
_LONGEST_NAME = 255
# As OpenEXR's own check has it: half of what an int holds, so that widths do not overflow.
_FARTHEST_PX = 2**30
_NEEDED = ("channels", "compression", "dataWindow", "displayWindow", "lineOrder")


class DamagedError(ValueError):
    """Bytes that are no EXR header."""


@dataclass(frozen=True)
class Attribute:
    """An attribute as it is stored.

    Attributes:
        kind: its type's name.
        data: its bytes.
    """

    kind: str
    data: bytes

    @staticmethod
    def text(value: str) -> Attribute:
        """A string attribute."""
        return Attribute("string", value.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True)
class StoredChannel:
    """A channel of a part.

    Attributes:
        name: as stored.
        dtype: numpy spelling of its type.
        sampling: columns and rows per sample.
        linear: the flag that tells lossy codecs whether values are perceptually linear.
    """

    name: str
    dtype: str
    sampling: tuple[int, int]
    linear: int = 0


@dataclass(frozen=True)
class Header:
    """The header of one part.

    Attributes:
        attributes: by name, in file order.
        flags: of the whole file.
    """

    attributes: Mapping[str, Attribute]
    flags: int

    @cached_property
    def values(self) -> dict[str, Any]:
        """The attributes whose types are plain: texts, numbers, lists of texts, chromaticities."""
        return {name: value for name, a in self.attributes.items() if (value := _value(a)) is not None}

    def text(self, name: str) -> str:
        """A string attribute; "" without one."""
        found = self.values.get(name)
        return found if isinstance(found, str) else ""

    @property
    def views(self) -> tuple[str, ...]:
        """Those of `multiView`, in order; empty without one."""
        found = self.values.get("multiView")
        return tuple(found) if isinstance(found, list) else ()

    @property
    def type(self) -> str:
        """`scanlineimage`, `tiledimage` or one of the deep ones."""
        if self.flags & MULTI_PART:
            return self.text("type")
        return "tiledimage" if self.flags & TILED else "scanlineimage"

    @property
    def deep(self) -> bool:
        """Whether its pixels hold lists of samples."""
        return bool(self.flags & DEEP and not self.flags & MULTI_PART) or self.text("type").startswith("deep")

    @property
    def data(self) -> Box:
        """Data window, px."""
        return _window(self.attributes["dataWindow"])

    @property
    def display(self) -> Box:
        """Display window, px."""
        return _window(self.attributes["displayWindow"])

    @property
    def compression(self) -> str:
        """One of `COMPRESSION`, or the number of one that came later."""
        number = self.attributes["compression"].data[0]
        return COMPRESSION[number] if number < len(COMPRESSION) else str(number)

    @cached_property
    def channels(self) -> tuple[StoredChannel, ...]:
        """Its channels in the order in which chunks hold them, that of their names' bytes."""
        return tuple(_channels(self.attributes["channels"].data))


def read_headers(path: Path) -> tuple[tuple[Header, ...], int]:
    """The headers of all parts, and where they end.

    Raises:
        PlateError: not an EXR, or a damaged one.
    """
    if guard.first_bytes(path, 4) != MAGIC:
        raise PlateError("this is not an EXR file, whatever its name says", where=str(path), remedy=guard.AGAIN)
    try:
        with path.open("rb") as file:
            headers, end = _grown(file)
        for header in headers:
            _validate(header)
    except (ValueError, struct.error, IndexError, KeyError) as error:
        raise PlateError("the header is damaged or cut short", where=str(path), remedy=guard.AGAIN) from error
    except OSError as error:
        raise PlateError(f"cannot be read ({error.strerror})", where=str(path), remedy="check the disk") from error
    return headers, end


def _grown(file: BinaryIO) -> tuple[tuple[Header, ...], int]:
    """Parses the start of a file; as much more is read as the header turns out to be long."""
    data, more = file.read(_FIRST_READ), _FIRST_READ
    while True:
        try:
            return _parsed(data)
        except _ShortError as short:
            more = max(more * 2, short.needed - len(data))
            further = file.read(min(more, 1 << 28))
            if not further:
                raise DamagedError("the file ends inside its header") from short
            data += further


class _ShortError(Exception):
    """The header goes on beyond the bytes at hand.

    Attributes:
        needed: bytes from the start of the file that are needed to go on.
    """

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed


def _parsed(data: bytes) -> tuple[tuple[Header, ...], int]:
    if len(data) < 8:
        raise _ShortError(8)
    version, flags = data[4], struct.unpack_from("<I", data, 4)[0] & 0xFFFFFF00
    if version != 2:
        raise DamagedError(f"version {version}")
    headers, at = [], 8
    while True:
        attributes, at = _attributes(data, at)
        if attributes:
            headers.append(Header(attributes, flags))
        if not attributes or not flags & MULTI_PART:
            break
    if not headers:
        raise DamagedError("no part")
    return tuple(headers), at


def _attributes(data: bytes, at: int) -> tuple[dict[str, Attribute], int]:
    found: dict[str, Attribute] = {}
    while True:
        name, at = _word(data, at)
        if not name:
            return found, at
        kind, at = _word(data, at)
        if at + 4 > len(data):
            raise _ShortError(at + 4)
        size = struct.unpack_from("<i", data, at)[0]
        if size < 0:
            raise DamagedError(f"an attribute of {size} bytes")
        at += 4 + size
        if at > len(data):
            raise _ShortError(at)
        found[name] = Attribute(kind, data[at - size : at])


def _word(data: bytes, at: int) -> tuple[str, int]:
    end = data.find(b"\0", at, at + _LONGEST_NAME + 1)
    if end < 0:
        if len(data) > at + _LONGEST_NAME:
            raise DamagedError("a name without an end")
        raise _ShortError(len(data) + 1)
    return _text(data[at:end]), end + 1


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _validate(header: Header) -> None:
    """Everything that is asked of a header later can be told."""
    if any(name not in header.attributes for name in _NEEDED) or len(header.attributes["compression"].data) != 1:
        raise DamagedError("an attribute is missing")
    names = [c.name for c in header.channels]
    if not names or any(map(_unnamed, names)) or len(set(names)) < len(names):
        raise DamagedError("channels without names of their own")
    if header.data.empty or header.display.empty:
        raise DamagedError("an empty window")
    if not header.deep and header.type not in ("scanlineimage", "tiledimage"):
        raise DamagedError(f"a part of type {header.type!r}")
    if header.type == "tiledimage" and len(header.attributes["tiles"].data) != 9:
        raise DamagedError("tiles of no size")


def _unnamed(name: str) -> bool:
    return not name or any(ord(c) < 32 or ord(c) == 127 for c in name)


def _channels(data: bytes) -> list[StoredChannel]:
    found, at = [], 0
    while data[at] != 0:
        end = data.index(b"\0", at)
        kind, linear, across, down = struct.unpack_from("<iB3x2i", data, end + 1)
        if not 0 <= kind < len(TYPES) or across < 1 or down < 1:
            raise DamagedError("a channel of no type")
        found.append(StoredChannel(_text(data[at:end]), TYPES[kind], (across, down), linear))
        at = end + 17
    found.sort(key=lambda channel: channel.name.encode("utf-8", "surrogateescape"))
    return found


def _window(attribute: Attribute) -> Box:
    if attribute.kind != "box2i":
        raise DamagedError("a window of another type")
    corners = struct.unpack("<4i", attribute.data)
    if max(map(abs, corners)) > _FARTHEST_PX:
        raise DamagedError(f"a window {corners}")
    return Box.from_exr(*corners)


def _value(attribute: Attribute) -> Any:
    data = attribute.data
    if attribute.kind == "string":
        return _text(data)
    if attribute.kind == "stringvector":
        return _texts(data)
    form = {"int": "<i", "float": "<f", "double": "<d", "chromaticities": "<8f"}.get(attribute.kind)
    if form is None or struct.calcsize(form) != len(data):
        return None
    numbers = struct.unpack(form, data)
    return numbers if len(numbers) > 1 else numbers[0]


def _texts(data: bytes) -> list[str] | None:
    found, at = [], 0
    while at + 4 <= len(data):
        size = struct.unpack_from("<i", data, at)[0]
        if size < 0 or at + 4 + size > len(data):
            return None
        found.append(_text(data[at + 4 : at + 4 + size]))
        at += 4 + size
    return found
