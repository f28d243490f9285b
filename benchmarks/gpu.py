"""Is the new view on a GPU right, and how fast? ``python -m benchmarks.gpu`` writes one table and one JSON file.

Correctness: every case of random blocks, both eyes, all ways to fill and treat edges, against the processor. Speed: the
new view at 1080p and 4K, one tile after a knob, a plate's way up and a view's way down, alone and beside the kernels;
Depth Anything V2 Small and CameraNet in half precision and a step of fitting, with random weights.
Where there is no CUDA device the same kernels run on the processor, one thread after the other, on small pictures: that
proves that the benchmark runs, its times say nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from art3d_node.native import cuda
from art3d_node.stereo import render_cpu, render_cuda
from art3d_node.stereo.request import Request
from benchmarks import gpu_networks

TOLERANCE = 2e-6
SEEDS, STAND_IN_SEEDS = 6, 1
SPREADS = (0.0, 3.0, 25.0, 90.0)
RUNS = 5


def main() -> int:
    """The command line; 1 when the device's result is not the processor's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/gpu.json"), help="the JSON file")
    target = parser.parse_args().out
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    real = device.type == "cuda"
    named = torch.cuda.get_device_name(device) if real else "stand-in: the processor, one thread after the other"
    worst, cases = _correctness(device)
    networks = {name: _best(job, device) for name, job in gpu_networks.jobs(device)}
    figures: dict[str, Any] = {
        "device": named,
        "cases": cases,
        "worst_difference": worst,
        "seconds": _speed(device) | networks,
    }
    if real:
        major, minor = torch.cuda.get_device_capability(device)
        taken = cuda.figures(f"sm_{major}{minor}", 4)
        figures["kernels"] = {f.kernel: {"registers": f.registers, "local_bytes": f.local_bytes} for f in taken}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table(title=named)
    for column in ("job", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left")
    for job, seconds in figures["seconds"].items():
        table.add_row(job, f"{seconds:.5f}")
    console = Console(width=110)
    console.print(table)
    console.print(f"{cases} cases, furthest from the processor by {worst:.2e} (allowed {TOLERANCE:.0e}); {target}")
    return int(worst > TOLERANCE)


def blocks(seed: int, spread: float, channels: int) -> tuple[Tensor, Tensor]:
    """A random plate and a disparity of random upright blocks, a few samples unknown."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(13, 31, channels, generator=generator) * 3 - 0.5
    coarse = (torch.rand(4, 7, generator=generator) - 0.5) * spread
    disparity = coarse.repeat_interleave(4, 0).repeat_interleave(5, 1)[:13, :31].clone()
    disparity[torch.rand(13, 31, generator=generator) < 0.01] = float("nan")
    return image, disparity


def _correctness(device: torch.device) -> tuple[float, int]:
    """The largest difference from the processor's result, infinite where a mask differs, and the number of cases."""
    worst, count = 0.0, 0
    seeds = SEEDS if device.type == "cuda" else STAND_IN_SEEDS
    for seed, spread, channels in itertools.product(range(seeds), SPREADS, (1, 3, 4)):
        image, disparity = blocks(seed, spread, channels)
        for sign, soft, fill in itertools.product((1.0, -1.0), (True, False), (True, False)):
            region = ((0, 0, 31, 13), (-20, -8, 80, 32), (4, 2, 29, 11))[count % 3]
            request = Request(sign, region, channels - 1 if channels == 4 else -1, soft, fill, None)
            one = render_cpu.render(image, None, disparity, request)
            other = render_cuda.render(image.to(device), None, disparity.to(device), request)
            for name in ("image", "disparity"):
                away = (getattr(one, name) - getattr(other, name).cpu()).abs()
                worst = max(worst, float(away.max()) if away.numel() else 0.0)
            if not torch.equal(one.occlusion, other.occlusion.cpu()):
                worst = float("inf")
            count += 1
    return worst, count


def _speed(device: torch.device) -> dict[str, float]:
    sizes = {"1080p": (1080, 1920), "4K": (2160, 3840)} if device.type == "cuda" else {"54 x 96": (54, 96)}
    found = {}
    for name, size in sizes.items():
        image, disparity = (tensor.to(device) for tensor in _scene(*size))
        span = (float(disparity.min()), float(disparity.max()))
        whole = Request(1.0, (0, 0, size[1], size[0]), 3, True, True, span)
        tile = Request(1.0, (size[1] // 3, size[0] // 3, size[1] // 2, size[0] // 2), 3, True, True, span)
        host, view = image.cpu(), torch.empty(image.shape)
        if device.type == "cuda":
            host, view = host.pin_memory(), view.pin_memory()
        render = partial(render_cuda.render, image, None, disparity, whole)
        found[f"{name}: new view"] = _best(render, device)
        found[f"{name}: a tile"] = _best(partial(render_cuda.render, image, None, disparity, tile), device)
        found[f"{name}: plate up"] = _best(partial(image.copy_, host, non_blocking=True), device)
        found[f"{name}: view down"] = _best(partial(view.copy_, image, non_blocking=True), device)
        found[f"{name}: new view, the next plate coming up"] = _best(partial(_beside, render, host, device), device)
    return found


def _scene(height: int, width: int) -> tuple[Tensor, Tensor]:
    y, x = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    disparity = -0.01 * width + 0.005 * y
    for i in range(12):
        near = (x - width * (0.07 + 0.08 * i)) ** 2 + (y - height * (0.2 + 0.05 * i)) ** 2 < (0.05 * height + i) ** 2
        disparity = torch.where(near, torch.tensor(0.002 * width * i), disparity)
    image = 0.5 + 0.4 * torch.stack(
        [torch.sin(x / 7), torch.cos(y / 9), torch.sin((x + y) / 11), torch.ones_like(x)], -1
    )
    return image, disparity


def _beside(render: Callable[[], object], host: Tensor, device: torch.device) -> None:
    """Render while another plate is copied, on a stream of its own where there are streams."""
    if device.type == "cuda":
        with torch.cuda.stream(torch.cuda.Stream(device)):
            host.to(device, non_blocking=True)
    render()


def _best(job: Callable[[], object], device: torch.device) -> float:
    """Seconds of the best of some runs, the first, which compiles, not counted."""
    taken = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        job()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - start)
    return min(taken[1:])


if __name__ == "__main__":
    raise SystemExit(main())
