"""A server made of numpy, and jobs for it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from host_bridge.batch import Job, run_job
from host_bridge.batch.pace import FULL, Pace
from host_bridge.batch.progress import JsonReporter
from host_bridge.client import Client
from host_bridge.client.tile import Tile
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.core.recipe import art3d_version
from host_bridge.io.outputs import Writing
from host_bridge.io.plates import Pattern, PlateSequence
from host_bridge.wire.outputs import bare, pixel_type
from host_bridge.wire.settings import AnalysisSettings


class FakeClient:
    """Answers with the plate moved nowhere; can fail on chosen request numbers."""

    def __init__(self) -> None:
        self.asked = 0
        self.waiting = 0
        self.most_waiting = 0
        self.faults: dict[int, BaseException] = {}
        self.cancelled = False
        self.welcome = SimpleNamespace(
            server=f"art3d {art3d_version()}", styles=({"name": "neutral", "id": "neutral-1"},), depth_sources=()
        )

    def submit(
        self,
        frame: Frame,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: Sequence[str],
        *,
        neighbours: tuple[Frame, ...] = (),
    ) -> Any:
        self.asked += 1
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        return self.asked, frame, box, outputs

    def result(self, pending: Any) -> Any:
        number, frame, box, outputs = pending
        self.waiting -= 1
        if number in self.faults:
            raise self.faults[number]
        count = {"right": len(frame.channels), "left": len(frame.channels)}
        sizes = {bare(name): (box.height, box.width, count.get(bare(name), 1)) for name in outputs}
        planes = {bare(name): np.zeros(sizes[bare(name)], pixel_type(name)) for name in outputs}
        return Tile(box, planes, {"style_id": "neutral-1", "depth_source": "aov", "ms": {"depth": 1.0, "render": 2.0}})

    def cancel(self, pending: Any = None) -> None:
        self.cancelled = True


def job(folder: Path, *, frames: Any = None, out: str = "out/o.####.exr", **options: Any) -> Job:
    return Job(
        plate=PlateSequence.open(str(folder / "in" / "p.####.exr"), frames=frames),
        out=Pattern.parse(str(folder / out)),
        settings=AnalysisSettings(depth="aov"),
        controls=Controls(),
        writing=Writing("1"),
        **options,
    )


def run(asked: Job, client: FakeClient, *, pace: Pace = FULL) -> tuple[Any, list[Any]]:
    said = io.StringIO()
    summary = run_job(asked, cast(Client, client), JsonReporter(said), pace=pace)
    return summary, [json.loads(line) for line in said.getvalue().splitlines()]


def damage(folder: Path, number: int) -> None:
    path = folder / "in" / f"p.{number:04d}.exr"
    path.write_bytes(path.read_bytes()[:400])
