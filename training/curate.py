"""Films → shards: every sampled frame once, each outcome kept the moment it is known.

A run that dies loses the frames it was at; the next run of the same command goes on there and writes the same bytes,
with however many workers.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch

from host_bridge.core.errors import BadInputError, PlateError
from host_bridge.core.machine import cpus
from training.assignment import FilmSpec, Part
from training.content import validate_unchanged
from training.decisions import Decisions, read_decisions
from training.faults import Faults
from training.films import StereoFrame, ahead
from training.finish import Finished, finish, manifest_text, reopen
from training.locks import BusyError, held
from training.outcome import Task, outcome
from training.pairs import Bench
from training.scanning import ScannedFilm, Watching, readable
from training.shards import FORMAT, load_record, save_record, write_atomically

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]
_PENDING = "pending"


@dataclass(frozen=True)
class _Run:
    """One run of curation.

    Attributes:
        out, pending: the shard folder, and the folder of what is not finished.
        part: of the work.
        bench: what pairs are measured with.
        identity: what makes it the same run again.
        decisions: what a person decided about single pairs.
        faults: what is wrong with the films.
    """

    out: Path
    pending: Path
    part: Part
    bench: Bench
    identity: dict[str, Any]
    decisions: Decisions
    faults: Faults = field(default_factory=Faults)

    def record(self, task: Task) -> Path:
        return self.pending / f"{task.key}.msgpack"

    def is_known(self, task: Task) -> bool:
        """Whether a frame's outcome is there, and no decision made it stale."""
        return self.record(task).exists() and not (task.forced and "reason" in load_record(self.record(task))["row"])


def curate(
    films: list[FilmSpec],
    out: Path,
    bench: Bench,
    *,
    part: Part | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    watching: Watching | None = None,
) -> dict[str, Any]:
    """Curate films into a shard folder; returns the manifest.

    Args:
        films: what to read.
        out: the shard folder; may hold an interrupted run of the same films and configuration, and `decisions.json`.
        bench: matcher, depth, masks, thresholds.
        part: which part of the work, for a farm.
        workers: pairs measured side by side; 0: one for each core.
        progress: called with (frames done, frames in all).
        watching: called with (what is done, frames looked through, frames in all or None) while films are scanned.

    Another process that curates the same part is waited for; what it leaves is the result.

    Raises:
        BadInputError: the folder belongs to another configuration, or no film has a frame for this part.
        PlateError: no film can be read; of several, those that cannot are in the manifest's "faults".
    """
    part = part or Part()
    lock = out / f"{_PENDING}-{part.label}.lock"
    work = partial(_curated, films, out, bench, part, workers, progress, watching)
    try:
        with held(lock, wait=False):
            return work()
    except BusyError:
        if watching:
            watching(f"waiting for the process that curates part {part.number} of {part.count}", 0, None)
    with held(lock, wait=True):
        return work()


def _curated(
    films: list[FilmSpec],
    out: Path,
    bench: Bench,
    part: Part,
    workers: int,
    progress: Progress | None,
    watching: Watching | None,
) -> dict[str, Any]:
    pending = out / f"{_PENDING}-{part.label}"
    run = _Run(out, pending, part, bench, _identity(films, bench, part), read_decisions(out))
    if (finished := out / f"manifest-{part.label}.json").exists():
        manifest = _same_run(json.loads(finished.read_text()), run.identity, finished)
        for row in manifest["films"]:
            with suppress(PlateError):  # shards outlive their films
                validate_unchanged(row["spec"], row["content"])
        if manifest["decisions"] == run.decisions.plain():
            return _with_rights(manifest, films, finished)
        reopen(manifest, out, pending, run.decisions)
        run.faults.lines.update(manifest["faults"])
        finished.unlink()
    _claim(pending, run.identity)
    scanned = list(readable(films, out, bench.config, run.faults, watching))
    tasks = list(_tasks(scanned, run))
    if not tasks:
        raise BadInputError(f"part {part.number} of {part.count} has no frame", remedy="use fewer parts")
    with single_threaded():
        for done, task in enumerate(_measured(tasks, run, workers or cpus()), start=1):
            log.debug("measured %s", task.key)
            if progress:
                progress(done, len(tasks))
    return finish(run.out, run.pending, Finished(run.identity, part, scanned, tasks, run.decisions, run.faults.lines,
                  bench.config.samples_per_shard))  # fmt: skip


def _with_rights(manifest: dict[str, Any], films: list[FilmSpec], path: Path) -> dict[str, Any]:
    """A finished manifest with the rights that are stated now: they change no pair."""
    stated = {film.spec: film.rights for film in films if film.rights}
    changed = {**manifest, "films": [{**f, "rights": stated.get(f["spec"], f["rights"])} for f in manifest["films"]]}
    if changed != manifest:
        write_atomically(path, manifest_text(changed))
    return changed


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
    descriptions = [asdict(film) for film in films]
    return {
        "format": FORMAT,
        "part": part.number,
        "parts": part.count,
        "config": {**asdict(bench.config), "depth": bench.depth.model_id, "prompts": list(bench.config.prompts)},
        # Rights may be stated later: they change no pair.
        "sources": [{name: value for name, value in film.items() if name != "rights"} for film in descriptions],
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
    # Where nothing was measured yet, as after a film that cannot be read, nothing is lost.
    if note.exists() and any(path != note for path in pending.iterdir()):
        _same_run(json.loads(note.read_text()), identity, note)
    else:
        write_atomically(note, json.dumps(identity, sort_keys=True).encode())


def _tasks(scanned: list[ScannedFilm], run: _Run) -> Iterator[Task]:
    turn = 0
    for each in scanned:
        for shot in each.scan.shots:
            if turn % run.part.count == run.part.number - 1:
                for frame in shot.samples(run.bench.config.per_shot):
                    task = Task(each.film, each.opened, each.scan, each.content, shot, frame)
                    yield replace(task, forced=task.key in run.decisions.force)
            turn += 1


def _measured(tasks: list[Task], run: _Run, workers: int) -> Iterator[Task]:
    """Each task once its record is there; films are decoded once, and only as far as needed."""
    by_film: dict[FilmSpec, list[Task]] = {}
    for task in tasks:
        by_film.setdefault(task.film, []).append(task)
    for film, film_tasks in by_film.items():
        try:
            yield from _of_film(film_tasks, run, workers)
        except PlateError as error:
            run.faults.add(film.spec, error)


def _of_film(tasks: list[Task], run: _Run, workers: int) -> Iterator[Task]:
    open_tasks = {task.frame: task for task in tasks if not run.is_known(task)}
    yield from (task for task in tasks if task.frame not in open_tasks)
    if not open_tasks:
        return
    running: deque[Future[Task]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for pair in ahead(tasks[0].opened.pairs(frozenset(open_tasks))):
            running.append(pool.submit(_recorded, open_tasks.pop(pair.index), pair, run))
            if len(running) > workers:
                yield running.popleft().result()
        yield from (each.result() for each in running)
    if open_tasks:
        raise PlateError(f"ends before frame {min(open_tasks)}", where=tasks[0].film.spec)


def _recorded(task: Task, pair: StereoFrame, run: _Run) -> Task:
    save_record(run.record(task), outcome(task, pair, run.bench))
    return task
