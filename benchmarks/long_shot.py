"""A long shot through `art3d render`: do the stages overlap, and does memory stay flat?

    python -m benchmarks.long_shot [--frames 1000] [--size 1920x1080] [--depth aov|mini] [--shot auto|none]

Makes eight plate frames of a moving scene with Z, links them into a sequence as long as asked, and renders it through
a server of its own, removing each output once it is counted (a thousand stereo frames of 1080p are some 40 GB).

A stage's figure is the seconds that it works on a frame, measured inside the running pipeline, without the wait for its
turn, over its threads (two read, two write; analysis and new view are one worker's work and count together). All
stages share the machine's cores, so each is slower than it would be alone. With `--shot auto` the survey comes first:
its wall time is the time to the first event, the command's start included, and is counted apart. Memory is the resident
set of this command and its server after a tenth and at the end; processor time is theirs too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import OpenEXR
import psutil

from host_bridge.client.server_process import own_endpoint, ping

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


def processor_s(pids: list[int]) -> float:
    """Processor time of processes and their children."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            total += sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
    return total


@dataclass
class Seen:
    """What was seen of a run: seconds of each stage, MB of memory, wall and processor seconds."""

    stages: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    memory: list[float] = field(default_factory=list)
    rendered: int = 0
    survey_s: float = 0.0
    survey_processor_s: float = 0.0
    wall_s: float = 0.0
    processor_s: float = 0.0


def watch(process: subprocess.Popen[str], frames: int) -> Seen:
    """Follows a render to its end."""
    seen, started = Seen(), time.perf_counter()
    pong = ping(own_endpoint().address)
    pids = [process.pid] + ([pong.pid] if pong else [])
    before = processor_s(pids)
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "start":
            seen.survey_s = time.perf_counter() - started
            seen.survey_processor_s, before = processor_s(pids) - before, processor_s(pids)
        if event["event"] != "frame":
            continue
        seen.rendered += 1
        for stage, seconds in event["seconds"].items():
            seen.stages[stage] += seconds
        for path in event["files"]:
            Path(path).unlink()
        if seen.rendered in (max(1, frames // 10), frames):
            seen.memory.append(resident_mb(pids))
            seen.processor_s = processor_s(pids) - before
    process.wait()
    seen.wall_s = time.perf_counter() - started - seen.survey_s
    return seen


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--depth", default="aov")
    parser.add_argument("--shot", choices=("auto", "none"), default="auto")
    args = parser.parse_args()
    width, height = map(int, args.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as name:
        folder = Path(name)
        os.environ["ART3D_RUNTIME_DIR"] = name
        make_plate(folder, width, height, args.frames)
        words = [*ART3D, "render", str(folder / "p.####.exr"), "-o", str(folder / "o.####.exr"), "--depth", args.depth]
        subprocess.run([*words, "--frames", "1001", "--shot", "none"], capture_output=True, check=True)
        try:
            command = [*words, "--shot", args.shot, "--overwrite", "--json"]
            seen = watch(subprocess.Popen(command, stdout=subprocess.PIPE, text=True), args.frames)
        finally:
            pong = ping(own_endpoint().address)
            if pong:
                os.kill(pong.pid, signal.SIGTERM)
    report(seen)


def report(seen: Seen) -> None:
    """The table."""
    threads = {"read": READERS, "write": WRITERS}
    shares = {stage: seconds / threads.get(stage, 1) / seen.rendered for stage, seconds in seen.stages.items()}
    survey, busy = seen.survey_s / seen.rendered, seen.survey_processor_s / seen.rendered
    print(f"{'survey':10} {survey:7.3f} s a frame with the command's start, processor {busy:.3f} s")
    for stage, seconds in shares.items():
        print(f"{stage:10} {seconds:7.3f} s a frame")
    shares["server"] = shares.pop("analysis", 0.0) + shares.pop("new_view", 0.0)
    slowest = max(shares, key=lambda stage: shares[stage])
    wall = seen.wall_s / seen.rendered
    print(f"{'server':10} {shares['server']:7.3f} s a frame, analysis and new view together")
    print(f"{'wall':10} {wall:7.3f} s a frame over {seen.rendered} frames, slowest stage: {slowest}")
    print(f"wall / (frames × slowest stage) = {wall / shares[slowest]:.2f}")
    print(
        f"processor {seen.processor_s / seen.rendered:.3f} s a frame = {seen.processor_s / seen.wall_s:.2f} cores busy"
    )
    print(f"resident memory after a tenth {seen.memory[0]:.0f} MB, at the end {seen.memory[-1]:.0f} MB")


if __name__ == "__main__":
    main()
