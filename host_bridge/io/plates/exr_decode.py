"""The pixels of EXR parts, from their chunks.

A part is decoded as a file of its own that holds nothing but its structure and its chunks: no attribute, name or path
that OpenEXR's module cannot spell comes near it, and parts that nobody asked for are not read.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import OpenEXR

from host_bridge.core.frame import Array
from host_bridge.io.plates.exr_chunks import Extent, channel_list, damaged, extents, utf8_names, written
from host_bridge.io.plates.exr_header import LONG_NAMES, MAGIC, TILED, Attribute, Header
from host_bridge.io.plates.scratch_file import reused
from host_bridge.io.silence import silenced

_PART_NUMBER_BYTES = 4
_STRUCTURE = ("channels", "compression", "dataWindow", "displayWindow", "lineOrder", "tiles")
_DEFAULTS = {
    "pixelAspectRatio": Attribute("float", struct.pack("<f", 1)),
    "screenWindowCenter": Attribute("v2f", struct.pack("<2f", 0, 0)),
    "screenWindowWidth": Attribute("float", struct.pack("<f", 1)),
}


class _Caller(threading.local):
    """How many threads work for the calling one; -1 is all that OpenEXR has."""

    threads: int = -1


_caller = _Caller()


def decode_by_oneself() -> None:
    """Has the calling thread decode without help from others: for one of as many as there are cores.

    Chunks that are handed to other threads cost a twentieth more, and keep nobody busier then.
    """
    _caller.threads = 0


def has_help() -> bool:
    """Whether other threads decode for the calling one."""
    return _caller.threads != 0


def decode(path: Path, headers: Sequence[Header], end: int, numbers: Sequence[int]) -> list[dict[str, Array]]:
    """The pixels of parts, each channel (rows, columns) in its own type by its stored name.

    Args:
        path: the file.
        headers: of all its parts.
        end: where they end.
        numbers: of the parts that are wanted; several are decoded side by side: one alone does not keep cores busy.

    Raises:
        PlateError: pixels that are missing or damaged.
    """

    def one(number: int) -> dict[str, Array]:
        return _decoded(path, headers[number], extents(path, headers, end, number))

    if len(numbers) < 2 or not has_help():
        return [one(number) for number in numbers]
    with ThreadPoolExecutor(len(numbers), "art3d-exr") as pool:
        return list(pool.map(one, numbers))


def _decoded(path: Path, header: Header, chunks: Sequence[Extent]) -> dict[str, Array]:
    names = [channel.name for channel in header.channels]
    spelled = utf8_names(names)
    try:
        with _alone(path, header, chunks, spelled) as alone, silenced() as messages:
            parts = OpenEXR.File(alone, separate_channels=True, num_threads=_caller.threads).parts
    except (RuntimeError, ValueError) as error:
        raise damaged(path, str(error).partition(" '/proc")[0].partition("\n")[0]) from error
    except OSError as error:
        raise damaged(path, error.strerror or str(error)) from error
    if not parts:
        # It printed why.
        raise damaged(path, (messages.getvalue().rpartition(" - ")[2].strip() or "no reason given").splitlines()[0])
    return {name: np.asarray(parts[0].channels[other].pixels) for name, other in zip(names, spelled, strict=True)}


@contextmanager
def _alone(path: Path, header: Header, chunks: Sequence[Extent], names: Sequence[str]) -> Iterator[str]:
    """The path of a file that holds one part and nothing else.

    Raises:
        OSError: it cannot be copied.
        ValueError: the part's file became shorter meanwhile.
    """
    attributes = {**_DEFAULTS, **{name: header.attributes[name] for name in _STRUCTURE if name in header.attributes}}
    attributes["channels"] = channel_list(header, names)
    if "tiles" in attributes:
        # One size of them.
        attributes["tiles"] = Attribute("tiledesc", attributes["tiles"].data[:8] + b"\0")
    flags = 2 | LONG_NAMES | (TILED if header.type == "tiledimage" else 0)
    head = MAGIC + struct.pack("<I", flags) + written(attributes)
    first = len(head) + 8 * len(chunks)
    runs, starts = _laid_out(chunks, first)
    size = first + sum(length for _, length in runs)
    with reused(size) as (held, alone):
        held[:first] = head + struct.pack(f"<{len(starts)}Q", *starts)
        with path.open("rb", buffering=0) as file:
            at = first
            for start, length in runs:
                _copy(file.fileno(), start, held[at : at + length])
                at += length
        yield alone


def _laid_out(chunks: Sequence[Extent], first: int) -> tuple[list[tuple[int, int]], list[int]]:
    """How chunks are copied in few pieces: (start, bytes) of each in the file, and where each chunk then begins.

    What lies between two chunks, the number of their part, is copied with them: a table of offsets passes over it.
    """
    runs: list[tuple[int, int]] = []
    starts, at = [0] * len(chunks), first
    for number, (start, length) in sorted(enumerate(chunks), key=lambda numbered: numbered[1]):
        ends = sum(runs[-1]) if runs else -1
        if runs and ends <= start <= ends + _PART_NUMBER_BYTES:
            runs[-1] = (runs[-1][0], start + length - runs[-1][0])
            at += start - ends
        else:
            runs.append((start, length))
        starts[number] = at
        at += length
    return runs, starts


def _copy(handle: int, start: int, into: memoryview) -> None:
    """Bytes of a file from `start` on.

    Raises:
        ValueError: there are not as many.
    """
    done = 0
    while done < len(into):
        count = os.preadv(handle, [into[done:]], start + done)
        if not count:
            raise ValueError("the file is cut short")
        done += count
