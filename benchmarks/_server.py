"""Servers and plates for the benchmarks of the wire."""

from __future__ import annotations

import contextlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from host_bridge.client.server_process import ping
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box

SYNTHETIC = Path(__file__).resolve().parents[1] / "tests" / "art3d_node" / "server"


@contextlib.contextmanager
def running(
    *options: str, engine: str = "", paths: Sequence[Path] = (SYNTHETIC,), files: int = 0
) -> Iterator[tuple[str, int]]:
    """A server for the time of a measurement: its address and process id; it may open so many `files`."""
    with tempfile.TemporaryDirectory(prefix="art3d-bench-") as folder:
        address = f"ipc://{folder}/s"
        command = [sys.executable, "-m", "art3d_node.server", "--address", address, "--device", "cpu",
                   "--log", f"{folder}/log", *_engine(engine, paths), *options]  # fmt: skip
        limited = ["prlimit", f"--nofile={files}:{files}"] if files else []
        process = subprocess.Popen([*limited, *command])
        try:
            while ping(address) is None:
                if process.poll() is not None:
                    raise SystemExit(f"the server ended with {process.returncode}")
            yield address, process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()
            process.wait()


def _engine(engine: str, paths: Sequence[Path]) -> list[str]:
    """The option that names an engine; one that is no part of Art3D with its folder."""
    module = engine.partition(":")[0]
    folder = next((path for path in paths if (path / f"{module}.py").exists()), None)
    return [] if not engine else ["--engine", f"{folder}/{engine}" if folder else engine]


def plate(width: int, height: int, *, seed: int = 0, dtype: str = "<f2") -> Frame:
    """A smooth RGBA plate with a Z of some depth; different for every seed."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    phase = np.float32(seed)
    red = 0.5 + 0.4 * np.sin(x / 61 + phase)
    color = np.stack([red, 0.5 + 0.4 * np.cos(y / 47), 0.3 + 0.2 * np.sin((x + y) / 23), np.ones_like(x)], 2)
    z = 3.0 + 2.0 * np.sin(x / 211 + phase) + np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < 90000, -1.5, 0.0)
    box = Box.of_size(width, height)
    layers = {"color": color.astype(dtype), "depth": np.ascontiguousarray(z[..., None], np.float32)}
    return Frame(box, box, layers, ("R", "G", "B", "A"))


def percentile(values: Sequence[float], rank: float) -> float:
    """The value below which this share of all values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(rank * len(ordered)))]


def timed(step: Callable[[], object]) -> float:
    """Milliseconds that a step takes."""
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1e3


def report(rows: Sequence[tuple[str, Sequence[float]]]) -> None:
    """Prints best, median and 95 % of each row, in ms."""
    print(f"{'':<52}{'best':>9}{'median':>9}{'p95':>9}{'n':>6}")
    for name, values in rows:
        print(f"{name:<52}{min(values):>9.1f}{statistics.median(values):>9.1f}"
              f"{percentile(values, 0.95):>9.1f}{len(values):>6}")  # fmt: skip
