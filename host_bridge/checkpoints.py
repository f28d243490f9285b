"""Network weights that users bring: what is known, where it is looked for, and how it is fetched once.

Standard library only: this runs on the host's side, where nothing else may be installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from host_bridge.errors import BadInputError, OutputError, ServerUnreachableError

Progress = Callable[[int, int], None]
_CHUNK_BYTES = 1 << 20
# Width of the backbone and the layers that are read from it → the size of Depth Anything V2.
_RESTRICTED = {(768, (3, 6, 9, 12)): "Base", (1024, (5, 12, 18, 24)): "Large"}
_TIMEOUT_S = 30.0
_CARD_BYTES = 1 << 16


@dataclass(frozen=True)
class Checkpoint:
    """One file of published weights.

    Attributes:
        name: what `--depth` calls it.
        file_name: its name on disk.
        size_bytes, sha256: what a whole file has.
        licence: SPDX name.
        url: where its authors publish it.
        about: one line for a person.
    """

    name: str
    file_name: str
    size_bytes: int
    sha256: str
    licence: str
    url: str
    about: str


KNOWN: Mapping[str, Checkpoint] = {
    "da2-small": Checkpoint(
        name="da2-small",
        file_name="depth_anything_v2_vits.pth",
        size_bytes=99_218_434,
        sha256="715fade13be8f229f8a70cc02066f656f2423a59effd0579197bbf57860e1378",
        licence="Apache-2.0",
        url="https://huggingface.co/depth-anything/Depth-Anything-V2-Small/resolve/main/depth_anything_v2_vits.pth",
        about="Depth Anything V2 Small, relative depth from one picture (arXiv 2406.09414)",
    ),
}


def known(name: str) -> Checkpoint:
    """The table's entry.

    Raises:
        BadInputError: no such name.
    """
    if name not in KNOWN:
        raise BadInputError(f"no weights are known as {name!r}", remedy=f"choose one of: {', '.join(KNOWN)}")
    return KNOWN[name]


def cache_folder() -> Path:
    """The user's own folder for weights, whether it exists or not."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "art3d" / "models"


def folders() -> list[Path]:
    """Where weights are looked for, first wins: each folder of `$ART3D_MODELS`, then the user's cache."""
    named = [Path(part) for part in os.environ.get("ART3D_MODELS", "").split(os.pathsep) if part]
    return [*named, cache_folder()]


def find(name: str) -> Path | None:
    """Where the weights of that name lie: the published file, a transformers folder or an ONNX file; or None."""
    checkpoint = KNOWN.get(name)
    for folder in folders():
        if checkpoint and (folder / checkpoint.file_name).is_file():
            return folder / checkpoint.file_name
        if not name or Path(name).name != name:
            continue
        if (folder / name / "config.json").is_file():
            return folder / name
        onnx = folder / (name if name.lower().endswith(".onnx") else name + ".onnx")
        if onnx.is_file():
            return onnx
    return None


def model_folders() -> list[Path]:
    """Every transformers folder that can be named: those inside `folders()`, first wins."""
    found: dict[str, Path] = {}
    for folder in folders():
        for config in sorted(folder.glob("*/config.json")):
            found.setdefault(config.parent.name, config.parent)
    return list(found.values())


def licence_note(folder: Path) -> str:
    """What a user has to know before commercial work with a transformers folder, or "".

    The folder's card says its licence. Depth Anything V2 Base and Large are published under a non-commercial one, with
    a card or without; V1 and Small are not.
    """
    try:
        config = json.loads((folder / "config.json").read_text())
        backbone = config["backbone_config"]
        taps = backbone.get("out_indices") or [int(name.removeprefix("stage")) for name in backbone["out_features"]]
        size = _RESTRICTED.get((int(backbone.get("hidden_size", 768)), tuple(taps)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        size = None
    if size:
        return f"Depth Anything V2 {size} is CC-BY-NC-4.0: not for commercial work"
    licence = card_licence(folder)
    restricted = any(word in licence.lower() for word in ("-nc", "noncommercial", "non-commercial", "research"))
    return f"{folder.name} is {licence}" + (": not for commercial work" if restricted else "") if licence else ""


def card_licence(folder: Path) -> str:
    """The licence that the card of a transformers folder states; "" without one."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            head = file.read(_CARD_BYTES)
    except OSError:
        return ""
    front = re.match(r"---\s*\n(.*?)\n---", head, re.DOTALL)
    said: dict[str, str] = (
        dict(re.findall(r"^(license|license_name):[ \t]*[\"']?([\w.+-]+)", front[1], re.MULTILINE)) if front else {}
    )
    licence = said.get("license", "")
    return said.get("license_name", licence) if licence in ("", "other") else licence


def verify(path: Path, checkpoint: Checkpoint) -> None:
    """Proves that a file is the published one.

    Raises:
        BadInputError: its size or sha256 differs, or it cannot be read.
    """
    remedy = f"delete it and run `art3d models pull {checkpoint.name}`"
    try:
        size = path.stat().st_size
        if size != checkpoint.size_bytes:
            problem = f"has {size} bytes, the published file {checkpoint.size_bytes}"
            raise BadInputError(problem, where=str(path), remedy=remedy)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInputError(f"cannot be read: {error.strerror}", where=str(path), remedy="check its mode") from error
    if found != checkpoint.sha256:
        raise BadInputError(f"sha256 is {found}, not {checkpoint.sha256}", where=str(path), remedy=remedy)


def pull(checkpoint: Checkpoint, *, folder: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch the published file once: continued after an interruption, checked, then renamed into place.

    Args:
        checkpoint: what to fetch.
        folder: where to; the first of `folders()` by default.
        progress: called with (bytes so far, bytes in all).

    Returns:
        The file, verified.

    Raises:
        ServerUnreachableError: the publisher does not answer or stops half-way; the part is kept.
        BadInputError: what came is not the published file; it is deleted.
        OutputError: the folder cannot be written.
    """
    target = (folder or folders()[0]) / checkpoint.file_name
    if target.is_file():
        verify(target, checkpoint)
        return target
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(checkpoint, part, progress or (lambda done, total: None))
    except urllib.error.URLError as error:
        raise ServerUnreachableError(
            f"the download failed: {error.reason}",
            where=checkpoint.url,
            remedy=f"try again, or fetch it elsewhere and put it into {target.parent}",
        ) from error
    except (TimeoutError, ConnectionError) as error:
        raise ServerUnreachableError(
            f"the download stopped: {error}", where=checkpoint.url, remedy="run the same command to continue"
        ) from error
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror}", where=str(part), remedy="free space, or name another folder"
        ) from error
    _accept(part, target, checkpoint)
    return target


def _accept(part: Path, target: Path, checkpoint: Checkpoint) -> None:
    if part.stat().st_size < checkpoint.size_bytes:
        raise ServerUnreachableError(
            f"only {part.stat().st_size} of {checkpoint.size_bytes} bytes came",
            where=checkpoint.url,
            remedy="run the same command to continue",
        )
    try:
        verify(part, checkpoint)
    except BadInputError:
        part.unlink(missing_ok=True)
        raise
    os.replace(part, target)


def _download(checkpoint: Checkpoint, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.is_file() else 0
    if have >= checkpoint.size_bytes:
        return
    request = urllib.request.Request(checkpoint.url, headers={"User-Agent": "art3d"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
        # A server that ignores the range sends the whole file again.
        resumed = have > 0 and answer.status == 206
        with part.open("ab" if resumed else "wb") as file:
            _copy(answer, file, checkpoint.size_bytes, progress)


def _copy(source: BinaryIO, file: BinaryIO, total: int, progress: Progress) -> None:
    while file.tell() <= total:
        block = source.read(_CHUNK_BYTES)
        if not block:
            return
        file.write(block)
        progress(min(file.tell(), total), total)
