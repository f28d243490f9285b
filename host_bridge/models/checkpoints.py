"""Network weights that users bring: what is known, where it is looked for, and how it is proved.

Standard library only: this runs on the host's side, where nothing else may be installed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host_bridge.core.errors import BadInputError
from host_bridge.core.folders import MODELS, named_folders
from host_bridge.core.regular import open_regular, read_json

RECORD = "art3d.json"
WEIGHTS = "model.safetensors"
CONFIG_BYTES = 1 << 20
# Width of the backbone and the layers that are read from it → the size of Depth Anything V2.
_RESTRICTED = {(768, (3, 6, 9, 12)): "Base", (1024, (5, 12, 18, 24)): "Large"}
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


@dataclass(frozen=True)
class PublishedFolder:
    """A published transformers folder of which no sha256 is stated publicly: whoever pulls it says what they trust.

    Attributes:
        name: what `--depth` calls it.
        licence: as its authors state it.
        url: the folder of its files.
        about: one line for a person.
        note: what to know beyond the licence, or "".
        files: their names; the weights are `WEIGHTS`.
    """

    name: str
    licence: str
    url: str
    about: str
    note: str = ""
    files: tuple[str, ...] = ("config.json", "preprocessor_config.json", WEIGHTS)


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


FOLDERS: Mapping[str, PublishedFolder] = {
    "distill-any-depth-small": PublishedFolder(
        name="distill-any-depth-small",
        licence="MIT",
        url="https://huggingface.co/xingyang1/Distill-Any-Depth-Small-hf/resolve/main/",
        about="Distill-Any-Depth Small, relative depth from one picture",
        note="its teachers include Depth Anything V2 Large, which is CC-BY-NC-4.0: have that judged before paid work",
    ),
    "zoedepth": PublishedFolder(
        name="zoedepth",
        licence="MIT",
        url="https://huggingface.co/Intel/zoedepth-nyu-kitti/resolve/main/",
        about="ZoeDepth NYU + KITTI, metric depth from one picture (arXiv 2302.12288)",
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
    return [*named_folders(MODELS), cache_folder()]


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


def onnx_files() -> list[Path]:
    """Every ONNX network that can be named, first wins."""
    found: dict[str, Path] = {}
    for folder in folders():
        for file in sorted(folder.glob("*.onnx")):
            found.setdefault(file.name, file)
    return list(found.values())


def licence_note(folder: Path) -> str:
    """What a user has to know before commercial work with a transformers folder, or "".

    The folder's card says its licence. Depth Anything V2 Base and Large are published under a non-commercial one, with
    a card or without; V1 and Small are not.
    """
    try:
        config = read_json(folder / "config.json", limit_bytes=CONFIG_BYTES)
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
        with open_regular(folder / "README.md") as file:
            head = file.read(_CARD_BYTES).decode(errors="replace")
    except OSError:
        return ""
    front = re.match(r"---\s*\n(.*?)\n---", head, re.DOTALL)
    card: dict[str, str] = (
        dict(re.findall(r"^(license|license_name):[ \t]*[\"']?([\w.+-]+)", front[1], re.MULTILINE)) if front else {}
    )
    licence = card.get("license", "")
    return card.get("license_name", licence) if licence in ("", "other") else licence


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
        found = sha256_of(path)
    except OSError as error:
        raise BadInputError(f"cannot be read: {error.strerror}", where=str(path), remedy="check its mode") from error
    if found != checkpoint.sha256:
        raise BadInputError(f"sha256 is {found}, not {checkpoint.sha256}", where=str(path), remedy=remedy)


def verify_recorded(folder: Path) -> None:
    """Proves that a pulled folder is as it was recorded; one that was not pulled has no record.

    Raises:
        BadInputError: a file has changed, or the record or a file cannot be read.
    """
    record = folder / RECORD
    if not record.is_file():
        return
    remedy = f"delete {folder} and run `art3d models pull {folder.name}`"
    try:
        files = read_json(record, limit_bytes=CONFIG_BYTES)["files"]
        for name, sha256 in files.items():
            if (found := sha256_of(folder / str(name))) != sha256:
                raise BadInputError(f"sha256 is {found}, not {sha256}", where=str(folder / str(name)), remedy=remedy)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"the record cannot be used: {error!r}", where=str(record), remedy=remedy) from error


def sha256_of(path: Path) -> str:
    """The sha256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
