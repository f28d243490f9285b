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
    if prepare is None or (compression == "pxr24" and not all(map(_only_rounded, planes))):
        return None
    step = ROWS[compression]
    starts = range(0, planes[0].shape[0], step)
    pieces = _packers().map(lambda y: _chunk([p[y : y + step] for p in planes], prepare), starts)
    return [Block(struct.pack("<2i", first_row + y, len(data)), data) for y, data in zip(starts, pieces, strict=True)]


@functools.cache
def _packers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(machine.cpus(), "art3d-pack")


def _chunk(planes: Sequence[Array], prepare: Callable[[Sequence[Array]], Bytes]) -> bytes:
    packed = bytes(isal_zlib.compress(prepare(planes).data, DEFLATE_LEVEL))
    # What does not shrink is stored as it is.
    return packed if len(packed) < sum(p.nbytes for p in planes) else _rows(planes).tobytes()


def _rows(planes: Sequence[Array]) -> Bytes:
    """The bytes of rows, in each the channels one after the other."""
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0]).view(np.uint8)
    return np.concatenate([np.ascontiguousarray(p).view(np.uint8) for p in planes], axis=1)


def _bytes_apart(planes: Sequence[Array]) -> Bytes:
    data = _rows(planes).reshape(-1)
    apart = np.empty_like(data)
    half = (data.size + 1) // 2
    apart[:half], apart[half:] = data[0::2], data[1::2]
    steps = np.empty_like(apart)
    steps[:1] = apart[:1]
    np.subtract(apart[1:], apart[:-1], out=steps[1:])
    steps[1:] += np.uint8(128)
    return steps


def _only_rounded(plane: Array) -> bool:
    """Whether PXR24 rounds and does no more: no float that becomes infinite, none that is no number."""
    if plane.dtype.str != "<f4":
        return plane.dtype.str == "<f2"
    bits: Any = np.ascontiguousarray(plane).view(np.uint32)
    return bool((bits & _SIGNLESS).max(initial=0) <= _LARGEST)


def _weights_apart(planes: Sequence[Array]) -> Bytes:
    rows, columns = planes[0].shape
    sizes = [3 if p.dtype.str == "<f4" else 2 for p in planes]
    out = np.zeros((rows, sum(sizes), columns), np.uint8)
    at = 0
    for plane, size in zip(planes, sizes, strict=True):
        _put_apart(plane, out[:, at : at + size])
        at += size
    return out.reshape(-1)


def _put_apart(plane: Array, out: Bytes) -> None:
    whole: Any = np.ascontiguousarray(plane).view(np.uint32 if plane.dtype.str == "<f4" else np.uint16)
    if not whole.any():
        return
    if whole.itemsize == 4:
        whole = (whole + _ROUND) >> np.uint32(8)
    steps = np.empty_like(whole)
    steps[:, 0] = whole[:, 0]
    np.subtract(whole[:, 1:], whole[:, :-1], out=steps[:, 1:])
    weights = steps.view(np.uint8).reshape(*steps.shape, steps.itemsize)
    for n in range(out.shape[1]):
        out[:, n] = weights[..., out.shape[1] - 1 - n]
