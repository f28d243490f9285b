"""One picture for a whole sequence: a frame that lost its beauty must not show another layer without a word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from host_bridge.core.errors import Art3DError, PlateError
from host_bridge.io.plates import guard
from host_bridge.io.plates.choice import Picture, choose_picture, pictures, says_picture
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.plate import Plate
from host_bridge.io.plates.views import view_of

LOOKED_AT = 3


def usual_picture(paths: Sequence[Path], view: str) -> str:
    """The label of the picture that a sequence shows: the best of what its first, middle and last file choose.

    Args:
        paths: the files of all frames there are, so that every chunk of them answers alike.
        view: the view; "" takes each file's first.

    Returns:
        "" for files without layers, and where none of them can be read.
    """
    found: list[Picture] = []
    last = len(paths) - 1
    for path in dict.fromkeys(paths[last * n // (LOOKED_AT - 1)] for n in range(LOOKED_AT)) if paths else ():
        try:
            if guard.first_bytes(path, 4) != MAGIC:
                continue
            _, channels = view_of(open_exr(path), view)
        except Art3DError:
            continue
        chosen = choose_picture(pictures(channels))
        found += [chosen] if chosen else []
    best = choose_picture(found)
    return best.label if best else ""


def other_layer(plate: Plate, usual: str) -> str:
    """The layer to read instead, where a frame that holds the usual picture chose another; "" where its own is right.

    Raises:
        PlateError: the frame lacks the usual picture, and its own does not say that it is one.
    """
    if usual in ("", plate.picture) or not plate.picture:
        return ""
    if usual in plate.pictures:
        return usual
    if says_picture(plate.picture):
        return ""
    raise PlateError(
        f"holds no {usual}, which is the picture of this sequence, but {', '.join(plate.pictures)}",
        where=str(plate.path),
        remedy="render the frame again, or name a layer that all have with --layer",
    )
