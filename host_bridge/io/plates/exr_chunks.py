"""The chunks of an EXR part, compressed as they are stored, and their pixels.

Source: The OpenEXR File Layout (openexr.com): after the headers a table of offsets for each part, then chunks. A chunk
of scan lines is its first row and a counted block; a tile is its four coordinates and a counted block; in a file of
several parts the part's number stands before either.

A part is decoded as a file of its own that holds nothing but its structure and its chunks: no attribute, name or path
that OpenEXR's module cannot spell comes near it, and parts that nobody asked for are not read.
"""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import OpenEXR

from host_bridge.core import machine
from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Array
from host_bridge.io.plates import guard
from host_bridge.io.plates.exr_header import COMPRESSION, LONG_NAMES, MAGIC, MULTI_PART, TILED, TYPES, Attribute, Header
from host_bridge.io.silence import silenced

ROWS = {"none": 1, "rle": 1, "zips": 1, "zip": 16, "piz": 32, "pxr24": 16, "b44": 32, "b44a": 32, "dwaa": 32,
        "dwab": 256, "htj2k256": 256, "htj2k32": 32, "lj2k": 256, "zstd": 1}  # fmt: skip
"""Scan lines in a chunk."""
_STRUCTURE = ("channels", "compression", "dataWindow", "displayWindow", "lineOrder", "tiles")
_DEFAULTS = {
    "pixelAspectRatio": Attribute("float", struct.pack("<f", 1)),
    "screenWindowCenter": Attribute("v2f", struct.pack("<2f", 0, 0)),
    "screenWindowWidth": Attribute("float", struct.pack("<f", 1)),
}
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
    try:
        tables = sum(_listed(header) for header in headers[:part])
        with path.open("rb") as file:
            return _blocks(file, headers[part], end + 8 * tables, count_of(headers[part]))
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


def _blocks(file: BinaryIO, header: Header, table: int, count: int) -> list[Block]:
    handle = file.fileno()
    size = os.fstat(handle).st_size
    leading, length = _leading(header), _head_bytes(header)
    return [_block(handle, start + leading, length, size) for start in _table(handle, size, table, count)]


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


def _block(handle: int, start: int, length: int, size: int) -> Block:
    head = os.pread(handle, length, start)
    (counted,) = struct.unpack("<i", head[-4:])
    if counted < 0 or start + length + counted > size:
        raise ValueError("the file is cut short")
    return Block(head, os.pread(handle, counted, start + length))


def decode(path: Path, header: Header, blocks: Sequence[Block]) -> dict[str, Array]:
    """The pixels of a part, each channel (rows, columns) in its own type by its stored name.

    Args:
        path: the file, for messages.
        header: of the part.
        blocks: its chunks.

    Raises:
        PlateError: damaged pixels.
    """
    return decode_all(path, [(header, blocks)])[0]


def decode_all(path: Path, parts: Sequence[tuple[Header, Sequence[Block]]]) -> list[dict[str, Array]]:
    """As `decode`, of several parts of a file side by side: one alone does not keep the cores busy."""
    try:
        with silenced() as messages:
            if len(parts) < 2:
                decoded = [_decoded(part) for part in parts]
            else:
                with ThreadPoolExecutor(len(parts), "art3d-exr") as pool:
                    decoded = list(pool.map(_decoded, parts))
    except (RuntimeError, ValueError) as error:
        raise damaged(path, str(error).partition(" '/proc")[0].partition("\n")[0]) from error
    if not all(decoded):
        raise damaged(path, (messages.getvalue().rpartition(" - ")[2].strip() or "no reason given").splitlines()[0])
    return decoded


def _decoded(part: tuple[Header, Sequence[Block]]) -> dict[str, Array]:
    """The pixels of a part; nothing where OpenEXR has none, and printed why."""
    header, blocks = part
    names = [channel.name for channel in header.channels]
    spelled = utf8_names(names)
    with _alone(header, blocks, spelled) as alone:
        parts = OpenEXR.File(alone, separate_channels=True).parts
    if not parts:
        return {}
    return {name: np.asarray(parts[0].channels[other].pixels) for name, other in zip(names, spelled, strict=True)}


def utf8_names(names: Sequence[str]) -> list[str]:
    """Names that OpenEXR's module can spell: the same, or byte for byte from Latin-1, which keeps their order."""
    raw = [name.encode("utf-8", "surrogateescape") for name in names]
    try:
        return [name.decode() for name in raw]
    except UnicodeDecodeError:
        return [name.decode("latin-1") for name in raw]


@contextlib.contextmanager
def _alone(header: Header, blocks: Sequence[Block], names: Sequence[str]) -> Iterator[str]:
    """The path of a file that holds one part and nothing else."""
    attributes = {**_DEFAULTS, **{name: header.attributes[name] for name in _STRUCTURE if name in header.attributes}}
    attributes["channels"] = channel_list(header, names)
    if "tiles" in attributes:
        # One size of them.
        attributes["tiles"] = Attribute("tiledesc", attributes["tiles"].data[:8] + b"\0")
    flags = 2 | LONG_NAMES | (TILED if header.type == "tiledimage" else 0)
    head = MAGIC + struct.pack("<I", flags) + written(attributes)
    starts, at = [], len(head) + 8 * len(blocks)
    for block in blocks:
        starts.append(at)
        at += len(block.head) + len(block.data)
    pieces = [head, struct.pack(f"<{len(starts)}Q", *starts)]
    for block in blocks:
        pieces += [block.head, block.data]
    with scratch() as (handle, path):
        with os.fdopen(os.dup(handle), "wb") as file:
            file.writelines(pieces)
        yield path


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


@contextlib.contextmanager
def scratch() -> Iterator[tuple[int, str]]:
    """A file in memory, where the system has such, with a path that OpenEXR's module can spell: handle and path."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir():
        handle = os.memfd_create("art3d-exr", os.MFD_CLOEXEC)
        try:
            yield handle, f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    handle, name = tempfile.mkstemp(suffix=".exr")
    try:
        yield handle, name
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)
