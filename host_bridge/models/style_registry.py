"""A folder of styles that a studio shares: every version by the id of its content, and which one is in use.

    FOLDER/NAME.style             what hosts and farms load by name
    FOLDER/versions/NAME@ID.style every version that was installed

Convention:
    An id is the style file's own: a hash of its card and weights (`art3d_node.models.style_file.content_id`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from host_bridge.core.atomic import replacing
from host_bridge.core.errors import StyleError
from host_bridge.core.folders import STYLES, named_folders
from host_bridge.core.regular import read_regular

SUFFIX, VERSIONS = ".style", "versions"
MAX_FILE_BYTES = 32 << 20
_KEY = "art3d_style"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_. -]{0,63}")
_NOT_HASHED = ("id", "thumbnail", "made")
_DTYPES = {"F16": "torch.float16", "F32": "torch.float32"}


@dataclass(frozen=True)
class Version:
    """One version of a style: its name, its id, its file, and whether hosts load it by its name."""

    name: str
    id: str
    file: Path
    in_use: bool


def registry_folder() -> Path:
    """The shared folder: the first of `$ART3D_STYLES`, else the user's own."""
    named = named_folders(STYLES)
    return named[0] if named else Path(platformdirs.user_config_dir("art3d")) / "styles"


def verified_id(path: Path) -> str:
    """The id of a style file, proved by its content.

    Raises:
        StyleError: it cannot be read, is no style, or its content is not what its id says.
    """
    try:
        data = read_regular(path, limit_bytes=MAX_FILE_BYTES)
        size = int.from_bytes(data[:8], "little")
        header = dict(json.loads(data[8 : 8 + size]))
        fields = dict(json.loads(header.pop("__metadata__")[_KEY]))
        found = _content_id(fields, header, data[8 + size :])
    except OSError as error:
        raise StyleError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise StyleError("is no style file, or is damaged", remedy="fetch it again", where=str(path)) from error
    if found != fields.get("id"):
        raise StyleError("its content does not match its id", remedy="fetch it again", where=str(path))
    return found


def _content_id(fields: Mapping[str, Any], tensors: Mapping[str, Any], data: bytes) -> str:
    hashed = {name: value for name, value in fields.items() if name not in _NOT_HASHED}
    if not hashed.get("provenance"):
        hashed.pop("provenance", None)
    digest = hashlib.sha256(json.dumps(hashed, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        start, stop = tensor["data_offsets"]
        digest.update(f"{name} {_DTYPES[tensor['dtype']]} {tuple(tensor['shape'])}".encode())
        digest.update(data[start:stop])
    return digest.hexdigest()[:16]


def install(path: Path, folder: Path) -> Version:
    """Keep a style's version in the folder; its name's first version is taken into use, later ones wait for `pin`.

    Raises:
        StyleError: it is no sound style file, or its name is not a style's.
        OutputError: the folder cannot be written.
    """
    name, found = path.stem, verified_id(path)
    kept, active = folder / VERSIONS / f"{name}@{found}{SUFFIX}", folder / (name + SUFFIX)
    if not _NAME.fullmatch(name) or name == "neutral":
        raise StyleError("its file's name cannot be a style's", remedy="rename it", where=str(path))
    if not kept.exists():
        _copy(path, kept)
    if not active.exists():
        _copy(kept, active)
    return Version(name, found, kept, verified_id(active) == found)


def pin(name: str, version: str, folder: Path) -> Version:
    """Take a version into use: from now on its name means it.

    Args:
        name: the style's.
        version: its id, or the beginning of it.
        folder: the registry.

    Raises:
        StyleError: there is no such version, several begin so, or it is damaged.
        OutputError: the folder cannot be written.
    """
    found = sorted((folder / VERSIONS).glob(f"{name}@*{SUFFIX}"))
    fitting = [file for file in found if file.stem.rpartition("@")[2].startswith(version)]
    if len(fitting) != 1 or not version:
        versions = ", ".join(file.stem.rpartition("@")[2] for file in found) or "none"
        problem = "names several versions" if fitting else "is no version that is installed"
        raise StyleError(f"{version!r} {problem}", where=f"{folder} {name}", remedy=f"there are {versions}")
    verified = verified_id(fitting[0])
    _copy(fitting[0], folder / (name + SUFFIX))
    return Version(name, verified, fitting[0], True)


def versions(folder: Path) -> Iterator[Version]:
    """Every version that is installed, by name, then id; proves nothing."""
    for file in sorted((folder / VERSIONS).glob(f"*@*{SUFFIX}")):
        name, _, found = file.stem.rpartition("@")
        active = folder / (name + SUFFIX)
        yield Version(name, found, file, active.is_file() and active.read_bytes() == file.read_bytes())


def verify(folder: Path) -> tuple[int, list[str]]:
    """How many files are sound, and a line for each that is not: damaged, under another id, in use but not kept."""
    sound, faults = 0, []
    kept = {(version.name, version.id) for version in versions(folder)}
    for file in sorted([*folder.glob(f"*{SUFFIX}"), *(folder / VERSIONS).glob(f"*{SUFFIX}")]):
        try:
            found = verified_id(file)
        except StyleError as error:
            faults.append(str(error))
            continue
        named = file.stem.rpartition("@")[2] if "@" in file.stem else found
        if named != found:
            faults.append(f"{file}: its id is {found}, not the one in its name")
        elif "@" not in file.stem and (file.stem, found) not in kept:
            faults.append(f"{file}: its version {found} is not kept; run art3d styles install {file}")
        else:
            sound += 1
    return sound, faults


def _copy(source: Path, target: Path) -> None:
    with replacing(target) as partial:
        partial.write_bytes(source.read_bytes())
