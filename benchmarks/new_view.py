"""Quality and cost of the new view beside what other converters do: ``python -m benchmarks.new_view``.

Quality: PSNR in dB over all pixels, the plainly visible ones, outlines (visible, but an outline passes
within a pixel) and holes; and SIoU. "Unhidden" is visible and outline together, "inner holes" are those that
the plate's border does not cause. Layered scenes differ by their seed: the table gives the mean of several.
Cost: best of several runs on the cores this process may use, all jobs in turn; "peak MB" is what the process has
needed up to and with that job.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from art3d_node import native
from art3d_node.stereo.metrics import psnr, psnr_by_region, siou
from art3d_node.stereo.synthesis import new_view
from benchmarks import delivered, example_plate, middlebury, peers, scenes
from benchmarks.scenes import Scene

Method = Callable[[Tensor, Tensor], Tensor]


def _ours(edges: str, image: Tensor, disparity: Tensor) -> Tensor:
    return new_view(image, disparity, edges=edges).image  # type: ignore[arg-type]


def _pyramid(image: Tensor, disparity: Tensor) -> Tensor:
    view = new_view(image, disparity, edges="hard", fill="none")
    return peers.pyramid_fill(view.image, view.disparity, view.occlusion)


METHODS: dict[str, Method] = {
    "backward sampling": peers.backward_sampling,
    "splat + row fill": peers.splat_and_row_fill,
    "our kernel, pyramid fill": _pyramid,
    "Art3D, hard edges": partial(_ours, "hard"),
    "Art3D": partial(_ours, "soft"),
}

Maker = Callable[[tuple[int, int], int], Scene]
Scenes = dict[str, list[Callable[[], Scene]]]

LAYERED: dict[str, Maker] = {
    "layers -20..30": lambda size, seed: scenes.layered("", size=size, seed=seed),
    "layers, antialiased": lambda size, seed: scenes.layered("", size=size, seed=seed, grid=3),
    "layers, faded": lambda size, seed: scenes.layered("", size=size, seed=seed, softness=3.0, grid=2),
    "small range -8..12": lambda size, seed: scenes.layered("", size=size, seed=seed, span=(-8.0, 12.0)),
}
SINGLE: dict[str, Maker] = {
    "big range -60..90": lambda size, seed: scenes.layered("", size=size, seed=seed, span=(-60.0, 90.0)),
    "sub-pixel ramps": lambda size, _seed: scenes.ramps("", size=size),
}


def main() -> None:
    """Print the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("1080p", "4k"), default="1080p", help="size of the made scenes")
    parser.add_argument("--only", choices=("scenes", "delivered", "example", "pairs", "speed"), help="print one table")
    parser.add_argument("--scenes", type=int, default=8, help="layered scenes of each kind")
    parser.add_argument("--plates", type=Path, default=Path(os.environ.get("ART3D_PLATES", "../shared/plates")))
    arguments = parser.parse_args()
    console = Console(width=130)
    size = (1080, 1920) if arguments.size == "1080p" else (2160, 3840)
    if arguments.only in (None, "scenes"):
        seeds = range(1, arguments.scenes + 1)
        made: Scenes = {name: [partial(make, size, seed) for seed in seeds] for name, make in LAYERED.items()}
        made |= {name: [partial(make, size, 2)] for name, make in SINGLE.items()}
        console.print(_quality(f"Scenes with analytic truth, {arguments.size}", made))
    if arguments.only in (None, "delivered"):
        shots: Scenes = {
            kind: [partial(_shot, kind, number) for number in range(delivered.SHOTS)] for kind in delivered.KINDS
        }
        lit = {name: partial(delivered.through_light, method) for name, method in METHODS.items()}
        console.print(_quality("Stage film as it is delivered, in display light", shots, lit))
    if arguments.only in (None, "example"):
        made = {"frames 1001, 1005": [partial(example_plate.load, frame) for frame in example_plate.FRAMES]}
        console.print(_quality("The example plate", made))
    if arguments.only in (None, "pairs") and arguments.plates.is_dir():
        sets = {"tuned on": middlebury.TUNED_ON, "held out": middlebury.HELD_OUT}
        pairs: Scenes = {
            name: [partial(middlebury.load, arguments.plates, name)] for names in sets.values() for name in names
        }
        pairs |= {title: [pairs[name][0] for name in names] for title, names in sets.items()}
        console.print(_quality("Middlebury pairs", pairs))
    if arguments.only in (None, "speed"):
        console.print(_speed(scenes.layered("speed", size=size, grid=2), arguments.size))


def _shot(kind: str, number: int) -> Scene:
    return delivered.scenes(kind)[number]


def _quality(title: str, kinds: Scenes, methods: Mapping[str, Method] = METHODS) -> Table:
    """A row for every kind of scene and method: the mean over the scenes of that kind."""
    table = Table(title=title)
    columns = ("all", "visible", "outline", "holes", "unhidden", "inner holes", "SIoU")
    for name in ("scene", "method", *columns):
        table.add_column(name, justify="left" if name in ("scene", "method") else "right")
    for kind, makers in kinds.items():
        rows: dict[str, list[list[float]]] = {label: [] for label in methods}
        for make in makers:
            scene = make()
            for label, method in methods.items():
                rows[label].append(_measured(method(scene.left, scene.disparity), scene))
        named = kind if len(makers) == 1 else f"{kind}, mean of {len(makers)}"
        for label, found in rows.items():
            table.add_row(named, label, *_numbers(torch.tensor(found).mean(0).tolist()))
        table.add_section()
    return table


def _measured(view: Tensor, scene: Scene) -> list[float]:
    quality = psnr_by_region(view, scene.right, scene.occlusion, outline=scene.outline)
    hidden = scene.occlusion
    unhidden = psnr(view, scene.right, where=~hidden)
    inner = psnr(view, scene.right, where=hidden & ~scene.outside)
    regions = [quality[name] for name in ("all", "visible", "outline", "holes")]
    return [*regions, unhidden, inner, siou(view, scene.right, scene.left)]


def _numbers(row: list[float]) -> list[str]:
    return [f"{value:.2f}" for value in row[:-1]] + [f"{row[-1]:.3f}"]


def _speed(scene: Scene, label: str) -> Table:
    plate = torch.cat([scene.left, torch.ones(*scene.left.shape[:2], 1)], -1)
    target = plate.clone()
    height, width = plate.shape[:2]
    x0, y0 = (width - 512) // 2, (height - 512) // 2
    span = (float(scene.disparity.min()), float(scene.disparity.max()))
    view = partial(new_view, plate, scene.disparity, alpha=3, disparity_range=span)
    jobs: dict[str, Callable[[], object]] = {
        "copy of the same bytes": lambda: target.copy_(plate),
        "the same into new memory": plate.clone,
        "bare kernel, into memory at hand": _kernel(plate, scene.disparity),
        "hard edges, no fill": partial(view, edges="hard", fill="none"),
        "hard edges, fill": partial(view, edges="hard"),
        "soft edges, fill": view,
        "soft edges, fill, 512 x 512 tile": partial(view, region=(x0, y0, x0 + 512, y0 + 512)),
        "splat + row fill": partial(peers.splat_and_row_fill, scene.left, scene.disparity),
        "backward sampling": partial(peers.backward_sampling, scene.left, scene.disparity),
    }
    table = Table(title=f"{label} RGBA float32, {torch.get_num_threads()} threads")
    for name in ("job", "seconds", "CPU s", "x copy", "peak MB"):
        table.add_column(name, justify="left" if name == "job" else "right")
    peak_mb = {}
    for name, job in jobs.items():
        job()
        peak_mb[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    best = _clock(jobs)
    copy = best["copy of the same bytes"][0]
    for name, (seconds, cpu) in best.items():
        table.add_row(name, f"{seconds:.4f}", f"{cpu:.4f}", f"{seconds / copy:.1f}", f"{peak_mb[name]:.0f}")
    return table


def _kernel(plate: Tensor, disparity: Tensor) -> Callable[[], object]:
    """The kernel that carries pixels, without what is done around it, which like the copy asks for no memory."""
    height, width, channels = plate.shape
    nothing = np.empty((height, width, 0), np.float32)
    out, carried = np.empty((height, width, channels), np.float32), np.empty((height, width), np.float32)
    masks = [np.empty((height, width), np.bool_) for _ in range(2)]
    taken = native.Plate(plate.numpy(), nothing, disparity.numpy(), 3)
    whole = native.Window((0, 0), (0, width), (0, height), (0, width), width)
    made = native.Targets(out, nothing.copy(), carried, np.empty_like(carried), *masks)
    return partial(native.render, taken, whole, native.Request(1.0, False, False), made)


def _clock(jobs: dict[str, Callable[[], object]], *, budget_s: float = 40.0) -> dict[str, tuple[float, float]]:
    """Best wall time of each job, and the CPU time of that run.

    All take turns, so that a minute in which a shared machine is slow falls on every one of them.
    """
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    start = time.perf_counter()
    while time.perf_counter() - start < budget_s or min(map(len, runs.values())) < 3:
        for name, job in jobs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            runs[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return {name: min(taken) for name, taken in runs.items()}


if __name__ == "__main__":
    main()
