"""What the plug-in costs: a 512² window of an analysed 4K frame through OpenFX against the Python client's own time,
and how often it looks at `abort` while a plate goes up and is analysed.

python -m benchmarks.ofx_overhead [--turns N] [--bundle PATH]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks import _server
from host_bridge.client import Client
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture

WIDTH, HEIGHT, TILE = 3840, 2160, 512


def node_for(bundle: Path, address: str, frame: Frame) -> tuple[Host, Node]:
    """A node of the test host that shows the frame."""
    host = Host(bundle)
    assert host.load() == 0
    node = Node(host, size=(WIDTH, HEIGHT), knobs={"depth": "aov", "server": address})
    for clip, layer in (("Source", "color"), ("Depth", "depth")):
        node.connect(clip, picture(np.asarray(frame.layers[layer])), (0, 0, WIDTH, HEIGHT))
    return host, node


def measure(address: str, bundle: Path, turns: int) -> tuple[list[float], list[float]]:
    """Seconds of the client and of the plug-in, turn about; every turn is a new knob value for each."""
    plate = _server.plate(WIDTH, HEIGHT)
    color = np.asarray(plate.layers["color"], np.float32)
    frame = Frame(plate.display, plate.data, {"color": color, "depth": plate.layers["depth"]}, plate.channels)
    box = Box.of_size(TILE, TILE).shift((WIDTH - TILE) // 2, (HEIGHT - TILE) // 2)
    window = box.flipped(HEIGHT).as_tuple()
    host, node = node_for(bundle, address, frame)
    target = Picture(window)
    ours, theirs = [], []
    with Client(address, priority="interactive", viewer="bench", hello_timeout_s=300.0) as client:
        for turn in range(turns + 3):
            gain = 0.5 + turn / turns

            def ask(gain: float = gain) -> None:
                tile = client.tile(frame, AnalysisSettings(depth="aov"), Controls(depth_gain=gain), box, ("right",))
                np.array(tile.planes["right"])

            def render(gain: float = gain) -> None:
                node.set(depth_gain=gain + 1e-4)
                assert node.render_into(target, window) == 0, node.effect.message

            theirs.append(_server.timed(ask))
            ours.append(_server.timed(render))
    node.destroy()
    host.unload()
    return theirs[3:], ours[3:]


def polls(address: str, bundle: Path) -> list[float]:
    """Milliseconds between two looks at `abort` while a 4K plate that the server does not know becomes one window."""
    plate = _server.plate(WIDTH, HEIGHT, seed=1)
    host, node = node_for(bundle, address, plate)
    times: list[float] = []

    def look() -> bool:
        times.append(time.perf_counter())
        return False

    node.effect.abort = look
    window = (0, 0, TILE, TILE)
    assert node.render_into(Picture(window), window) == 0, node.effect.message
    node.destroy()
    host.unload()
    return [(b - a) * 1e3 for a, b in itertools.pairwise(times)]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=60)
    parser.add_argument("--bundle", type=Path, default=Path("build/ofx/Art3D.ofx.bundle"))
    parser.add_argument("--server", default="", help="a server that runs already; by default one is started")
    args = parser.parse_args()
    with contextlib.nullcontext((args.server, 0)) if args.server else _server.running() as (address, _):
        theirs, ours = measure(address, args.bundle, args.turns)
        gaps = polls(address, args.bundle)
    _server.report([("512² of 4K, Python client", theirs), ("512² of 4K, OpenFX plug-in", ours)])
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"ratio of medians {ratio:.3f} (at most 1.3), of minima {min(ours) / min(theirs):.3f}")
    print(f"abort is looked at every {statistics.median(gaps):.1f} ms, after {max(gaps):.1f} ms at the latest (50)")


if __name__ == "__main__":
    main()
