"""Training speed on this machine: looking through a film, curating one with `sgm`, fitting.

python -m benchmarks.training_speed
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from art3d_node.models.camera_net import CameraNet
from benchmarks.gpu_networks import random_batch
from training.assignment import FilmSpec
from training.config import CurateConfig, FitConfig
from training.curate import curate, single_threaded
from training.depth import Depth
from training.faults import Faults
from training.films import open_film, side_picture
from training.fit import Blueprint, begin
from training.masks import mask_source
from training.objective import objective
from training.pairs import Bench, Beside, squared
from training.scanning import readable
from training.stage.directors import director_named
from training.stage.film import FilmPlan, write_film
from training.stage.textures import Textures
from training.stereo_net import stereo_net

REPEATS = 4


Rates = list[tuple[float, float]]
"""Each repeat: things per second of wall clock, and CPU seconds per thing, which a busy machine cannot spoil."""


class _Watch:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, count: int) -> tuple[float, float]:
        return count / (time.perf_counter() - self._wall), (time.process_time() - self._cpu) / count


def _bench(depth: str) -> Bench:
    config = CurateConfig(depth=depth, min_shot_frames=2)
    return Bench(config, stereo_net("sgm"), Depth(depth), mask_source("residual"))


def single_pairs(folder: Path) -> Rates:
    """One pair after the other at 512² on one thread, from decoded eyes to its figures, with given depth."""
    bench = _bench("sidecar")
    size = bench.config.size_px
    film = write_film(folder / "film.mp4", director_named("measured"), FilmPlan(shots=3, frames_per_shot=2), Textures())
    rates = []
    with single_threaded():
        for pair in open_film(str(film)).pairs():
            beside = side_picture(str(film), "depth", pair.index, "sbs")
            assert beside is not None
            watch = _Watch()
            eyes = [squared(eye, size) for eye in (pair.left, pair.right)]
            near = tuple(squared(eye, size) for eye in beside)
            bench.measure(eyes[0], eyes[1], 16 / 9, Beside(near))  # type: ignore[arg-type]
            rates.append(watch.rate(1))
    return rates


def whole_curation(folder: Path, depth: str) -> Rates:
    """Pairs of whole runs on all cores: scan, decode, measure, write."""
    plan = FilmPlan(shots=8, frames_per_shot=4)
    film = write_film(folder / f"{depth}.mp4", director_named("deep"), plan, Textures())
    rates = []
    for repeat in range(REPEATS):
        watch = _Watch()
        manifest = curate([FilmSpec(str(film))], folder / f"{depth}-{repeat}", _bench(depth))
        rates.append(watch.rate(manifest["statistics"]["kept"] + manifest["statistics"]["rejected"]))
    return rates


def scanning(folder: Path) -> Rates:
    """Frames of a 3840 × 1080 side-by-side film, looked through for shots, bars and eyes out of step."""
    plan = FilmPlan(shots=2, frames_per_shot=24, width=1920, height=1080)
    film = write_film(folder / "wide.mp4", director_named("measured"), plan, Textures())
    rates = []
    for repeat in range(REPEATS):
        watch = _Watch()
        (scanned,) = readable([FilmSpec(str(film))], folder / f"scan-{repeat}", CurateConfig(), Faults())
        rates.append(watch.rate(scanned.scan.frames))
    return rates


def fitting(size: int, batch: int) -> Rates:
    """Samples of whole optimiser steps on square pictures."""
    config = FitConfig(size_px=size, batch=batch)
    net = CameraNet(config.width)
    optimiser = begin(net, config).optimiser
    blueprint = Blueprint(net)
    data = random_batch(size, batch)
    rates = []
    for _ in range(REPEATS):
        watch = _Watch()
        optimiser.zero_grad()
        objective(blueprint(data.rgb, data.iz[:, None]), data, config).total.backward()
        optimiser.step()
        rates.append(watch.rate(batch))
    return rates[1:]


def main() -> None:
    """Prints the table."""
    torch.set_num_threads(2)
    table = Table("per second of wall clock", "target", "median", "best", "CPU s each", title="training on this CPU")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table.add_row("look through 3840 × 1080 side by side: frames/s", "60", *_cells(scanning(folder)))
        table.add_row("curate 512², sgm, one pair at a time on one thread", "", *_cells(single_pairs(folder)))
        for depth, goal in (("sidecar", "5"), ("mini", "3.5")):
            rates = whole_curation(folder, depth)
            table.add_row(f"curate 512², sgm, depth {depth}, from the file: pairs/s", goal, *_cells(rates))
    table.add_row("fit 256², batch 8: samples/s", "12", *_cells(fitting(256, 8)))
    Console().print(table)


def _cells(rates: Rates) -> tuple[str, str, str]:
    walls, cpu = zip(*rates, strict=True)
    return f"{statistics.median(walls):.1f}", f"{max(walls):.1f}", f"{min(cpu):.3f}"


if __name__ == "__main__":
    main()
