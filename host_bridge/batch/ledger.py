"""What a render leaves beside its output for whoever looks later: what was asked, and why frames failed.

Both are small hidden files, written by rename: any number of machines may render parts of one shot at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.batch.events import Event
from host_bridge.batch.job import Job
from host_bridge.core.atomic import replacing
from host_bridge.core.errors import Art3DError, BadInputError
from host_bridge.core.regular import read_json
from host_bridge.io.plates import Pattern

NOTE_BYTES = 16 << 20


@dataclass(frozen=True)
class RenderRecord:
    """What the last render of an output was asked.

    Attributes:
        words: the command line after `art3d render`, without its frame range.
        folder: where it was typed.
        identity: what its names came to (`identity.identities`).
    """

    words: Sequence[str]
    folder: str
    identity: Mapping[str, Any]


def job_note(out: Pattern) -> Path:
    """The file that says what the last render of an output was asked."""
    path = out.path(0, "left")
    return path.with_name(f".{path.stem}.art3d-render.json")


def failure_note(job: Job, number: int) -> Path:
    """The file that says why a frame failed."""
    path = job.files(number)[0]
    return path.with_name(f".{path.stem}.art3d-failed.json")


def write_record(out: Pattern, record: RenderRecord) -> None:
    """Notes what a render is asked.

    Raises:
        OutputError: the folder cannot be written.
    """
    body = {"words": list(record.words), "folder": record.folder, "identity": dict(record.identity)}
    with replacing(job_note(out)) as temporary:
        temporary.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def read_record(out: Pattern) -> RenderRecord:
    """What the last render of an output was asked.

    Raises:
        BadInputError: no render wrote there, or its record is damaged.
    """
    note = job_note(out)
    try:
        body = read_json(note, limit_bytes=NOTE_BYTES)
        return RenderRecord([str(word) for word in body["words"]], str(body["folder"]), dict(body["identity"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        full = is_full(note.parent)
        raise BadInputError(
            f"no record of a render here{', and no space left on this disk' if full else ''}",
            where=str(note),
            remedy="make room, and render again" if full else "name the output as `art3d render -o` had it",
        ) from error


def is_full(folder: Path) -> bool:
    """Whether a folder's disk has no room for another file; False where the system cannot say."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_blocks > 0 and (disk.f_bavail == 0 or (disk.f_files > 0 and disk.f_favail == 0))


def note_event(job: Job, event: Event) -> bool:
    """Keeps the reason of a failed frame, and forgets it once the frame is there.

    Returns:
        False where there was a reason and no room for it.
    """
    note = failure_note(job, event.number)
    if event.kind == "failed" and event.error is not None and note.parent.is_dir():
        body = {"reason": str(event.error), "machine": socket.gethostname(), "time_s": round(time.time())}
        try:
            with replacing(note) as temporary:
                temporary.write_text(json.dumps(body) + "\n", encoding="utf-8")
        except Art3DError:
            return False
    elif event.kind in ("rendered", "kept"):
        with contextlib.suppress(OSError):
            note.unlink()
    return True


def reason_of(job: Job, number: int) -> str:
    """Why a frame failed the last time; "" when nothing is known."""
    try:
        return str(read_json(failure_note(job, number), limit_bytes=NOTE_BYTES)["reason"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
