"""Films → shards: every sampled frame once, each outcome kept the moment it is known.

A run that dies loses the frames it was at; the next run of the same command goes on there and writes the same bytes,
with however many workers.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from host_bridge.core.errors import BadInputError, PlateError
from host_bridge.core.geometry import Box
from host_bridge.core.machine import cpus
from training.asked import FilmSpec, Part
from training.config import CurateConfig
from training.explain import statistics
from training.faults import Faults, validate_film, whole
from training.films import Film, StereoFrame, ahead, open_film, side_picture
from training.pairs import SWAPPED, Bench, Beside, Reject, squared
from training.shards import FORMAT, encode_sample, load_record, pack, save_record, write_atomically
from training.shots import Scan, Shot, scan_film

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
_PENDING = "pending"


@dataclass(frozen=True)
class _Task:
    film: FilmSpec
    opened: Film
    scan: Scan
    shot: Shot
    frame: int

    @property
    def key(self) -> str:
        return f"{self.film.key}-{self.frame:06d}"


@dataclass(frozen=True)
class _Done:
    """A run's work: what identifies it, the films that were read, their frames, and what was wrong."""

    identity: dict[str, Any]
    films: list[tuple[FilmSpec, Scan]]
    tasks: list[_Task]
    faults: Faults


def curate(
    films: list[FilmSpec],
    out: Path,
    bench: Bench,
    *,
    part: Part | None = None,
    workers: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Curate films into a shard folder; returns the manifest.

    Args:
        films: what to read.
        out: the shard folder; may hold an interrupted run of the same films and configuration.
        bench: matcher, depth, masks, thresholds.
        part: which part of the work, for a farm.
        workers: pairs measured side by side; 0: one for each core.
        progress: called with (frames done, frames in all).

    Raises:
        BadInputError: the folder belongs to another configuration, or no film has a frame for this part.
        PlateError: no film can be read; of several, those that cannot are in the manifest's "faults".
    """
    part = part or Part()
    out.mkdir(parents=True, exist_ok=True)
    identity = _identity(films, bench, part)
    if (finished := out / f"manifest-{part.label}.json").exists():
        return _same_run(json.loads(finished.read_text()), identity, finished)
    pending = out / f"{_PENDING}-{part.label}"
    _claim(pending, identity)
    faults = Faults()
    scanned = list(_readable(films, pending, bench.config, faults))
    tasks = list(_tasks(scanned, bench.config, part))
    if not tasks:
        raise BadInputError(f"part {part.number} of {part.count} has no frame", remedy="use fewer parts")
    with single_threaded():
        for done, task in enumerate(_measured(tasks, pending, bench, workers or cpus(), faults), start=1):
            log.debug("measured %s", task.key)
            if progress:
                progress(done, len(tasks))
    work = _Done(identity, [(film, scan) for film, _, scan in scanned], tasks, faults)
    return _finish(out, pending, part, work, bench.config)


@contextmanager
def single_threaded() -> Iterator[None]:
    """One thread a pair: threads inside a pair would fight with its neighbours', and figures hang on their number."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _identity(films: list[FilmSpec], bench: Bench, part: Part) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "part": part.number,
        "parts": part.count,
        "config": {**asdict(bench.config), "depth": bench.depth.model_id, "prompts": list(bench.config.prompts)},
        "sources": [asdict(film) for film in films],
    }


def _same_run(manifest: dict[str, Any], identity: Mapping[str, Any], where: Path) -> dict[str, Any]:
    if {key: manifest.get(key) for key in identity} != identity:
        raise BadInputError(
            "holds shards of other films or settings", remedy="choose another folder", where=str(where.parent)
        )
    return manifest


def _claim(pending: Path, identity: Mapping[str, Any]) -> None:
    note = pending / "run.json"
    pending.mkdir(exist_ok=True)
    if note.exists():
        _same_run(json.loads(note.read_text()), identity, note)
    else:
        write_atomically(note, json.dumps(identity, sort_keys=True).encode())


def _readable(
    films: list[FilmSpec], pending: Path, config: CurateConfig, faults: Faults
) -> Iterator[tuple[FilmSpec, Film, Scan]]:
    errors = []
    for film in films:
        try:
            yield film, *_scanned(film, pending, config, faults)
        except BadInputError as error:
            errors.append(error)
            faults.add(film.spec, error)
    if len(errors) == len(films) == 1:
        raise errors[0]
    if len(errors) == len(films):
        raise PlateError(f"none of {len(films)} films can be read: {' | '.join(faults.lines.values())}")


def _scanned(film: FilmSpec, pending: Path, config: CurateConfig, faults: Faults) -> tuple[Film, Scan]:
    opened = open_film(film.spec, layout=film.layout, swap_eyes=film.swap_eyes, input_space=film.input_space)
    note = pending / f"scan-{film.key}.msgpack"
    if note.exists():
        known = load_record(note)
        if known["fault"]:
            faults.lines.setdefault(film.spec, known["fault"])
        shots = tuple(Shot(number, start, stop, Box(*box)) for number, start, stop, box in known["shots"])
        return opened, Scan(known["frames"], shots, Box(*known["picture"]))
    validate_film(opened, film.spec, depth=config.depth, masks=config.masks)
    scan = scan_film(
        whole(ahead(opened.pairs()), film.spec, faults), where=film.spec, min_shot_frames=config.min_shot_frames
    )
    rows = [(s.number, s.start, s.stop, (s.picture or scan.picture).as_tuple()) for s in scan.shots]
    fault = faults.lines.get(film.spec, "")
    save_record(note, {"frames": scan.frames, "shots": rows, "picture": scan.picture.as_tuple(), "fault": fault})
    return opened, scan


def _tasks(scanned: list[tuple[FilmSpec, Film, Scan]], config: CurateConfig, part: Part) -> Iterator[_Task]:
    turn = 0
    for film, opened, scan in scanned:
        for shot in scan.shots:
            if turn % part.count == part.number - 1:
                for frame in shot.samples(config.per_shot):
                    yield _Task(film, opened, scan, shot, frame)
            turn += 1


def _measured(tasks: list[_Task], pending: Path, bench: Bench, workers: int, faults: Faults) -> Iterator[_Task]:
    """Each task once its record is there; films are decoded once, and only as far as needed."""
    by_film: dict[FilmSpec, list[_Task]] = {}
    for task in tasks:
        by_film.setdefault(task.film, []).append(task)
    for film, mine in by_film.items():
        try:
            yield from _of_film(mine, pending, bench, workers)
        except PlateError as error:
            faults.add(film.spec, error)


def _of_film(mine: list[_Task], pending: Path, bench: Bench, workers: int) -> Iterator[_Task]:
    open_tasks = {task.frame: task for task in mine if not _record(pending, task).exists()}
    yield from (task for task in mine if task.frame not in open_tasks)
    if not open_tasks:
        return
    running: deque[Future[_Task]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for pair in ahead(mine[0].opened.pairs(frozenset(open_tasks))):
            running.append(pool.submit(_recorded, open_tasks.pop(pair.index), pair, pending, bench))
            if len(running) > workers:
                yield running.popleft().result()
        yield from (each.result() for each in running)
    if open_tasks:
        raise PlateError(f"ends before frame {min(open_tasks)}", where=mine[0].film.spec)


def _recorded(task: _Task, pair: StereoFrame, pending: Path, bench: Bench) -> _Task:
    save_record(_record(pending, task), _outcome(task, pair.left, pair.right, bench))
    return task


def _record(pending: Path, task: _Task) -> Path:
    return pending / f"{task.key}.msgpack"


def _outcome(task: _Task, left: Any, right: Any, bench: Bench) -> dict[str, Any]:
    box = task.shot.picture or task.scan.picture
    crop = slice(box.y0, box.y1), slice(box.x0, box.x1)
    size = bench.config.size_px
    eyes = [squared(np.ascontiguousarray(eye[crop]), size) for eye in (left, right)]
    aspect = box.width / box.height * {"sbs-half": 2.0, "tb-half": 0.5}.get(task.opened.layout, 1.0)
    result = bench.measure(eyes[0], eyes[1], aspect, _beside(task, crop, size, left.shape[:2]))
    row = {
        "key": task.key,
        "film": task.film.key,
        "style": task.film.style,
        "aspect": round(aspect, 4),
        "shot": task.shot.number,
        "frame": task.frame,
        "figures": {name: round(value, 5) for name, value in result.figures.items()},
    }
    if isinstance(result, Reject):
        return {"row": {**row, "reason": result.reason}, "files": None}
    return {"row": row, "files": encode_sample(result, row)}


def _beside(task: _Task, crop: tuple[slice, slice], size: int, shape: tuple[int, int]) -> Beside:
    found = {}
    for kind in ("depth", "mattes"):
        eyes = side_picture(task.film.spec, kind, task.frame, task.opened.layout, swapped=task.film.swap_eyes)
        if eyes is not None and eyes[0].shape != shape:
            raise PlateError(f"{kind} of frame {task.frame} is of another size than the film", where=task.film.spec)
        found[kind] = None if eyes is None else tuple(squared(np.ascontiguousarray(e[crop]), size) for e in eyes)
    return Beside(found["depth"], found["mattes"])  # type: ignore[arg-type]


def _finish(
    out: Path,
    pending: Path,
    part: Part,
    done: _Done,
    config: CurateConfig,
) -> dict[str, Any]:
    rows = [load_record(_record(pending, task))["row"] for task in done.tasks if _record(pending, task).exists()]
    kept = [row for row in rows if "reason" not in row]
    files = ((row["key"], load_record(pending / f"{row['key']}.msgpack")["files"]) for row in kept)
    shards = pack(files, out, f"pairs-{part.label}", config.samples_per_shard)
    rejects = [row for row in rows if "reason" in row]
    manifest = {
        **done.identity,
        "films": [
            {"film": f.key, "spec": f.spec, "frames": s.frames, "shots": len(s.shots), "picture": s.picture.as_tuple()}
            for f, s in done.films
        ],
        "shards": shards,
        "samples": kept,
        "rejects": rejects,
        "statistics": statistics(kept, rejects),
        "notes": _notes(rows),
        "faults": dict(sorted(done.faults.lines.items())),
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    write_atomically(out / f"manifest-{part.label}.json", text.encode())
    shutil.rmtree(pending)
    return dict(json.loads(text))


def _notes(rows: list[dict[str, Any]]) -> list[str]:
    """What a person should know: films whose eyes look swapped."""
    notes = []
    for film in sorted({row["film"] for row in rows}):
        told = [row for row in rows if row["film"] == film and "correlation" in row["figures"]]
        swapped = sum(row.get("reason") == SWAPPED for row in told)
        if told and 2 * swapped > len(told):
            notes.append(f"{film}: the eyes look swapped in {swapped} of {len(told)} pairs; use --swap-eyes")
    return notes
