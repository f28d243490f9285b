"""What the wire costs: a 4K frame in tiles against the same render in this process, and 66 MB in and out.

python -m benchmarks.server_overhead [--frames N] [--moves N]
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import numpy as np
import zmq

from art3d_node.server.compute import make
from benchmarks import _server
from host_bridge.client import Client
from host_bridge.frame import Frame
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire.messages import AnalysisSettings

OUTPUTS = ("right", "disparity_left", "disparity_right", "occlusion_right")
TILE = 512
MOVED = Box.of_size(3840, 1080)


def overhead(count: int) -> None:
    """All 512² tiles of a fresh 3840×2160 RGBA half plate, analysis included, here and through the server."""
    engine, settings = make("cpu", 4 << 30), AnalysisSettings(depth="aov")
    inside, through, tiles_inside, tiles_through = [], [], [], []
    with _server.running() as (address, _), Client(address) as client:
        for seed in range(count):
            frame = _server.plate(3840, 2160, seed=seed)
            boxes = list(frame.data.tiles(TILE, TILE))

            def here(frame: Frame = frame, boxes: list[Box] = boxes) -> None:
                for box in boxes:
                    engine.tile({"k": frame}, frame.key, settings, Controls(), box, OUTPUTS, check=lambda: None)

            def there(frame: Frame = frame, boxes: list[Box] = boxes) -> None:
                for _ in client.tiles(frame, settings, Controls(), boxes, OUTPUTS):
                    pass

            engine.tile = _named(engine.tile, frame)
            inside.append(_server.timed(here))
            through.append(_server.timed(there))
            tiles_inside.append(_server.timed(here))
            tiles_through.append(_server.timed(there))
            engine.forget(frame.key)
    _server.report([
        ("4K, analysis and all tiles, in process", inside), ("4K, the same through the server", through),
        ("4K, all tiles once analysed, in process", tiles_inside), ("4K, the same through the server", tiles_through),
    ])  # fmt: skip
    fresh = statistics.median(through) / statistics.median(inside)
    analysed = statistics.median(tiles_through) / statistics.median(tiles_inside)
    print(f"ratio of medians: fresh {fresh:.3f}, analysed {analysed:.3f} (at most 1.25)")


def _named(tile, frame: Frame):
    return lambda frames, key, *rest, **named: tile({key: frame}, key, *rest, **named)


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
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--moves", type=int, default=25)
    chosen = parser.parse_args()
    if chosen.moves:
        moving(chosen.moves)
    if chosen.frames:
        overhead(chosen.frames)
