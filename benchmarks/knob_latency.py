"""An artist turns a knob: from the request to the pixels of a 512² tile, the frame analysed already.

python benchmarks/knob_latency.py [--turns N]
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

import _server

from host_bridge.client import Client
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire.messages import AnalysisSettings

OUTPUTS = ("right", "disparity_left")


def wire(turns: int) -> list[float]:
    """The same tile from an engine that computes nothing."""
    frame, box = _server.plate(1920, 1080, dtype="<f4"), Box.of_size(512, 512)
    folder = [Path(__file__).parent]
    with _server.running(engine="_echo:make", paths=folder) as (address, _), Client(address) as client:
        asked = [functools.partial(client.tile, frame, AnalysisSettings(), Controls(depth_gain=turn / turns), box,
                                   ("right",)) for turn in range(turns)]  # fmt: skip
        return [_server.timed(ask) for ask in asked][5:]


def main() -> None:
    """Every turn is a new value; the tile lies in the middle of the frame."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    turns = parser.parse_args().turns
    rows = [("the wire alone, 512² tile of 1920×1080", wire(turns))]
    with _server.running() as (address, _), Client(address, priority="interactive", viewer="bench") as client:
        for name, width, height in (("1920×1080", 1920, 1080), ("3840×2160", 3840, 2160)):
            frame, settings = _server.plate(width, height), AnalysisSettings(depth="aov")
            box = Box.of_size(512, 512).shift(width // 2 - 256, height // 2 - 256)
            client.tile(frame, settings, Controls(), box, OUTPUTS)
            values = []
            for turn in range(turns):
                controls = Controls(depth_gain=0.5 + turn / turns, zero_plane=turn / turns - 0.5)
                ask = functools.partial(client.tile, frame, settings, controls, box, OUTPUTS)
                values.append(_server.timed(ask))
            rows.append((f"knob to 512² tile of {name}", values[5:]))
        stages = client.status()["stage_ms"]
    _server.report(rows)
    print("median ms per stage in the worker: " + ", ".join(f"{n} {v:.1f}" for n, v in sorted(stages.items())))
    print("wanted: median ≤ 25, p95 ≤ 60")


if __name__ == "__main__":
    main()
