"""The chunks of an EXR part, compressed as they are stored.

Source: The OpenEXR File Layout (openexr.com): after the headers a table of offsets for each part, then chunks. A chunk
of scan lines is its first row and a counted block; a tile is its four coordinates and a counted block; in a file of
several parts the part's number stands before either.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import OpenEXR

from host_bridge.core import machine
from host_bridge.core.errors import PlateError
from host_bridge.io.plates import guard
from host_bridge.io.plates.exr_header import COMPRESSION, MULTI_PART, TYPES, Attribute, Header

ROWS = {"none": 1, "rle": 1, "zips": 1, "zip": 16, "piz": 32, "pxr24": 16, "b44": 32, "b44a": 32, "dwaa": 32,
        "dwab": 256, "htj2k256": 256, "htj2k32": 32, "lj2k": 256, "zstd": 1}  # fmt: skip
"""Scan lines in a chunk."""
_MOST_CHUNKS = 1 << 24
_MOST_THREADS = 16

# The chunks of a part are packed and unpacked side by side; by itself OpenEXR's module works on the caller's thread.
OpenEXR.set_global_thread_count(min(_MOST_THREADS, machine.cpus()) if machine.cpus() > 1 else 0)


@dataclass(frozen=True)
class Block:
    """One chunk without its part's number.

    Attributes:
        head: coordinates and size.
        data: the compressed block.
    """

    head: bytes
    data: bytes


def count_of(header: Header) -> int:
    """How many chunks hold a part's pixels, of those of tiles the full size only; they come first in the table.

    Raises:
        ValueError: a compression that nobody here knows, or tiles of no size.
    """
    if header.type == "tiledimage":
        across, down = struct.unpack_from("<II", header.attributes["tiles"].data)
        if not across or not down:
            raise ValueError("tiles of no size")
        return int(-(-header.data.width // across) * -(-header.data.height // down))
    if header.compression not in ROWS:
        raise ValueError(f"compression {header.compression}")
    return -(-header.data.height // ROWS[header.compression])


def _listed(header: Header) -> int:
    """How long a part's table is, smaller sizes of tiles included."""
    stated = header.values.get("chunkCount")
    return stated if isinstance(stated, int) and stated > 0 else count_of(header)


Extent = tuple[int, int]
"""Where a chunk begins in a file, without its part's number, and how many bytes it has."""


def read_blocks(path: Path, headers: Sequence[Header], end: int, part: int) -> list[Block]:
    """The chunks of one part in the order of its table.

    Args:
        path: the file.
        headers: of all its parts.
        end: where they end.
        part: number of the part.

    Raises:
        PlateError: chunks that are missing, or lie outside the file.
    """
    head = _head_bytes(headers[part])
    with _told(path), path.open("rb") as file:
        handle = file.fileno()
        return [
            Block(os.pread(handle, head, start), os.pread(handle, length - head, start + head))
            for start, length in _extents(handle, headers, end, part)
        ]


def extents(path: Path, headers: Sequence[Header], end: int, part: int) -> list[Extent]:
    """Where the chunks lie that `read_blocks` reads.

    Raises:
        PlateError: as it.
    """
    with _told(path), path.open("rb") as file:
        return _extents(file.fileno(), headers, end, part)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, struct.error) as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error


def all_there(path: Path, headers: Sequence[Header], end: int) -> bool:
    """Whether every chunk of every part was written and lies inside the file; their insides are not looked at."""
    try:
        with path.open("rb") as file:
            handle, table = file.fileno(), end
            size = os.fstat(handle).st_size
            for header in headers:
                starts = _table(handle, size, table, _listed(header))
                leading, length = _leading(header), _head_bytes(header)
                last = max(starts) + leading
                (counted,) = struct.unpack("<i", os.pread(handle, length, last)[-4:])
                if not 0 <= counted <= size - last - length:
                    return False
                table += 8 * len(starts)
    except (OSError, ValueError, struct.error):
        return False
    return True


def _leading(header: Header) -> int:
    """Bytes of the part's number before a chunk."""
    return 4 if header.flags & MULTI_PART else 0


def _head_bytes(header: Header) -> int:
    """Bytes of a chunk's coordinates and size."""
    return 20 if header.type == "tiledimage" else 8


def damaged(path: Path, reason: str) -> PlateError:
    """The error of pixels that cannot be had."""
    return PlateError(f"pixels are missing or damaged ({reason})", where=str(path), remedy=guard.AGAIN)


def _extents(handle: int, headers: Sequence[Header], end: int, part: int) -> list[Extent]:
    header = headers[part]
    table = end + 8 * sum(_listed(before) for before in headers[:part])
    size = os.fstat(handle).st_size
    leading, length = _leading(header), _head_bytes(header)
    starts = _table(handle, size, table, count_of(header))
    found = [(start + leading, _chunk_bytes(handle, start + leading, length, size)) for start in starts]
    if sum(each for _, each in found) > size:
        raise ValueError("its chunks lie in one another")
    return found


def _table(handle: int, size: int, table: int, count: int) -> tuple[int, ...]:
    """Where chunks begin, from a table of offsets in a file of `size` bytes."""
    if count > _MOST_CHUNKS or table + 8 * count > size:
        raise ValueError("the file ends inside its table of chunks")
    starts = struct.unpack(f"<{count}Q", os.pread(handle, 8 * count, table))
    if unwritten := starts.count(0):
        raise ValueError(f"{unwritten} of {count} chunks were never written")
    if min(starts) < table or max(starts) >= size:
        raise ValueError("the file is cut short")
    return starts


def _chunk_bytes(handle: int, start: int, length: int, size: int) -> int:
    """Bytes of the chunk that begins at `start` with a head of `length` bytes, in a file of `size`."""
    (counted,) = struct.unpack("<i", os.pread(handle, length, start)[-4:])
    if counted < 0 or start + length + counted > size:
        raise ValueError("the file is cut short")
    return length + int(counted)


def utf8_names(names: Sequence[str]) -> list[str]:
    """Names that OpenEXR's module can spell: the same, or byte for byte from Latin-1, which keeps their order."""
    raw = [name.encode("utf-8", "surrogateescape") for name in names]
    try:
        return [name.decode() for name in raw]
    except UnicodeDecodeError:
        return [name.decode("latin-1") for name in raw]


def header_of(channels: Sequence[tuple[str, str]], compression: str) -> Header:
    """A header that says nothing but channels, each its name and type in the chunks' order, and compression."""
    listed = b"".join(_listed_channel(name, kind, 0, (1, 1)) for name, kind in channels)
    number = bytes([COMPRESSION.index(compression)])
    attributes = {"channels": Attribute("chlist", listed + b"\0"), "compression": Attribute("compression", number)}
    return Header(attributes, MULTI_PART)


def channel_list(header: Header, names: Sequence[str]) -> Attribute:
    """A part's list of channels under other names, in their order."""
    listed = b"".join(
        _listed_channel(name, c.dtype, c.linear, c.sampling) for c, name in zip(header.channels, names, strict=True)
    )
    return Attribute("chlist", listed + b"\0")


def _listed_channel(name: str, dtype: str, linear: int, sampling: tuple[int, int]) -> bytes:
    description = struct.pack("<iB3x2i", TYPES.index(dtype), linear, *sampling)
    return name.encode("utf-8", "surrogateescape") + b"\0" + description


def written(attributes: Mapping[str, Attribute]) -> bytes:
    """A header's bytes."""
    found = []
    for name, attribute in attributes.items():
        words = name.encode("utf-8", "surrogateescape") + b"\0" + attribute.kind.encode("utf-8", "surrogateescape")
        found += [words, b"\0", struct.pack("<i", len(attribute.data)), attribute.data]
    return b"".join([*found, b"\0"])
