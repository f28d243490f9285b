"""What the wire costs: a 4K frame in tiles against the same render in this process, and 66 MB in and out.

python -m benchmarks.server_overhead [--frames N] [--moves N]
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import zmq

from art3d_node.server.workers.compute import make
from benchmarks import _server
from host_bridge.client import Client
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

OUTPUTS = ("right", "disparity_left", "disparity_right", "occlusion_right")
TILE = 512
CACHE_MIB, COLD = 1024, 10  # so many frames fill what server and worker may keep
MOVED = Box.of_size(3840, 1080)


def overhead(count: int) -> None:
    """All 512² tiles of a fresh 3840×2160 RGBA half plate, analysis included, here and through the server.

    Cold until the caches are full and their memory is recycled: until then every frame is the first touch of its pages,
    which a virtual machine may have to ask its host for.
    """
    engine, settings = make("cpu", CACHE_MIB << 20), AnalysisSettings(depth="aov")
    taken: dict[str, list[list[float]]] = {"cold": [], "warm": []}
    bounds = ("--memory-mib", str(CACHE_MIB), "--analysis-mib", str(CACHE_MIB))
    with _server.running(*bounds) as (address, _), Client(address) as client:
        for seed in range(COLD + count):
            frame = _server.plate(3840, 2160, seed=seed)
            boxes = list(frame.data.tiles(TILE, TILE))

            def here(frame: Frame = frame, boxes: list[Box] = boxes) -> None:
                for box in boxes:
                    engine.tile({frame.key: frame}, frame.key, settings, Controls(), box, OUTPUTS, check=lambda: None)

            def there(frame: Frame = frame, boxes: list[Box] = boxes) -> None:
                for _ in client.tiles(frame, settings, Controls(), boxes, OUTPUTS):
                    pass

            passes = [_server.timed(step) for step in (here, there, here, there)]
            taken["cold" if seed < COLD else "warm"].append(passes)
            engine.forget(frame.key)
    rows, ratios = [], []
    for kind, measured in taken.items():
        inside, through, tiles_inside, tiles_through = map(list, zip(*measured, strict=True))
        rows += [(f"4K, analysis and all tiles, in process, {kind}", inside),
                 (f"4K, the same through the server, {kind}", through),
                 (f"4K, all tiles once analysed, in process, {kind}", tiles_inside),
                 (f"4K, the same through the server, {kind}", tiles_through)]  # fmt: skip
        fresh, analysed = (statistics.median(one) / statistics.median(other)
                           for one, other in ((through, inside), (tiles_through, tiles_inside)))  # fmt: skip
        ratios.append(f"ratio of medians, {kind}: fresh {fresh:.3f}, analysed {analysed:.3f} (at most 1.25)")
    _server.report(rows)
    print("\n".join(ratios))


def moving(count: int) -> None:
    """66 MB up and 66 MB back, nothing computed; every frame is new.

    Cold until the cache is full and segments are recycled, which a page never touched before cannot match.
    """
    rows = []
    with _server.running("--memory-mib", "1200", engine="_echo:make", paths=[Path(__file__).parent]) as (address, _):
        with Client(address) as client:
            cold, warm = [[_move(client, seed + first) for seed in range(count)] for first in (0, count)]
            rows += [("66 MB in and out, shared memory, cold", cold), ("66 MB in and out, shared memory", warm)]
        with Client(address, shared_memory=False) as client:
            rows.append(("66 MB in and out, inline", [_move(client, seed + 2 * count) for seed in range(count)]))
    rows += [(f"66 MB in and out, plain ZeroMQ {kind}", _plain(kind, count)) for kind in ("ipc", "tcp")]
    _server.report(rows)


def _move(client: Client, seed: int) -> float:
    color = np.full((MOVED.height, MOVED.width, 4), seed, np.float32)
    frame = Frame(MOVED, MOVED, {"color": color}, ("R", "G", "B", "A"))
    found = []

    def step() -> None:
        found.append(client.tile(frame, AnalysisSettings(), Controls(), MOVED, ("left",)).planes["left"])

    taken = _server.timed(step)
    assert found[0][0, 0, 0] == seed and found[0][-1, -1, -1] == seed
    return taken


def _plain(kind: str, count: int) -> list[float]:
    import threading

    context, payload = zmq.Context(), bytes(MOVED.width * MOVED.height * 16)
    server, client = context.socket(zmq.REP), context.socket(zmq.REQ)
    server.bind("tcp://127.0.0.1:*" if kind == "tcp" else "ipc://*")
    client.connect(server.getsockopt_string(zmq.LAST_ENDPOINT))

    def echo() -> None:
        for _ in range(count):
            server.send(bytearray(server.recv()), copy=False)

    thread = threading.Thread(target=echo)
    thread.start()

    def step() -> None:
        client.send(payload, copy=False)
        client.recv(copy=False)

    taken = [_server.timed(step) for _ in range(count)]
    thread.join()
    context.destroy(0)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--moves", type=int, default=25)
    chosen = parser.parse_args()
    if chosen.moves:
        moving(chosen.moves)
    if chosen.frames:
        overhead(chosen.frames)
