"""The server under load, kills, noise, silence and for a long time: the full counts.

python -m benchmarks.soak [load] [fire] [noise] [silence] [tiles] [real] [attack] [day] [--requests N]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from pathlib import Path

import zmq

from benchmarks import _server
from benchmarks.attack import attack
from host_bridge.client import Client
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server import synthetic, trouble
from tests.art3d_node.server.conftest import Server

MIB = 1 << 20
VECTORS = Path(__file__).parents[1] / "tests" / "host_bridge" / "wire" / "vectors"


def load() -> None:
    """64 clients × 50 mixed requests, 10 % cancelled, 5 % disconnected."""
    with _server.running("--memory-mib", "64", engine="synthetic:make") as (address, pid):
        with Client(address):
            before = trouble.weight(pid)
        counts = trouble.load(address, clients=64, requests=50)
        with Client(address) as client:
            figures = client.status()
        after = trouble.weight(pid)
        memory = figures["memory"]
        print(f"load: {dict(counts)}")
        print(f"  memory {memory['used_bytes'] + memory['idle_bytes']} of {memory['budget_bytes']}, "
              f"merged {figures['queue']['merged']}, before {before}, after {after}")  # fmt: skip


def fire() -> None:
    """A batch of 50 frames under 20 kills of server, worker and client, against a calm one."""
    with tempfile.TemporaryDirectory(prefix="art3d-fire-") as name:
        results = []
        for kind, kills in (("calm", 0), ("fire", 20)):
            folder = Path(name) / kind
            folder.mkdir(mode=0o700)
            server = Server(folder)
            results.append(trouble.batch_under_fire(server, folder, frames=50, kills=kills))
            server.stop()
        (calm, _), (burnt, killed) = results
        print(f"fire: {len(burnt)} frames, same bytes: {burnt == calm}, killed {dict(killed)}, "
              f"segments left {sum(entry.startswith('art3d') for entry in os.listdir('/dev/shm'))}")  # fmt: skip


def noise() -> None:
    """200,000 mutated and random messages, then a proved tile."""
    with _server.running(engine="synthetic:make") as (address, pid):
        trouble.noise(address, count=20_000, vectors=VECTORS, seed=1)
        before = trouble.weight(pid)
        answers = trouble.noise(address, count=180_000, vectors=VECTORS, seed=2)
        after = trouble.weight(pid)
        _check_tile(address)
        print(f"noise: answers {dict(answers)}\n  before {before}\n  after  {after}; still answers")


def silence() -> None:
    """1,000 connections that say nothing or half of something, then a proved tile."""
    with _server.running(engine="synthetic:make") as (address, pid):
        with Client(address):
            before = trouble.weight(pid)
        context = zmq.Context(io_threads=2)
        context.max_sockets = 2000
        crowd = [context.socket(zmq.DEALER) for _ in range(1000)]
        for number, socket in enumerate(crowd):
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(address)
            if number % 2:
                socket.send(b"half", zmq.SNDMORE)
        time.sleep(2.0)
        start = time.perf_counter()
        _check_tile(address)
        taken = (time.perf_counter() - start) * 1e3
        print(f"silence: a tile beside 1,000 silent connections in {taken:.0f} ms, before {before}, "
              f"now {trouble.weight(pid)}")  # fmt: skip
        context.destroy(0)


def _check_tile(address: str) -> None:
    frame = trouble.picture(99)
    with Client(address, hello_timeout_s=30) as client:
        tile = client.tile(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        wanted = synthetic.expected(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        assert (tile.planes["right"] == wanted["right"]).all()


def tiles() -> None:
    """20,000 tiles over 500 frames of the engine that computes nothing much, memory looked at on the way."""
    _soak(20_000, "synthetic:make")


def real() -> None:
    """6,000 tiles over 150 frames of the real engine; what it may keep is full after 2,200."""
    _soak(6_000, "")


def _soak(count: int, engine: str) -> None:
    options = ("--memory-mib", "64", "--analysis-mib", "32")
    with _server.running(*options, engine=engine) as (address, pid), Client(address) as client:
        rows = []
        for number in range(count):
            seed = number // 40
            if number % 40 == 0:
                frame = _server.plate(320, 180, seed=seed)
            controls = Controls(depth_gain=0.5 + (number % 40) / 40)
            x, y = (number * 37) % 192, (number * 17) % 52
            box = frame.data.intersect(Box(x, y, x + 128, y + 128))
            client.tile(frame, AnalysisSettings(depth="aov"), controls, box, ("right", "disparity_right"))
            if number % (count // 10) == count // 10 - 1:
                rows.append((number + 1, trouble.weight(pid)))
        figures = client.status()
    print(f"tiles, engine {engine or 'real'}:")
    for number, weight in rows:
        print(f"  {number:>6} tiles: {weight['rss_bytes'] / MIB:7.1f} MiB, {weight['threads']} threads, "
              f"{weight['files']} files")  # fmt: skip
    print(f"  memory {figures['memory']}, {figures['counts']}")


def day(requests: int) -> None:
    """A day's small requests of 64 clients that come and go; what the server weighs on the way."""
    with _server.running("--memory-mib", "64", engine="synthetic:make") as (address, pid):
        for share in range(10):
            counts = trouble.small_requests(address, clients=64, requests=requests // 10)
            weight = trouble.weight(pid)
            print(f"  {(share + 1) * requests // 10:>9} requests: {weight['rss_bytes'] / MIB:7.1f} MiB, "
                  f"{weight['threads']} threads, {weight['files']} files; {dict(counts)}", flush=True)  # fmt: skip


PARTS = {"load": load, "fire": fire, "noise": noise, "silence": silence, "tiles": tiles, "real": real,
         "attack": attack}  # fmt: skip

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, "day", []], default=list(PARTS))
    parser.add_argument("--requests", type=int, default=2_000_000, help="of `day`")
    args = parser.parse_args()
    PARTS["day"] = lambda: day(args.requests)
    for part in args.parts or list(PARTS):
        started = time.perf_counter()
        with contextlib.suppress(BrokenPipeError):
            PARTS[part]()
            print(f"  ({time.perf_counter() - started:.0f} s)", flush=True)
