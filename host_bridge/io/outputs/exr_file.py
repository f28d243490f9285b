"""An EXR put together from parts: pixels that OpenEXR packs, chunks that are copied, attributes as bytes.

OpenEXR's Python module packs the pixels; headers are written here, since it can write neither a text that is no UTF-8
nor an attribute of a type it does not know, and cannot copy compressed chunks.

Source: The OpenEXR File Layout (openexr.com).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import OutputError
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.outputs.packing import pack_chunks
from host_bridge.io.plates.exr_chunks import Block, channel_list, header_of, read_blocks, utf8_names, written
from host_bridge.io.plates.exr_header import COMPRESSION, LONG_NAMES, MAGIC, MULTI_PART, Attribute, Header, read_headers
from host_bridge.io.plates.scratch_file import scratch

_SHORT_NAME_BYTES = 31
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Packed:
    """Channels as chunks hold them.

    Attributes:
        header: says compression and channels, in the chunks' order.
        names: the channels' names to write, in the same order.
        blocks: the chunks.
    """

    header: Header
    names: tuple[str, ...]
    blocks: Sequence[Block]


@dataclass(frozen=True)
class OutPart:
    """One part of a file to be written.

    Attributes:
        name: its name, of its own in the file.
        view: the view it belongs to; "" for none.
        display, window: px.
        pixels: name → (rows, columns) in the type to be stored; not looked at where `packed` is given.
        compression: one of `exr_header.COMPRESSION`.
        attributes: what it says beside its structure; texts, numbers, fractions and `Attribute`.
        pixel_aspect: pixel width over height.
        packed: chunks to copy instead.
    """

    name: str
    view: str
    display: Box
    window: Box
    pixels: Mapping[str, Array]
    compression: str = "zip"
    attributes: Mapping[str, Any] = field(default_factory=dict)
    pixel_aspect: float = 1.0
    packed: Packed | None = None


def write_exr(path: Path, parts: Sequence[OutPart]) -> None:
    """Writes an EXR whole or not at all; an attribute that no EXR can hold is left out with a warning.

    Raises:
        OutputError: as `atomic.replacing`.
    """
    with replacing(path) as temporary:
        try:
            packed = [part.packed or pack(part) for part in parts]
        except (RuntimeError, ValueError) as error:
            raise OutputError(
                f"cannot be written ({str(error).partition(' for image file')[0].splitlines()[0]})",
                where=str(path),
                remedy="check the folder, its permissions and the space on the disk",
            ) from error
        with temporary.open("wb") as file:
            file.writelines(_pieces(path, parts, packed))


def pack(part: OutPart) -> Packed:
    """Compresses a part's pixels.

    Raises:
        RuntimeError, ValueError: OpenEXR cannot.
    """
    names = sorted(part.pixels, key=lambda name: name.encode("utf-8", "surrogateescape"))
    planes = [part.pixels[name] for name in names]
    blocks = pack_chunks(planes, part.compression, part.window.y0)
    if blocks is None:
        return _packed_by_openexr(part, names, planes)
    types = [(name, plane.dtype.str) for name, plane in zip(names, planes, strict=True)]
    return Packed(header_of(types, part.compression), tuple(names), blocks)


def _packed_by_openexr(part: OutPart, names: Sequence[str], planes: Sequence[Array]) -> Packed:
    header = {
        "type": OpenEXR.scanlineimage,
        "compression": OpenEXR.Compression(COMPRESSION.index(part.compression)),
        "displayWindow": _corners(part.window),
        "dataWindow": _corners(part.window),
    }
    with scratch() as alone:
        contiguous = map(np.ascontiguousarray, planes)
        OpenEXR.File(header, dict(zip(utf8_names(names), contiguous, strict=True))).write(alone.path)
        packed = Path(alone.path)
        headers, end = read_headers(packed)
        return Packed(headers[0], tuple(names), read_blocks(packed, headers, end, 0))


def _corners(box: Box) -> tuple[Array, Array]:
    x_min, y_min, x_max, y_max = box.to_exr()
    return np.array([x_min, y_min], np.int32), np.array([x_max, y_max], np.int32)


def _pieces(path: Path, parts: Sequence[OutPart], packed: Sequence[Packed]) -> list[bytes]:
    """The bytes of a file: magic, headers, tables, chunks."""
    headers = [_header(path, part, packed_part) for part, packed_part in zip(parts, packed, strict=True)]
    names = [name for part, packed_part in zip(parts, packed, strict=True) for name in (part.name, *packed_part.names)]
    names += [name for part in parts for name in part.attributes]
    long = any(len(name.encode("utf-8", "surrogateescape")) > _SHORT_NAME_BYTES for name in names)
    flags = 2 | MULTI_PART | (LONG_NAMES if long else 0)
    head = b"".join([MAGIC, struct.pack("<I", flags), *headers, b"\0"])
    at = len(head) + 8 * sum(len(packed_part.blocks) for packed_part in packed)
    tables: list[bytes] = []
    chunks: list[bytes] = []
    for number, packed_part in enumerate(packed):
        starts = []
        for block in packed_part.blocks:
            starts.append(at)
            at += 4 + len(block.head) + len(block.data)
            chunks += [struct.pack("<i", number), block.head, block.data]
        tables.append(struct.pack(f"<{len(starts)}Q", *starts))
    return [head, *tables, *chunks]


def _header(path: Path, part: OutPart, packed: Packed) -> bytes:
    attributes = {
        "channels": channel_list(packed.header, packed.names),
        "compression": packed.header.attributes["compression"],
        "dataWindow": Attribute("box2i", struct.pack("<4i", *part.window.to_exr())),
        "displayWindow": Attribute("box2i", struct.pack("<4i", *part.display.to_exr())),
        "lineOrder": Attribute("lineOrder", b"\0"),
        "pixelAspectRatio": Attribute("float", struct.pack("<f", part.pixel_aspect)),
        "screenWindowCenter": Attribute("v2f", struct.pack("<2f", 0, 0)),
        "screenWindowWidth": Attribute("float", struct.pack("<f", 1)),
        "name": Attribute.text(part.name),
        "type": Attribute.text("scanlineimage"),
        "chunkCount": Attribute("int", struct.pack("<i", len(packed.blocks))),
    }
    if part.view:
        attributes["view"] = Attribute.text(part.view)
    extra: dict[str, Attribute] = {}
    for name, value in part.attributes.items():
        attribute = attribute_of(value)
        if attribute is None or not name:
            _log.warning("%s: the attribute %s cannot be written and is left out", path, name)
        elif name not in attributes or name.startswith("screenWindow"):
            extra[name] = attribute
    return written({**attributes, **extra})


def attribute_of(value: Any) -> Attribute | None:
    """The attribute that holds a value; None when none does."""
    if isinstance(value, Attribute):
        return value
    if isinstance(value, str):
        return Attribute.text(value)
    try:
        if isinstance(value, int):
            return Attribute("int", struct.pack("<i", value))
        if isinstance(value, Fraction):
            return Attribute("rational", struct.pack("<iI", value.numerator, value.denominator))
        return Attribute("float", struct.pack("<f", value)) if isinstance(value, float) else None
    except (struct.error, OverflowError):
        return None
