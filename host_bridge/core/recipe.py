"""The recipe hash: everything that the pixels of one output frame depend on.

A frame is done when its file is complete and carries the recipe that would be cooked now; anything that changes,
the plate's bytes, a knob, a style, a version, makes another recipe.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import xxhash

from host_bridge.core.errors import MissingFrameError, PlateError

FORMAT = 1
_BLOCK_BYTES = 1 << 20


def art3d_version() -> str:
    """The installed version of Art3D."""
    try:
        return version("art3d")
    except PackageNotFoundError:
        return "0"


def content_hash(path: Path) -> str:
    """XXH3 (128 bits) of a file's bytes; read once for as long as the file keeps its time and size.

    Raises:
        PlateError: the file cannot be read.
    """
    try:
        found = path.stat()
    except OSError:
        return _hash_of(path, 0, 0)
    return _hash_of(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=256)
def _hash_of(path: Path, mtime_ns: int, size: int) -> str:
    digest = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except FileNotFoundError as error:
        raise MissingFrameError("no such file", where=str(path), remedy="check the path") from error
    except OSError as error:
        raise PlateError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="check the path and its permissions"
        ) from error
    return digest.hexdigest()


def recipe_hash(ingredients: Mapping[str, Any]) -> str:
    """The hash of named ingredients; plain values, tuples and mappings of them."""
    text = json.dumps({"format": FORMAT, "art3d": art3d_version(), **ingredients}, sort_keys=True)
    return xxhash.xxh3_128(text.encode()).hexdigest()
