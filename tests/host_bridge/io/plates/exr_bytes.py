"""EXRs made byte by byte, for what no Python writer makes: any attribute, any name, subsampled channels."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[Any]
_KINDS = {"<u4": 0, "<f2": 1, "<f4": 2}


def attribute(name: bytes, kind: bytes, data: bytes) -> bytes:
    """One attribute of a header."""
    return name + b"\0" + kind + b"\0" + struct.pack("<i", len(data)) + data


def scanlines(
    planes: Mapping[bytes, Plane],
    *attributes: tuple[bytes, bytes, bytes],
    display: tuple[int, int] | None = None,
    sampling: Mapping[bytes, int] | None = None,
) -> bytes:
    """An uncompressed EXR of one part.

    Args:
        planes: name → (rows, columns), smaller where the channel is subsampled.
        attributes: name, type and bytes of further ones.
        display: rows and columns of the display window; by default the data window's.
        sampling: name → rows and columns a sample.
    """
    steps = sampling or {}
    rows, columns = next(p.shape for n, p in planes.items() if steps.get(n, 1) == 1)
    names = sorted(planes)
    listed = b"".join(
        n + b"\0" + struct.pack("<iB3x2i", _KINDS[planes[n].dtype.str], 0, *[steps.get(n, 1)] * 2) for n in names
    )
    shown = display or (rows, columns)
    head = struct.pack("<ii", 20000630, 2) + attribute(b"channels", b"chlist", listed + b"\0")
    head += attribute(b"compression", b"compression", b"\0")
    head += attribute(b"dataWindow", b"box2i", struct.pack("<4i", 0, 0, columns - 1, rows - 1))
    head += attribute(b"displayWindow", b"box2i", struct.pack("<4i", 0, 0, shown[1] - 1, shown[0] - 1))
    head += attribute(b"lineOrder", b"lineOrder", b"\0") + attribute(
        b"pixelAspectRatio", b"float", struct.pack("<f", 1)
    )
    head += attribute(b"screenWindowCenter", b"v2f", struct.pack("<2f", 0, 0))
    head += attribute(b"screenWindowWidth", b"float", struct.pack("<f", 1))
    head += b"".join(attribute(*each) for each in attributes) + b"\0"
    lines = []
    for y in range(rows):
        data = b"".join(planes[n][y // steps.get(n, 1)].tobytes() for n in names if y % steps.get(n, 1) == 0)
        lines.append(struct.pack("<2i", y, len(data)) + data)
    starts = np.cumsum([0, *map(len, lines[:-1])]) + len(head) + 8 * rows
    return bytes(head + starts.astype("<u8").tobytes() + b"".join(lines))
