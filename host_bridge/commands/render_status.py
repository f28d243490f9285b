"""How far a render is: what `art3d status OUT.####.exr` prints."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import fileseq

from host_bridge.batch.assemble import in_kept_shot, job_of
from host_bridge.batch.job import Job
from host_bridge.batch.ledger import RenderRecord, is_full, read_record
from host_bridge.batch.states import FrameState, State, states, stretches
from host_bridge.commands import render
from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES
from host_bridge.io.plates import Pattern

ORDER: tuple[State, ...] = ("done", "stale", "failed", "missing")


def show(out: str, *, frames: str | None, as_json: bool) -> int:
    """Prints the state of every frame that the last render of `out` was asked for.

    Args:
        out: output pattern.
        frames: frame range; None for the whole plate.
        as_json: one JSON object instead of lines for a person.

    Raises:
        BadInputError: no render was asked for that output, or its options are no longer understood.
    """
    pattern = Pattern.parse(out)
    record, full = read_record(pattern), is_full(pattern.path(0, "left").parent)
    out = os.path.abspath(out)
    with contextlib.chdir(record.folder) if Path(record.folder).is_dir() else contextlib.nullcontext():
        found = list(states(_job(record, out, frames), record.identity))
    print(json.dumps(_figures(out, found, full), indent=1) if as_json else "\n".join(_lines(out, found, full)))
    return EXIT_OK if all(frame.state == "done" for frame in found) else EXIT_SOME_FRAMES


def _job(record: RenderRecord, out: str, frames: str | None) -> Job:
    parser = argparse.ArgumentParser(prog="art3d status")
    render.add_arguments(parser)
    args = parser.parse_args([*record.words, f"--out={out}", *([f"--frames={frames}"] if frames else [])])
    options = render.options_of(args)
    return in_kept_shot(options, job_of(options))


def _figures(out: str, found: Sequence[FrameState], full: bool) -> dict[str, object]:
    counts = Counter(frame.state for frame in found)
    return {
        "out": out,
        "disk_full": full,
        "counts": {state: counts[state] for state in ORDER},
        "frames": [asdict(frame) for frame in found],
    }


def _lines(out: str, found: Sequence[FrameState], full: bool) -> Iterator[str]:
    counts = Counter(frame.state for frame in found)
    yield f"{out}: " + ", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state])
    for run in stretches(found):
        span = fileseq.framesToFrameRange([frame.number for frame in run])
        yield f"{span:<16} {run[0].state}" + (f": {run[0].reason}" if run[0].reason else "")
    if full:
        yield "no space left on the disk of the output: make room, and run the same render again"
