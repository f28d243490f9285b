"""The hero eye's parts: the plate itself, part by part as its file has them, copied where nothing need change.

A floating window that lies in the picture changes its colour, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from host_bridge.core.frame import Array
from host_bridge.io.outputs.exr_file import OutPart, Packed
from host_bridge.io.outputs.result import Result
from host_bridge.io.plates.naming import EYES, is_id, without_words
from host_bridge.io.plates.passthrough import PassthroughPart
from host_bridge.io.plates.plate import Plate

LOSSY = ("dwaa", "dwab")
# Codecs that look at channels one by one, by order and type: what a channel is called does not matter to them.
_BLIND = ("rle", "zips", "zip", "piz", "pxr24", "b44", "b44a")
_SHARED = ("timeCode", "chromaticities")


def hero_parts(result: Result, making: Mapping[str, Any], compression: str, *, free: bool) -> list[OutPart]:
    """The parts of the hero eye, the picture's first.

    Args:
        result: what there is to write.
        making: what the file says of its making.
        compression: of pixels that are packed anew.
        free: whether chunks may keep the compression they have; else only where it is this one.
    """
    parts = []
    for kept in result.plate.parts or (None,):
        masked = result.is_masked and _is_first(result.plate, kept)
        packed = _copied(result.plate, kept, None if free else compression) if kept and not masked else None
        pixels = {} if packed else _pixels(result, kept)
        hero_part = replace(_made(result, kept, making, compression), pixels=pixels, packed=packed)
        if packed is not None:
            parts.append(hero_part)
        elif pixels:
            parts += _without_loss(hero_part)
    return parts


def unique(parts: Sequence[OutPart]) -> list[OutPart]:
    """Parts under names of which no two are equal; the first of a name keeps it."""
    taken: set[str] = set()
    found = []
    for part in parts:
        name, number = part.name, 2
        while name in taken:
            name, number = f"{part.name}_{number}", number + 1
        taken.add(name)
        found.append(part if name == part.name else replace(part, name=name))
    return found


def _made(result: Result, kept: PassthroughPart | None, making: Mapping[str, Any], compression: str) -> OutPart:
    plate, eye = result.plate, result.hero
    first = _is_first(plate, kept)
    header = plate.header if first or kept is None else kept.header
    shared = {name: plate.header[name] for name in _SHARED if name in plate.header}
    return OutPart(
        name=eye if first or kept is None else without_words(kept.name, EYES) or kept.name,
        view=eye,
        display=plate.frame.display,
        window=plate.shown.data if first or kept is None else kept.window,
        pixels={},
        compression=compression,
        attributes={**{k: v for k, v in header.items() if k not in _SHARED}, **shared, **making},
        pixel_aspect=plate.frame.pixel_aspect,
    )


def _is_first(plate: Plate, kept: PassthroughPart | None) -> bool:
    """Whether a part is the picture's."""
    return kept is None or kept is plate.parts[0]


def _pixels(result: Result, kept: PassthroughPart | None) -> dict[str, Array]:
    """A part's channels by their names on the way out, each in its own type."""
    plate = result.plate
    number = kept.number if kept else 0
    pixels = {layer.name: layer.pixels for layer in plate.layers if layer.part == number}
    if not _is_first(plate, kept):
        return pixels
    colour, _ = result.view(result.hero)
    named = zip(plate.shown.channels, plate.types, strict=True)
    return pixels | {name: colour[..., n].astype(kind, order="C") for n, (name, kind) in enumerate(named)}


def _copied(plate: Plate, kept: PassthroughPart, compression: str | None) -> Packed | None:
    """The part's own chunks, where what they hold is all that the part shall hold, in the same order."""
    header = kept.stored.header
    stored = [channel.name for channel in header.channels]
    names = [kept.names.get(name, "") for name in stored]
    if not all(names) or _bytes_order(names) != names:
        return None
    types = {layer.name: layer.pixels.dtype.str for layer in plate.layers if layer.part == kept.number}
    if _is_first(plate, kept):
        types |= dict(zip(plate.shown.channels, plate.types, strict=True))
    if any(types[name] != channel.dtype for name, channel in zip(names, header.channels, strict=True)):
        return None
    if header.type != "scanlineimage" or any(channel.sampling != (1, 1) for channel in header.channels):
        return None
    if header.compression not in _BLIND and names != stored:
        return None
    if header.compression != compression if compression else header.compression == "none":
        return None
    blocks = kept.stored.blocks()
    return Packed(header, tuple(names), blocks) if blocks is not None else None


def _bytes_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: name.encode("utf-8", "surrogateescape"))


def _without_loss(part: OutPart) -> list[OutPart]:
    """The part, its ids in a part of their own where the others may lose bits."""
    ids = {name: pixels for name, pixels in part.pixels.items() if is_id(name, pixels.dtype.str)}
    if not ids or part.compression not in LOSSY:
        return [part]
    rest: dict[str, Array] = {name: pixels for name, pixels in part.pixels.items() if name not in ids}
    if not rest:
        return [replace(part, compression="zip")]
    of_ids = {k: v for k, v in part.attributes.items() if k in _SHARED or k.startswith(("art3d/", "cryptomatte/"))}
    others = {k: v for k, v in part.attributes.items() if not k.startswith("cryptomatte/")}
    return [
        replace(part, pixels=rest, attributes=others),
        replace(part, name=f"{part.name}.ids", pixels=ids, compression="zip", attributes=of_ids),
    ]
