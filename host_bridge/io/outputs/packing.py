"""Chunks of ZIP and PXR24, packed here: ISA-L deflates several times as fast as what OpenEXR has inside.

Source: The OpenEXR File Layout, and OpenEXR's ImfZip.cpp and ImfPxr24Compressor.cpp for what is done before deflate:
of ZIP the even bytes then the odd ones, then differences plus 128; of PXR24 floats rounded to 24 bits, differences
along each row, the bytes of equal weight together.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from host_bridge.core import machine
from host_bridge.core.frame import Array
from host_bridge.io.plates.exr_chunks import ROWS, Block

DEFLATE_LEVEL = 1
Bytes = npt.NDArray[np.uint8]
_ROUND = np.uint32(0x80)
_LARGEST = np.uint32(0x7F7FFF7F)
_SIGNLESS = np.uint32(0x7FFFFFFF)
_ROUNDED = ("<f2", "<f4")


def pack_chunks(planes: Sequence[Array], compression: str, first_row: int) -> list[Block] | None:
    """The chunks of a part; several are packed at once where there are cores for it.

    Args:
        planes: one a channel in the order of their names, (rows, columns) of <f2, <f4 or <u4.
        compression: of the part.
        first_row: the data window's.

    Returns:
        None where OpenEXR has to pack: another codec, or PXR24 of what is more than rounding.
    """
    prepare = {"zip": _bytes_apart, "zips": _bytes_apart, "pxr24": _weights_apart}.get(compression)
    if prepare is None:
        return None
    step = ROWS[compression]
    starts = range(0, planes[0].shape[0], step)
    found = []
    pieces = _packers().map(lambda y: _chunk([p[y : y + step] for p in planes], prepare), starts)
    for y, data in zip(starts, pieces, strict=True):
        if data is None:
            return None
        found.append(Block(struct.pack("<2i", first_row + y, len(data)), data))
    return found


@functools.cache
def _packers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(machine.cpus(), "art3d-pack")


def _chunk(planes: Sequence[Array], prepare: Callable[[Sequence[Array]], Bytes | None]) -> bytes | None:
    prepared = prepare(planes)
    if prepared is None:
        return None
    packed = bytes(isal_zlib.compress(prepared.data, DEFLATE_LEVEL))
    # What does not shrink is stored as it is.
    return packed if len(packed) < sum(p.nbytes for p in planes) else _rows(planes).tobytes()


def _rows(planes: Sequence[Array]) -> Bytes:
    """The bytes of rows, in each the channels one after the other."""
    rows, sizes = len(planes[0]), [plane.shape[1] * plane.itemsize for plane in planes]
    out, at = np.empty((rows, sum(sizes)), np.uint8), 0
    for plane, size in zip(planes, sizes, strict=True):
        out[:, at : at + size].view(plane.dtype)[...] = plane
        at += size
    return out


def _bytes_apart(planes: Sequence[Array]) -> Bytes:
    pairs = _rows(planes).reshape(-1).view("<u2")
    apart = np.empty(2 * pairs.size, np.uint8)
    np.copyto(apart[: pairs.size], pairs, casting="unsafe")
    np.right_shift(pairs, 8, out=apart[pairs.size :], casting="unsafe")
    steps = np.empty_like(apart)
    steps[:1] = apart[:1]
    np.subtract(apart[1:], apart[:-1], out=steps[1:])
    steps[1:] ^= np.uint8(128)  # plus 128
    return steps


def _weights_apart(planes: Sequence[Array]) -> Bytes | None:
    rows, columns = planes[0].shape
    sizes = [3 if p.dtype.str == "<f4" else 2 for p in planes]
    out, at = np.zeros((rows, sum(sizes), columns), np.uint8), 0
    for plane, size in zip(planes, sizes, strict=True):
        if plane.dtype.str not in _ROUNDED or not _put_apart(plane, out[:, at : at + size]):
            return None
        at += size
    return out.reshape(-1)


def _put_apart(plane: Array, out: Bytes) -> bool:
    """Whether PXR24 rounds and does no more: no float that becomes infinite, none that is no number."""
    codes: Any = np.array(plane, order="C").view(np.uint32 if plane.dtype.str == "<f4" else np.uint16)
    if not codes.any():
        return True
    if codes.itemsize == 4:
        if (codes & _SIGNLESS).max() > _LARGEST:
            return False
        codes += _ROUND
        codes >>= np.uint32(8)
    steps = np.empty_like(codes)
    steps[:, 0] = codes[:, 0]
    np.subtract(codes[:, 1:], codes[:, :-1], out=steps[:, 1:])
    for n in range(out.shape[1]):
        np.right_shift(steps, 8 * (out.shape[1] - 1 - n), out=out[:, n], casting="unsafe")
    return True
