"""Texts in an EXR's header that are not UTF-8, carried byte for byte.

OpenEXR's Python module writes UTF-8 only. Such a text is written as a stand-in of the same length, and its own bytes
are put in its place before the file gets its name.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import OpenEXR

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Patch:
    """One attribute: what stands in the file, and what belongs there."""

    stands: bytes
    belongs: bytes


def stand_in(parts: Sequence[OpenEXR.Part]) -> tuple[Patch, ...]:
    """Gives every text of the parts' headers that is not UTF-8 a stand-in; returns what to put right afterwards."""
    patches: dict[Patch, None] = {}
    for part in parts:
        odd = {name: value for name, value in part.header.items() if _is_odd(value)}
        for name, value in odd.items():
            own = value.encode("utf-8", "surrogateescape")
            shown = "".join(chr(byte) if byte < 0x80 else "?" for byte in own)
            part.header[name] = shown
            patches[Patch(_stored(name, shown.encode()), _stored(name, own))] = None
    return tuple(patches)


def put_right(path: Path, patches: Sequence[Patch]) -> None:
    """Puts the own bytes of texts into a written file.

    Raises:
        OSError: the file cannot be changed.
    """
    if not patches:
        return
    with path.open("r+b") as file:
        # Headers of all parts come first, and end with the first part's offsets, which no text resembles.
        head = file.read(_BLOCK_BYTES)
        for patch in patches:
            head = head.replace(patch.stands, patch.belongs)
        file.seek(0)
        file.write(head)


def _is_odd(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _stored(name: str, value: bytes) -> bytes:
    """An attribute as OpenEXR's file layout has it: name, type, size, value."""
    return name.encode() + b"\0string\0" + struct.pack("<i", len(value)) + value
