"""What a style's card must say so that the style can be made again, and judged on films it has not seen.

Convention:
    A card's `provenance` is the same on every run of one command over the same shards; what is not, is in `made`.
    Spans are "start-stop" of frames, stop included, parted by spaces.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from art3d_node.models.style_file import StyleCard
from host_bridge.core.errors import BadInputError
from host_bridge.core.machine import cpus
from host_bridge.core.recipe import art3d_version
from training.config import PUBLISHED, FitConfig
from training.shards import Entry, manifest_files, read_manifests

_SOURCES = ("training", "art3d_node/models", "art3d_node/stereo")
_LIBRARIES = ("torch", "numpy", "lightning", "opencv-python-headless")
_NOT_STATED = "not stated"


@dataclass(frozen=True)
class Ingredients:
    """What a style is made from.

    Attributes:
        recipe: its name; `config` holds what it came to.
        config: every option.
        group: the style group taken out of the shards, or "" for all of them.
        folders: shard folders as they were named.
        train, held: samples that are learned from, and that are kept aside.
        parent: the card of the style it starts from.
        licence, training_data: as told on the command line.
    """

    recipe: str
    config: FitConfig
    group: str
    folders: Sequence[Path]
    train: Sequence[Entry]
    held: Sequence[Entry]
    parent: StyleCard | None
    licence: str
    training_data: str


def provenance(of: Ingredients) -> dict[str, Any]:
    """The `provenance` of a card."""
    parents = [{"name": of.parent.name, "id": of.parent.id}] if of.parent else []
    return {
        "recipe": of.recipe,
        "options": asdict(of.config),
        "unlike_paper": unlike_paper(of.config),
        "group": of.group,
        "licence": of.licence,
        "training_data": of.training_data,
        "shards": [row for folder in of.folders for row in shard_hashes(folder)],
        "curation": [curation for folder in of.folders for curation in _curations(folder)],
        "parents": parents,
        "films": films(of),
        "code": code(),
    }


def unlike_paper(config: FitConfig) -> list[str]:
    """What these options do otherwise than the paper states, and what they add to it."""
    options = asdict(config)
    changed = [
        f"{name} {options[name]} (paper: {value})" for name, value in PUBLISHED.items() if options[name] != value
    ]
    added = [f"{name} {options[name]} (ours)" for name in ("right", "smoothness", "consistency") if options[name]]
    return changed + added


def shard_hashes(folder: Path) -> list[dict[str, str]]:
    """A folder's manifests by name and sha256; each holds the hashes of its tar files.

    Raises:
        ShardError: there is none.
    """
    return [
        {"folder": str(folder), "manifest": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in manifest_files(folder)
    ]


def _curations(folder: Path) -> Iterator[dict[str, Any]]:
    yield {"folder": str(folder), **read_manifests(folder)[0]["config"]}


def depth_source(folders: Sequence[Path]) -> str:
    """The depth that shards were curated with.

    Raises:
        BadInputError: several: a style learns from one.
    """
    named = sorted({str(m["config"]["depth"]) for folder in folders for m in read_manifests(folder)})
    if len(named) > 1:
        raise BadInputError(f"were curated with several depth sources, {' and '.join(named)}",
                            remedy="curate all with one --depth", where=", ".join(map(str, folders)))  # fmt: skip
    return named[0]


def films(of: Ingredients) -> list[dict[str, str]]:
    """Every film that was learned from, the parents' too: its key, content, rights, and spans of its shots."""
    rows: dict[str, dict[str, str]] = {}
    manifests = [m for folder in of.folders for m in read_manifests(folder)]
    by_content = {film["content"]: film for manifest in manifests for film in manifest["films"]}
    for content in sorted({entry.row["content"] for entry in [*of.train, *of.held]}):
        film = by_content[content]
        spans = {kind: _spans(e for e in entries if e.row["content"] == content) for kind, entries in _kinds(of)}
        rows[content] = {
            "film": film["film"], "content": content, "rights": film["rights"] or _NOT_STATED, **spans,
        }  # fmt: skip
    for film in of.parent.provenance.get("films", ()) if of.parent else ():
        merged = rows.setdefault(film["content"], {**film, "trained": "", "held_out": ""})
        merged["trained"] = " ".join(_merged([*_read(merged["trained"]), *_read(film["trained"])]))
    return [rows[content] for content in sorted(rows)]


def _kinds(of: Ingredients) -> tuple[tuple[str, Sequence[Entry]], ...]:
    return ("trained", of.train), ("held_out", of.held)


def _spans(entries: Iterable[Entry]) -> str:
    return " ".join(_merged([(start, stop - 1) for start, stop in (e.row["shot_frames"] for e in entries)]))


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """Spans in order; those that touch become one."""
    found: list[list[int]] = []
    for start, last in sorted(spans):
        if found and start <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([start, last])
    return (f"{start}-{last}" for start, last in found)


def _read(spans: str) -> list[tuple[int, int]]:
    return [(int(start), int(last)) for start, _, last in (span.partition("-") for span in spans.split())]


class Trained:
    """Which samples a style has learned from, by film content and frame.

    Args:
        card: its card.
    """

    def __init__(self, card: StyleCard) -> None:
        self.is_known = bool(card.provenance.get("films"))
        films = card.provenance.get("films", ())
        self._spans = {film["content"]: _read(film["trained"]) for film in films}

    def __contains__(self, entry: object) -> bool:
        if not isinstance(entry, Entry):
            return False
        frame = entry.row["frame"]
        return any(start <= frame <= last for start, last in self._spans.get(entry.row["content"], ()))


def code() -> dict[str, str]:
    """Version and source of what trains, and of the libraries it computes with."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for name in _SOURCES:
        for file in sorted((root / name).rglob("*.py")):
            digest.update(str(file.relative_to(root)).encode() + file.read_bytes())
    libraries = {name: _version(name) for name in _LIBRARIES}
    return {
        "art3d": art3d_version(),
        "source": digest.hexdigest()[:16],
        "python": platform.python_version(),
        **libraries,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:
        return ""


def made(began: float, *, accelerator: str, processes: int, threads: int) -> dict[str, Any]:
    """When and on what: the `made` of a card.

    `SOURCE_DATE_EPOCH` (reproducible-builds.org) stands for the clock where it is set, so that the file is the same.

    Args:
        began: `time.time()` at the start of the last session.
        accelerator: what computed, "cpu" or a device's name.
        processes, threads: how many, and threads of each.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    now = float(fixed) if fixed and fixed.isdigit() else time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    times = {"when": stamp} if fixed else {"when": stamp, "seconds": round(now - began, 1)}
    return {
        **times, "processor": processor(), "cores": cpus(), "threads": threads, "accelerator": accelerator,
        "processes": processes,
    }  # fmt: skip


def processor() -> str:
    """The processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def refuse_other_shards(card: StyleCard, folders: Sequence[Path]) -> None:
    """Raises:
    BadInputError: the folders' manifests are not those that the style was made from.
    """
    trained_on = {row["sha256"]: f"{row['folder']}/{row['manifest']}" for row in card.provenance["shards"]}
    given = {row["sha256"] for folder in folders for row in shard_hashes(folder)}
    if missing := sorted(name for sha, name in trained_on.items() if sha not in given):
        raise BadInputError(
            f"was made from other shards: {missing[0]} is not among these, or was changed",
            remedy="name the folders it was made from, or add --other-shards to take its settings alone",
            where=card.name,
        )
    if len(given) != len(trained_on):
        raise BadInputError("was made from fewer shards than these", remedy="name its own, or add --other-shards",
                            where=card.name)  # fmt: skip


def made_from(card: StyleCard) -> Mapping[str, Any]:
    """A card's provenance.

    Raises:
        BadInputError: it has none.
    """
    if not card.provenance.get("options"):
        raise BadInputError("its card does not say how it was made", remedy="train it with options", where=card.name)
    return card.provenance
