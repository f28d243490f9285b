"""Scans on disk, beside the parts of a run: a film is looked through once, by one process, for all that share a folder.

A process that dies gives its lock back, and the next one looks through the film.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.assignment import FilmSpec
from training.shards import load_record, save_record

_FOLDER = "scans"


@dataclass(frozen=True)
class ScanNote:
    """Where the scan of one film lies.

    Attributes:
        path: of the record; it is there once the scan is finished.
    """

    path: Path

    def read(self) -> dict[str, Any] | None:
        """The record, if there is one.

        Raises:
            ShardError: it is damaged.
        """
        return load_record(self.path) if self.path.exists() else None

    def write(self, record: Mapping[str, Any]) -> None:
        """Keeps a finished scan."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        save_record(self.path, record)

    @property
    def lock(self) -> Path:
        """The file of the lock that whoever looks through the film holds."""
        return self.path.with_suffix(".lock")


def scan_note(out: Path, film: FilmSpec, min_shot_frames: int) -> ScanNote:
    """The note of a film in a shard folder: of what its scan hangs on, and of nothing else.

    Args:
        out: the shard folder.
        film: as asked for.
        min_shot_frames: as `scan_film` takes it.
    """
    read_as = {name: value for name, value in asdict(film).items() if name not in ("style", "rights")}
    text = json.dumps([read_as, min_shot_frames], sort_keys=True)
    return ScanNote(out / _FOLDER / f"{film.key}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.msgpack")


def forget_scans(out: Path) -> None:
    """Removes the notes of a folder: its manifests hold the scans once every part is finished."""
    shutil.rmtree(out / _FOLDER, ignore_errors=True)
