"""Arrays ⇄ one payload: each array starts at a multiple of 64 bytes, little-endian, rows × columns × channels."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from host_bridge.core.errors import LimitError, ProtocolError
from host_bridge.core.frame import LAYER_DTYPES, LAYERS, Array
from host_bridge.wire.limits import ALIGNMENT, COORDINATE
from host_bridge.wire.outputs import pixel_type

MEASURE_LAYERS = ("left", "right", "reference", "disparity")
UPLOAD_LAYERS = (*LAYERS, *MEASURE_LAYERS)
CHANNELS = 1024
COPIERS = min(4, os.cpu_count() or 1)
PART_BYTES = 4 << 20


@dataclass(frozen=True)
class Layer:
    """Where one array of an upload lies: little-endian, rows × columns × channels, at `offset` in the payload."""

    name: str
    dtype: str
    rows: int
    columns: int
    channels: int
    offset: int


@dataclass(frozen=True)
class Plane:
    """Where one plane of a tile lies: rows × columns × channels of what its name says, at `offset` in the payload."""

    name: str
    rows: int
    columns: int
    channels: int
    offset: int


def aligned(nbytes: int) -> int:
    """The next multiple of the alignment."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def place_layers(layers: Mapping[str, Array]) -> tuple[tuple[Layer, ...], int]:
    """Where each array goes, in order of the names, and the payload's size in bytes."""
    placed, offset = [], 0
    for name in sorted(layers):
        array = layers[name]
        rows, columns, channels = array.shape
        placed.append(Layer(name, array.dtype.str, rows, columns, channels, offset))
        offset += aligned(array.nbytes)
    return tuple(placed), offset


def place_planes(shapes: Sequence[tuple[str, tuple[int, int, int]]]) -> tuple[tuple[Plane, ...], int]:
    """Where each plane goes, in the given order, and the payload's size in bytes."""
    placed, offset = [], 0
    for name, (rows, columns, channels) in shapes:
        placed.append(Plane(name, rows, columns, channels, offset))
        offset += aligned(_size(placed[-1])[1])
    return tuple(placed), offset


def _size(part: Layer | Plane) -> tuple[np.dtype[np.generic], int]:
    dtype = np.dtype(part.dtype if isinstance(part, Layer) else pixel_type(part.name))
    return dtype, part.rows * part.columns * part.channels * dtype.itemsize


def validate_layers(layers: Sequence[Layer], nbytes: int, *, limit_bytes: int) -> None:
    """Proves that an announced upload is possible before any memory is reserved for it.

    Raises:
        LimitError: larger than `limit_bytes`.
        ProtocolError: unknown or repeated names, types or sizes, or arrays that overlap or leave the payload.
    """
    if not 0 < nbytes <= limit_bytes:
        raise LimitError(f"a frame of {nbytes} bytes", remedy=f"the limit frame_bytes is {limit_bytes}")
    end, last = 0, ""
    for layer in layers:
        _validate_shape(layer)
        if layer.name <= last or layer.offset != aligned(end):
            raise ProtocolError(f"layer {layer.name!r} is out of order", remedy="order by name, align to 64 bytes")
        end, last = layer.offset + _size(layer)[1], layer.name
    if aligned(end) != nbytes:
        raise ProtocolError(f"the layers take {aligned(end)} bytes, not {nbytes}", remedy="announce the exact size")


def _validate_shape(layer: Layer) -> None:
    is_known = layer.name in UPLOAD_LAYERS and layer.dtype in LAYER_DTYPES
    sides = 0 < layer.rows <= COORDINATE and 0 < layer.columns <= COORDINATE and 0 < layer.channels <= CHANNELS
    if not (is_known and sides):
        raise ProtocolError(
            f"layer {layer.name!r} {layer.dtype!r} {layer.rows}×{layer.columns}×{layer.channels} is not possible",
            remedy="see docs/protocol.md",
        )


def views(parts: Sequence[Layer | Plane], payload: memoryview | bytes) -> dict[str, Array]:
    """The arrays in a payload, without a copy.

    Raises:
        ProtocolError: an array leaves the payload.
    """
    found = {}
    for part in parts:
        dtype, nbytes = _size(part)
        if min(part.rows, part.columns, part.channels, part.offset) < 0 or part.offset + nbytes > len(payload):
            raise ProtocolError(f"{part.name!r} reaches outside its payload", remedy="see docs/protocol.md")
        flat = np.frombuffer(payload, dtype, part.rows * part.columns * part.channels, part.offset)
        found[part.name] = flat.reshape(part.rows, part.columns, part.channels)
    return found


def write_layers(
    placed: Sequence[Layer],
    layers: Mapping[str, Array],
    payload: memoryview,
    *,
    copiers: int = COPIERS,
    written: Callable[[int], object] = lambda _nbytes: None,
) -> None:
    """Copies the arrays to their places, large ones on a few cores: most of it is the first touch of fresh pages.

    Args:
        copiers: on how many.
        written: called after each part with the number of bytes, from the payload's start, that are complete.
    """
    targets = views(placed, payload)
    parts = [part for layer in placed for part in _parts(targets[layer.name], layers[layer.name], layer.offset)]
    with contextlib.ExitStack() as stack:
        each = stack.enter_context(ThreadPoolExecutor(copiers)).map if copiers > 1 else map
        for end in each(_copy, parts):
            written(end)


def _copy(part: tuple[Array, Array, int]) -> int:
    target, source, end = part
    np.copyto(target, source)
    return end


def _parts(target: Array, source: Array, offset: int) -> Iterator[tuple[Array, Array, int]]:
    """Rows of both, and where they end in the payload."""
    row_bytes = target.nbytes // max(1, len(target))
    rows = max(1, PART_BYTES // max(1, row_bytes))
    for first in range(0, len(target), rows):
        last = min(first + rows, len(target))
        yield target[first:last], source[first:last], offset + last * row_bytes
