"""The parts of a plate's file as its view keeps them on the way out: attributes, names, and where their chunks lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.plates import metadata
from host_bridge.io.plates.exr import ExrFile
from host_bridge.io.plates.exr_chunks import Block, read_blocks
from host_bridge.io.plates.exr_header import Attribute, Header


@dataclass(frozen=True)
class Stored:
    """A part in its file.

    Attributes:
        path: the file.
        parts: the headers of all its parts.
        end: where they end.
        number: of the part.
        stamp: time (ns) and size of the file when it was read.
    """

    path: Path
    parts: tuple[Header, ...]
    end: int
    number: int
    stamp: tuple[int, int]

    @property
    def header(self) -> Header:
        """The part's own."""
        return self.parts[self.number]

    def blocks(self) -> list[Block] | None:
        """The part's chunks; None when the file is not any more what was read."""
        try:
            if stamp_of(self.path) != self.stamp:
                return None
            return read_blocks(self.path, self.parts, self.end, self.number)
        except (OSError, PlateError):
            return None


@dataclass(frozen=True)
class PassthroughPart:
    """One part of the plate's file, of which this view keeps channels.

    Attributes:
        number: of the part.
        name: its name without an eye; "" in a file that is one part.
        window: the pixels it covers.
        header: attributes to keep, as their bytes.
        names: stored name → name on the way out, of the channels that are kept.
        stored: where its chunks are.
    """

    number: int
    name: str
    window: Box
    header: Mapping[str, Attribute]
    names: Mapping[str, str]
    stored: Stored


def stamp_of(path: Path) -> tuple[int, int]:
    """Time of the last change (ns) and size of a file."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def passthrough_parts(
    file: ExrFile, first: int, names: Sequence[tuple[int, str, str]], stamp: tuple[int, int]
) -> tuple[PassthroughPart, ...]:
    """The parts that a view keeps channels of.

    Args:
        file: the plate's file.
        first: number of the picture's part, which leads.
        names: part, stored name and name on the way out of every kept channel.
        stamp: of the file when it was read.
    """
    found = []
    for number in sorted({part for part, _, _ in names}, key=lambda n: (n != first, n)):
        header = file.parts[number]
        kept = {stored: name for part, stored, name in names if part == number}
        name = header.text("name") if len(file.parts) > 1 else ""
        where = Stored(file.path, file.parts, file.end, number, stamp)
        found.append(PassthroughPart(number, name, header.data, attributes_of(header), kept, where))
    return tuple(found)


def attributes_of(header: Header) -> dict[str, Attribute]:
    """What a part says beside its structure and beside Art3D's own attributes of an earlier life."""
    kept = header.attributes.items()
    return {name: a for name, a in kept if name not in metadata.STRUCTURE and not name.startswith("art3d/")}
