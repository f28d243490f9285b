"""Whether a stereo EXR is there, whole, and made by a given recipe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import OpenEXR
import OpenImageIO as oiio

RECIPE = "art3d/recipe"


def is_done(paths: Iterable[Path], recipe: str) -> bool:
    """Whether every file is complete and carries the recipe.

    Completeness is proved by the last row of every part: parts are stored one after the other, so that a file that
    was cut short has lost at least the last of them.
    """
    return all(path.is_file() and _carries(path, recipe) and _whole(path) for path in paths)


def _carries(path: Path, recipe: str) -> bool:
    try:
        parts = OpenEXR.File(str(path), separate_channels=True, header_only=True).parts
    except (RuntimeError, ValueError):
        return False
    return bool(parts) and all(part.header.get(RECIPE) == recipe for part in parts)


def _whole(path: Path) -> bool:
    reader = oiio.ImageInput.open(str(path))
    if reader is None:
        oiio.geterror()
        return False
    part = 0
    while reader.seek_subimage(part, 0):
        spec = reader.spec()
        last = spec.y + spec.height - 1
        if reader.read_scanlines(part, 0, last, last + 1, 0, 0, spec.nchannels, "unknown") is None:
            reader.geterror()
            return False
        part += 1
    reader.geterror()
    reader.close()
    return part > 0
