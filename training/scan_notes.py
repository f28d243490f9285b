"""Scans on disk, beside the parts of a run: a film is looked through once, by one process, for all that share a folder.

A process that dies gives its lock back, and the next one looks through the film.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.assignment import FilmSpec
from training.shards import load_record, save_record

_FOLDER = "scans"


class ScannedElsewhereError(Exception):
    """Another process looks through the film right now."""


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

    @contextlib.contextmanager
    def held(self, *, wait: bool) -> Iterator[None]:
        """Alone with the note; where the file system has no locks, each process looks for itself.

        Args:
            wait: for the process that has it.

        Raises:
            ScannedElsewhereError: another process has it, and `wait` is false.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            with contextlib.suppress(OSError):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                except BlockingIOError:
                    raise ScannedElsewhereError from None
            yield
        finally:
            os.close(handle)


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
