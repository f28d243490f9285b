"""A long shot through `art3d render`: do the stages overlap, and does memory stay flat?

    python benchmarks/long_shot.py [--frames 1000] [--size 1920x1080]

Makes eight plate frames of a moving scene with Z, links them into a sequence as long as asked, renders it with
`--depth aov --shot none` through the embedded server, and removes each output once it is counted (a thousand stereo
frames of 1080p are some 40 GB). Wall time is compared with frames × the slowest stage (read, transfer, analysis, new
view, write; a stage with several threads counts by its threads); memory is the resident set of this command and its
server after a tenth and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import OpenEXR
import psutil

from host_bridge.embedded import ping, place

DISTINCT = 8
WRITERS, READERS = 2, 2
ART3D = [sys.executable, "-m", "host_bridge.cli"]


def make_plate(folder: Path, width: int, height: int, count: int) -> None:
    """`count` names of eight files."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0, 0.8, (height // 8 + 1, width // 8 + 1, 3))
    ground = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width] + rng.normal(0, 0.01, (height, width, 3))
    y, x = np.mgrid[:height, :width]
    for index in range(DISTINCT):
        ball = (x - width * (0.3 + 0.04 * index)) ** 2 + (y - height * 0.5) ** 2 < (height * 0.2) ** 2
        color = np.where(ball[..., None], (0.9, 0.3, 0.1), np.roll(ground, 4 * index, axis=1)).astype(np.float16)
        rgba = np.concatenate([color, np.ones((height, width, 1), np.float16)], axis=2)
        z = np.where(ball, 3.0, 20.0 - 15.0 * y / height).astype(np.float32)
        header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIPS_COMPRESSION}
        OpenEXR.File(header, {"RGBA": rgba, "depth.Z": z}).write(str(folder / f"source.{index}.exr"))
    for number in range(count):
        os.link(folder / f"source.{number % DISTINCT}.exr", folder / f"p.{1001 + number}.exr")


def resident_mb(pids: list[int]) -> float:
    """Resident memory of processes and their children."""
    total = 0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                total += one.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--size", default="1920x1080")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as name:
        folder = Path(name)
        make_plate(folder, width, height, args.frames)
        words = [*ART3D, "render", str(folder / "p.####.exr"), "-o", str(folder / "o.####.exr"), "--depth", "aov"]
        warm = subprocess.run([*words, "--frames", "1001", "--shot", "none"], capture_output=True, check=True)
        assert warm.returncode == 0
        command = [*words, "--shot", "none", "--overwrite", "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stages: dict[str, float] = defaultdict(float)
        memory: list[float] = []
        started, rendered = time.perf_counter(), 0
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "frame":
                rendered += 1
                for stage, seconds in event["seconds"].items():
                    stages[stage] += seconds
                for path in event["files"]:
                    Path(path).unlink()
                if rendered in (max(1, args.frames // 10), args.frames):
                    pong = ping(place().address)
                    memory.append(resident_mb([process.pid] + ([pong.pid] if pong else [])))
        process.wait()
        wall = time.perf_counter() - started
    report(stages, rendered, wall, memory)


def report(stages: dict[str, float], rendered: int, wall: float, memory: list[float]) -> None:
    """The table."""
    threads = {"read": READERS, "write": WRITERS}
    shares = {stage: seconds / threads.get(stage, 1) / rendered for stage, seconds in stages.items()}
    # Analysis and new view are one worker's work; they cannot overlap each other.
    shares["server"] = shares.pop("analysis", 0.0) + shares.pop("new_view", 0.0)
    slowest = max(shares, key=lambda stage: shares[stage])
    for stage, seconds in shares.items():
        print(f"{stage:10} {seconds:7.3f} s a frame")
    print(f"{'wall':10} {wall / rendered:7.3f} s a frame over {rendered} frames, slowest stage: {slowest}")
    print(f"wall / (frames × slowest stage) = {wall / rendered / shares[slowest]:.2f}")
    print(f"resident memory after a tenth {memory[0]:.0f} MB, at the end {memory[-1]:.0f} MB")


if __name__ == "__main__":
    main()
