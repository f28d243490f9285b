"""The end of curation: records into shards and a manifest, and a finished folder opened again for new decisions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.assignment import FilmSpec, Part
from training.decisions import DROPPED, Decisions
from training.explain import statistics
from training.outcome import Task
from training.pairs import SWAPPED
from training.scan_notes import forget_scans, scan_note
from training.scanning import ScannedFilm
from training.shards import Entry, load_record, of_shard, pack, save_record, write_atomically

PREVIEWS = "previews"


@dataclass(frozen=True)
class Finished:
    """A run whose frames are all measured.

    Attributes:
        identity: what makes it the same run again.
        part: of the work.
        films: that could be read.
        tasks: its frames.
        decisions: what a person decided about single pairs.
        faults: a line by film.
        per_shard: samples in one tar file.
    """

    identity: dict[str, Any]
    part: Part
    films: list[ScannedFilm]
    tasks: list[Task]
    decisions: Decisions
    faults: Mapping[str, str]
    per_shard: int


def finish(out: Path, pending: Path, done: Finished) -> dict[str, Any]:
    """Write shards, previews and the manifest; returns the manifest.

    Args:
        out: the shard folder.
        pending: the folder of records; goes away.
        done: the run.
    """
    records = [pending / f"{task.key}.msgpack" for task in done.tasks]
    rows = [_row(file, out / PREVIEWS, done.decisions) for file in records if file.exists()]
    kept = [row for row in rows if "reason" not in row]
    rejects = [row for row in rows if "reason" in row]
    files = ((row["key"], load_record(pending / f"{row['key']}.msgpack")["files"]) for row in kept)
    shards = pack(files, out, f"pairs-{done.part.label}", done.per_shard)
    for stale in {file.name for file in out.glob(f"pairs-{done.part.label}-*.tar")} - {s["name"] for s in shards}:
        (out / stale).unlink()
    manifest = {
        **done.identity,
        "films": [each.row() for each in done.films],
        "shards": shards,
        "samples": kept,
        "rejects": rejects,
        "statistics": statistics(kept, rejects),
        "notes": _notes(rows, done),
        "faults": dict(sorted(done.faults.items())),
        "decisions": done.decisions.plain(),
    }
    text = manifest_text(manifest)
    write_atomically(out / f"manifest-{done.part.label}.json", text)
    shutil.rmtree(pending)
    if len(list(out.glob(f"manifest-p*of{done.part.count}.json"))) == done.part.count:
        forget_scans(out)
    return dict(json.loads(text))


def manifest_text(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as it lies on disk."""
    return json.dumps(manifest, indent=1, sort_keys=True).encode()


def _row(file: Path, previews: Path, decisions: Decisions) -> dict[str, Any]:
    record = load_record(file)
    row: dict[str, Any] = record["row"]
    previews.mkdir(exist_ok=True)
    write_atomically(previews / f"{row['key']}.jpg", record["preview"])
    return {**row, "reason": DROPPED} if row["key"] in decisions.drop and "reason" not in row else row


def _notes(rows: Sequence[Mapping[str, Any]], done: Finished) -> list[str]:
    """What a person should know: films whose eyes look swapped, decisions about pairs that there are not."""
    notes = []
    for film in sorted({row["film"] for row in rows}):
        judged = [row for row in rows if row["film"] == film and "correlation" in row["figures"]]
        swapped = sum(SWAPPED in (row.get("reason"), row.get("overruled")) for row in judged)
        if judged and 2 * swapped > len(judged):
            notes.append(f"{film}: the eyes look swapped in {swapped} of {len(judged)} pairs; use --swap-eyes")
    decided = done.decisions.drop | done.decisions.force
    if done.part.count == 1 and (unknown := sorted(decided - {row["key"] for row in rows})):
        notes.append(f"decisions.json names {len(unknown)} pairs that are not among these, as {unknown[0]}")
    for row in rows:
        if row["key"] in done.decisions.force and "reason" in row:
            notes.append(f"{row['key']}: cannot be forced, for no pixel of it is valid")
    return notes


def reopen(manifest: Mapping[str, Any], out: Path, pending: Path, decisions: Decisions) -> None:
    """Lay a finished part's records out again, all but those that new decisions make stale.

    The manifest still stands while this is done, so a run that dies here starts it once more.
    """
    shutil.rmtree(pending, ignore_errors=True)
    pending.mkdir()
    sources = {source["spec"]: source for source in manifest["sources"]}
    for film in manifest["films"]:
        fault = manifest["faults"].get(film["spec"], "")
        spec = FilmSpec(**sources[film["spec"]])
        scan_note(out, spec, manifest["config"]["min_shot_frames"]).write({**film["scan"], "fault": fault})
    for row in manifest["rejects"]:
        stale = row["key"] in decisions.force or (row["reason"] == DROPPED and row["key"] not in decisions.drop)
        if not stale:
            _lay(row, None, out, pending)
    rows = {row["key"]: row for row in manifest["samples"]}
    for shard in manifest["shards"]:
        for entry in of_shard(out / shard["name"], shard["samples"], rows):
            if not ("overruled" in entry.row and entry.row["key"] not in decisions.force):
                _lay(entry.row, entry, out, pending)


def _lay(row: Mapping[str, Any], entry: Entry | None, out: Path, pending: Path) -> None:
    shown = out / PREVIEWS / f"{row['key']}.jpg"
    preview = shown.read_bytes() if shown.is_file() else b""
    files = entry.files() if entry else None
    save_record(pending / f"{row['key']}.msgpack", {"row": row, "files": files, "preview": preview})
