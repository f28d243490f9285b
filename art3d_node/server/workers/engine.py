"""What a worker computes with, as a protocol (`compute.Compute` is the real one), and what it does for each request.

How the session treats the same requests is in `protocol/computed.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from art3d_node.server.workers import interrupt
from art3d_node.server.workers.lanes import room
from art3d_node.server.workers.mapped import Mapped
from art3d_node.server.workers.records import Done, Ready, WorkerJob
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.outputs import bare
from host_bridge.wire.settings import AnalysisSettings

Plane = npt.NDArray[np.floating[Any]]
Check = Callable[[], None]
PER_TILE = ("prepare", "render", "write", "job")


class Engine(Protocol):
    """One device's computing.

    `check` is called between steps, and inside `interrupt.stoppable` at any time; it raises to stop the work.

    A frame's arrays are views of shared memory that is reused after `forget` of its key: only what `forget` drops may
    keep a reference to them.
    """

    device: str
    tiles_at_once: int  # small tiles of analysed frames, asked in as many threads; everything else comes alone

    def describe(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """The styles and the depth sources that can be loaded now."""

    def tile(
        self,
        frames: Mapping[str, Frame],
        key: str,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: tuple[str, ...],
        *,
        check: Check,
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Planes over `box` in the engine's own form, and the frame's figures, among them `ms` per stage."""

    def write(self, plane: Any, target: Plane, *, left: int = 0) -> None:
        """Copies a plane of `tile` into shared memory: as many columns from `left` on as there is room for.

        Values are rounded to the target's type, float or half.
        """

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Check) -> dict[str, Any]:
        """The figures of a pair."""

    def match(
        self, layers: Mapping[str, npt.NDArray[Any]], reach_pct: float, *, check: Check
    ) -> tuple[Mapping[str, Plane], dict[str, Any]]:
        """Both eyes' disparities (rows, columns, 1) by the planes' names, and how the eyes differ."""

    def forget(self, key: str) -> None:
        """Lets go of a frame's pixels."""

    def figures(self) -> dict[str, Any]:
        """Cache sizes, hit rate and device memory."""


def ready(engine: Engine) -> Ready:
    """What a worker can do now."""
    found, sources = engine.describe()
    styles = tuple(style for style in found if "fault" not in style)
    faults = tuple(str(style["fault"]) for style in found if "fault" in style)
    return Ready(engine.device, styles, sources, room(engine.tiles_at_once), faults)


def tiles(engine: Engine, mapped: Mapped, jobs: Sequence[WorkerJob], check: Check) -> Sequence[Done]:
    """The tile of a job, or those of some that lie side by side, rendered as one and cut."""
    requests = [job.message for job in jobs]
    request, start = requests[0], time.perf_counter()
    union = reduce(Box.union, [each.box for each in requests])
    frames = {plate.put.key: mapped.frame(plate) for plate in jobs[0].plates}
    outputs = tuple(bare(plane.name) for plane in jobs[0].planes)
    planes, stats = engine.tile(frames, request.key, request.settings, request.controls, union, outputs, check=check)
    check()
    written = time.perf_counter()
    results = [(each.box.x0 - union.x0, mapped.planes(job)) for job, each in zip(jobs, requests, strict=True)]
    with interrupt.stoppable(check):  # the first touch of a large result's pages takes a tenth of a second
        for left, targets in results:
            for name, target in targets.items():
                engine.write(planes[bare(name)], target, left=left)
    ms = {**stats.get("ms", {}), "write": ms_since(written), "job": ms_since(start)}
    ms.update({name: ms[name] / len(jobs) for name in PER_TILE if name in ms})
    stats["ms"] = ms
    fresh = ms if "analysis" in ms else {name: ms[name] for name in PER_TILE if name in ms}
    return [Done(job.id, stats, fresh, engine.figures()) for job in jobs]


def measures(engine: Engine, mapped: Mapped, jobs: Sequence[WorkerJob], check: Check) -> Sequence[Done]:
    """The figures of a pair."""
    start, (job,) = time.perf_counter(), jobs
    figures = engine.measure(mapped.layers(job.plates[0]), check=check)
    return [Done(job.id, figures, {"measure": ms_since(start)}, engine.figures())]


def matches(engine: Engine, mapped: Mapped, jobs: Sequence[WorkerJob], check: Check) -> Sequence[Done]:
    """The disparities of a pair."""
    start, (job,) = time.perf_counter(), jobs
    planes, figures = engine.match(mapped.layers(job.plates[0]), job.message.reach_pct, check=check)
    for name, target in mapped.planes(job).items():
        np.copyto(target, planes[name])
    return [Done(job.id, figures, {"match": ms_since(start)}, engine.figures())]


def style_lists(engine: Engine, mapped: Mapped, jobs: Sequence[WorkerJob], check: Check) -> Sequence[Ready | Done]:
    """A fresh look at what there is."""
    return [ready(engine), *(Done(job.id, {}, worker=engine.figures()) for job in jobs)]


Duty = Callable[[Engine, Mapped, Sequence[WorkerJob], Check], Sequence[Ready | Done]]
DUTIES: Mapping[type, Duty] = {
    m.TileRequest: tiles,
    m.Match: matches,
    m.Measure: measures,
    m.StylesRequest: style_lists,
}


def ms_since(start_s: float) -> float:
    """Milliseconds on `time.perf_counter`."""
    return (time.perf_counter() - start_s) * 1e3
