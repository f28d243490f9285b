"""What `benchmarks.against` has each version do: a process that does one round for each line that it reads.

It is started in a tree, of this version or of an earlier one, and takes everything that it measures from there.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

_server: Any = importlib.import_module("benchmarks._server")
_knob: Any = importlib.import_module("benchmarks.knob_latency")
_overhead: Any = importlib.import_module("benchmarks.server_overhead")
_render: Any = importlib.import_module("benchmarks.render_1080p")

Round = Callable[[int], dict[str, float]]  # milliseconds of each thing that is done in a round
TURNS = 1000
RENDERED_FRAMES = 12


@contextlib.contextmanager
def moves(_plates: Path) -> Iterator[Round]:
    """66 MB to an engine that computes nothing, and back."""
    folder = Path(_server.__file__).parent
    with (
        _server.running("--memory-mib", "1200", engine="_echo:make", paths=[folder]) as (address, _),
        _overhead.Client(address) as shared,
        _overhead.Client(address, shared_memory=False) as inline,
    ):
        yield lambda index: {
            "66 MB in and out, shared memory": _overhead._move(shared, 2 * index),
            "66 MB in and out, inline": _overhead._move(inline, 2 * index + 1),
        }


@contextlib.contextmanager
def tiles(_plates: Path) -> Iterator[Round]:
    """A fresh 4K frame: upload, analysis and all tiles, and the tiles again."""
    bounds = ("--memory-mib", str(_overhead.CACHE_MIB), "--analysis-mib", str(_overhead.CACHE_MIB))
    with _server.running(*bounds) as (address, _), _overhead.Client(address) as client:

        def step(index: int) -> dict[str, float]:
            frame = _server.plate(3840, 2160, seed=index)
            boxes = list(frame.data.tiles(_overhead.TILE, _overhead.TILE))
            settings, controls = _knob.AnalysisSettings(depth="aov"), _knob.Controls()

            def through() -> None:
                for _ in client.tiles(frame, settings, controls, boxes, _overhead.OUTPUTS):
                    pass

            return {f"4K, all tiles, {kind}": _server.timed(through) for kind in ("fresh", "analysed")}

        yield step


@contextlib.contextmanager
def knobs(plates: Path) -> Iterator[Round]:
    """From a knob's turn to a tile, on photographs and on a steep plate."""
    asked = [("steep plate of 1920×1080", _server.plate(*_knob.SIZE), "aov")]
    asked += [(f"photograph {name}", frame, "mini") for name, frame in _knob.photographs(plates)]
    with _server.running() as (address, _), _knob.Client(address, priority="interactive", viewer="bench") as client:

        def turn(frame: Any, depth: str, index: int) -> float:
            box = _knob.Box.of_size(512, 512).shift(frame.data.width // 2 - 256, frame.data.height // 2 - 256)
            part = index % TURNS / TURNS
            controls = _knob.Controls(depth_gain=0.5 + part, zero_plane=part - 0.5)
            settings = _knob.AnalysisSettings(depth=depth)
            return float(_server.timed(lambda: client.tile(frame, settings, controls, box, _knob.OUTPUTS)))

        yield lambda index: {name: turn(frame, depth, 37 * index) for name, frame, depth in asked}


def renders(depth: str) -> Callable[[Path], AbstractContextManager[Round]]:
    """`art3d render` of a fresh shot of 1080p, a frame."""

    @contextlib.contextmanager
    def begin(_plates: Path) -> Iterator[Round]:
        with tempfile.TemporaryDirectory(prefix="art3d-bench-") as text:
            folder = Path(text)

            def step(index: int) -> dict[str, float]:
                shot = folder / str(index)
                source = _render.plate(shot, RENDERED_FRAMES, with_z=depth == "aov", seed=index)
                wall, _ = _render.render(
                    [source, "-o", str(shot / "out.####.exr"), "--depth", depth, "--style", "neutral"]
                )
                return {f"art3d render --depth {depth}, a frame": 1e3 * wall / RENDERED_FRAMES}

            try:
                yield step
            finally:
                with _overhead.Client() as client:
                    os.kill(client.welcome.pid, signal.SIGTERM)

    return begin


JOBS: dict[str, Callable[[Path], AbstractContextManager[Round]]] = {
    "moves": moves,
    "tiles": tiles,
    "knobs": knobs,
    "render-aov": renders("aov"),
    "render-mini": renders("mini"),
}


def main(job: str, plates: str) -> None:
    """Answers every line with the figures of one round."""
    with JOBS[job](Path(plates)) as step:
        for index, _ in enumerate(sys.stdin):
            print(json.dumps(step(index)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
