"""Whether a stereo EXR is there, whole, and made by a given recipe."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from host_bridge.core.errors import PlateError
from host_bridge.io.plates.exr_chunks import all_there
from host_bridge.io.plates.exr_header import Header, read_headers

RECIPE = "art3d/recipe"


def is_done(paths: Iterable[Path], recipe: str) -> bool:
    """Whether every file is complete and carries the recipe.

    Completeness is proved by the tables of chunks: every chunk was written, and the last ends inside the file.
    """
    return all(path.is_file() and _carries(path, recipe) for path in paths)


def _carries(path: Path, recipe: str) -> bool:
    try:
        parts, end = read_headers(path)
    except PlateError:
        return False
    return all(_made_by(part) == recipe for part in parts) and all_there(path, parts, end)


def _made_by(part: Header) -> str:
    return part.text(RECIPE)
