"""Training speed on this machine: curation with `sgbm`, and fitting, both from a rehearsal film.

python benchmarks/training_speed.py
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
from training.config import CurateConfig, FitConfig
from training.curate import FilmSpec, curate
from training.dataset import Batch
from training.depth import Depth
from training.films import open_film, side_picture
from training.fit import Blueprint, objective
from training.masks import mask_source
from training.pairs import Bench, Beside, squared
from training.stage.directors import director_named
from training.stage.film import FilmPlan, write_film
from training.stage.textures import Textures
from training.stereo_net import stereo_net

REPEATS = 5


def curation(folder: Path, depth: str) -> list[float]:
    """Pairs per second of single pairs at 512², from decoded eyes to shard bytes."""
    config = CurateConfig(depth=depth, min_shot_frames=2)
    bench = Bench(config, stereo_net("sgbm"), Depth(depth), mask_source("residual"))
    film = write_film(folder / "film.mp4", director_named("measured"), FilmPlan(shots=3, frames_per_shot=2), Textures())
    rates = []
    for _ in range(REPEATS):
        for pair in open_film(str(film)).pairs():
            beside = side_picture(str(film), "depth", pair.index, "sbs")
            assert beside is not None
            started = time.perf_counter()
            eyes = [squared(eye, config.size_px) for eye in (pair.left, pair.right)]
            near = tuple(squared(eye, config.size_px) for eye in beside)
            bench.measure(eyes[0], eyes[1], 16 / 9, Beside(near))  # type: ignore[arg-type]
            rates.append(1 / (time.perf_counter() - started))
    return rates


def whole_curation(folder: Path) -> float:
    """Pairs per second of a whole run: scan, decode, measure, write."""
    film = write_film(folder / "long.mp4", director_named("deep"), FilmPlan(shots=8, frames_per_shot=4), Textures())
    config = CurateConfig(depth="sidecar", min_shot_frames=2)
    bench = Bench(config, stereo_net("sgbm"), Depth("sidecar"), mask_source("residual"))
    started = time.perf_counter()
    manifest = curate([FilmSpec(str(film))], folder / "shards", bench)
    pairs = manifest["statistics"]["kept"] + manifest["statistics"]["rejected"]
    return float(pairs / (time.perf_counter() - started))


def fitting(size: int, batch: int) -> list[float]:
    """Samples per second of whole optimiser steps on square pictures."""
    config = FitConfig(size_px=size, batch=batch)
    net = Blueprint(CameraNet(config.width))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    shape = (batch, size, size)
    data = Batch(
        torch.rand(batch, 3, size, size),
        torch.rand(shape),
        torch.randn(shape),
        torch.ones(shape),
        (torch.rand(shape) > 0.9).float(),
        ("x",) * batch,
    )
    rates = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        optimiser.zero_grad()
        objective(net(data.rgb, data.iz[:, None]), data, config).total.backward()
        optimiser.step()
        rates.append(batch / (time.perf_counter() - started))
    return rates[1:]


def main() -> None:
    """Prints the table."""
    torch.set_num_threads(2)
    table = Table("what", "target", "median", "best", title="training on this CPU")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for depth in ("sidecar", "mini"):
            rates = curation(folder, depth)
            table.add_row(f"curate 512², sgbm, depth {depth}: pairs/s", "4", *_two(rates))
        table.add_row("curate, whole run from the file: pairs/s", "4", f"{whole_curation(folder):.1f}", "")
    table.add_row("fit 256², batch 8: samples/s", "12", *_two(fitting(256, 8)))
    Console().print(table)


def _two(rates: list[float]) -> tuple[str, str]:
    return f"{statistics.median(rates):.1f}", f"{max(rates):.1f}"


if __name__ == "__main__":
    main()
