"""An artist turns a knob: from the request to the pixels of a 512² tile, the frame analysed already.

python -m benchmarks.knob_latency [--turns N] [--plates DIR]

The made plate is steep: in much of its tile every pixel is an outline. The photographs, where they are present, are
enlarged to 1920 × 1080 and take their depth from `mini`.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from benchmarks import _server
from host_bridge.client import Client
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

OUTPUTS = ("right", "disparity_left")
SIZE = (1920, 1080)


def wire(turns: int) -> list[float]:
    """The same tile from an engine that computes nothing."""
    frame, box = _server.plate(*SIZE, dtype="<f4"), Box.of_size(512, 512)
    folder = [Path(__file__).parent]
    with _server.running(engine="_echo:make", paths=folder) as (address, _), Client(address) as client:
        asked = [functools.partial(client.tile, frame, AnalysisSettings(), Controls(depth_gain=turn / turns), box,
                                   ("right",)) for turn in range(turns)]  # fmt: skip
        return [_server.timed(ask) for ask in asked][5:]


def photographs(plates: Path) -> Iterator[tuple[str, Frame]]:
    """A frame of film and every third picture of Kodak's, scene-linear RGBA."""
    width, height = SIZE
    for path in [*sorted((plates / "film_frames").glob("*/*.png"))[:1], *sorted((plates / "kodak").glob("*.png"))[::3]]:
        picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), np.float32) / 255
        scale = max(width / picture.shape[1], height / picture.shape[0])
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)[:height, :width]
        color = np.dstack([picture.clip(0, 1) ** 2.2, np.ones((height, width), np.float32)]).astype("<f2")
        yield path.name, Frame(Box.of_size(*SIZE), Box.of_size(*SIZE), {"color": color}, ("R", "G", "B", "A"))


def turn_knobs(client: Client, frame: Frame, settings: AnalysisSettings, turns: int) -> list[float]:
    """Milliseconds of every turn, each to a new value; the tile lies in the middle of the frame."""
    box = Box.of_size(512, 512).shift(frame.data.width // 2 - 256, frame.data.height // 2 - 256)
    client.tile(frame, settings, Controls(), box, OUTPUTS)
    values = []
    for turn in range(turns):
        controls = Controls(depth_gain=0.5 + turn / turns, zero_plane=turn / turns - 0.5)
        values.append(_server.timed(functools.partial(client.tile, frame, settings, controls, box, OUTPUTS)))
    return values[5:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--plates", type=Path, default=Path(os.environ.get("ART3D_PLATES", "../shared/plates")))
    arguments = parser.parse_args()
    turns = arguments.turns
    rows = [("the wire alone, 512² tile of 1920×1080", wire(turns))]
    with _server.running() as (address, _), Client(address, priority="interactive", viewer="bench") as client:
        for name, size in (("steep plate of 1920×1080", SIZE), ("steep plate of 3840×2160", (3840, 2160))):
            rows.append((name, turn_knobs(client, _server.plate(*size), AnalysisSettings(depth="aov"), turns)))
        pictures = list(photographs(arguments.plates))
        taken = [turn_knobs(client, frame, AnalysisSettings(depth="mini"), turns) for _, frame in pictures]
        rows += [(f"photograph {name}", values) for (name, _), values in zip(pictures, taken, strict=True)]
        if pictures:
            rows.append((f"all {len(pictures)} photographs", [value for values in taken for value in values]))
        stages = client.status()["stage_ms"]
    _server.report(rows)
    print("median ms per stage in the worker: " + ", ".join(f"{n} {v:.1f}" for n, v in sorted(stages.items())))
    print("wanted: median ≤ 25, p95 ≤ 60")


if __name__ == "__main__":
    main()
