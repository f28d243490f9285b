"""Load, kills and noise: what the tests do in small and `benchmarks/soak.py` in full."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgpack
import numpy as np
import psutil
import zmq

from host_bridge.client import Client
from host_bridge.core.errors import BadInputError, CancelledError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire import messages as m
from host_bridge.wire.codec import KINDS, encode
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server import synthetic
from tests.art3d_node.server.conftest import Server

OUTPUTS = ("right", "disparity_left")
BOX = Box.of_size(160, 90)


def picture(seed: int) -> Frame:
    """A small plate of its own."""
    color = np.random.default_rng(seed).random((90, 160, 4)).astype(np.float16)
    return Frame(BOX, BOX, {"color": color}, ("R", "G", "B", "A"))


def load(address: str, *, clients: int, requests: int) -> Counter[str]:
    """Many clients with mixed requests, a tenth cancelled, a twentieth of the clients' connections cut each time.

    Every surviving answer is proved pixel by pixel.
    """
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def note(what: str) -> None:
        with lock:
            counts[what] += 1

    def one(seed: int) -> None:
        try:
            _one_client(address, random.Random(seed), requests, note)
        except Exception as error:
            note(f"fault {type(error).__name__}: {error}")

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def _one_client(address: str, chance: random.Random, requests: int, note: Callable[[str], None]) -> None:
    client = Client(address, hello_timeout_s=60, priority=chance.choice(("interactive", "batch")),
                    shared_memory=chance.random() < 0.7)  # fmt: skip
    for _ in range(requests):
        frame, controls = picture(chance.randrange(12)), Controls(depth_gain=chance.randrange(8) / 4)
        x, y = chance.randrange(-20, 140), chance.randrange(-20, 80)
        box = Box(x, y, x + chance.randrange(1, 90), y + chance.randrange(1, 60))
        settings = AnalysisSettings(
            depth=chance.choice(("aov", "slow-0.005", "boom" if chance.random() < 0.1 else "aov"))
        )
        fate = chance.random()
        if fate < 0.05:
            client.submit(frame, settings, controls, box, OUTPUTS)
            assert client._exchange.link.connection is not None
            client._exchange.link.connection.close()
            client._exchange.link.connection = None
            note("disconnected")
            client = Client(address, hello_timeout_s=60)
            continue
        pending = client.submit(frame, settings, controls, box, OUTPUTS)
        try:
            if fate < 0.15:
                client.cancel(pending)
            tile = client.result(pending)
        except CancelledError:
            note("cancelled")
        except BadInputError:
            note("refused" if settings.depth == "boom" else "fault refused")
        else:
            wanted = synthetic.expected(frame, settings, controls, box, OUTPUTS)
            right = all(np.array_equal(tile.planes[name], wanted[name]) for name in OUTPUTS)
            note("right" if right and tile.box == box else "fault wrong pixels")
    client.close()


BATCH = """
import hashlib, sys
from tests.art3d_node.server import trouble
from host_bridge.client import Client
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
address, frames, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
from pathlib import Path
with Client(address, hello_timeout_s=60) as client:
    for seed in range(frames):
        done = Path(folder, f"{seed}.out")
        if done.exists():
            continue
        frame = trouble.picture(1000 + seed)
        settings, boxes = AnalysisSettings(depth="slow-0.03"), frame.data.tiles(64, 64)
        tiles = client.tiles(frame, settings, Controls(), boxes, trouble.OUTPUTS)
        digest = hashlib.sha256()
        for tile in tiles:
            for name in trouble.OUTPUTS:
                digest.update(tile.planes[name].tobytes())
        part = done.with_suffix(".part")
        part.write_text(digest.hexdigest())
        part.rename(done)
"""


def start_batch(address: str, frames: int, folder: Path) -> subprocess.Popen[bytes]:
    """A batch in a process of its own, which skips what is done."""
    root = Path(__file__).parents[3]
    return subprocess.Popen([sys.executable, "-c", BATCH, address, str(frames), str(folder)],
                            env={**os.environ, "PYTHONPATH": str(root)})  # fmt: skip


def batch_under_fire(
    server: Server, folder: Path, *, frames: int, kills: int, seed: int = 1
) -> tuple[dict[str, str], Counter[str]]:
    """A batch while server, worker and client are killed at random moments; its results and what was killed."""
    chance, killed = random.Random(seed), Counter[str]()
    batch = start_batch(server.address, frames, folder)
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        victim = chance.choice(("server", "worker", "client"))
        killed[victim] += 1
        if victim == "server":
            server.kill()
            server.start()
        elif victim == "worker":
            for pid in server.workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            batch.kill()
            batch.wait()
            batch = start_batch(server.address, frames, folder)
    assert batch.wait(300) == 0
    return {path.name: path.read_text() for path in folder.glob("*.out")}, killed


def small_requests(address: str, *, clients: int, requests: int, seed: int = 4) -> Counter[str]:
    """So many pings, questions for frames and for the status, pipelined by clients that are replaced on the way."""
    chance, answers = random.Random(seed), Counter[str]()
    context = zmq.Context()
    crowd, said = [_small(context, address) for _ in range(clients)], 0
    while said < requests:
        number = chance.randrange(clients)
        for _ in range(20):
            fate = chance.random()
            message = m.Ping() if fate < 0.6 else m.HaveFrame(("a", "b")) if fate < 0.99 else m.StatusRequest()
            crowd[number].send(encode(2 + said, message))
            said += 1
        for _ in range(20):
            while (kind := _kind(crowd[number])) in ("progress", "welcome"):
                pass
            answers[kind] += 1
        if chance.random() < 0.02:
            crowd[number].close(0)
            crowd[number] = _small(context, address)
    context.destroy(0)
    return answers


def _small(context: zmq.Context[zmq.Socket[bytes]], address: str) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.DEALER)
    socket.connect(address)
    socket.send(encode(1, m.Hello("small")))
    return socket


def _kind(socket: zmq.Socket[bytes]) -> str:
    assert socket.poll(20_000), "no answer"
    return str(msgpack.unpackb(socket.recv())["kind"])


def noise(address: str, *, count: int, vectors: Path, seed: int = 2) -> Counter[str]:
    """Mutated and random messages at a server's socket; what it answered, by kind."""
    chance, answers = random.Random(seed), Counter[str]()
    samples = [path.read_bytes() for path in sorted(vectors.glob("*.bin"))]
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(address)
    socket.send(encode(1, m.Hello("noise")))
    for number in range(count):
        socket.send_multipart(hostile(chance, samples))
        if number % 16 == 0:
            _drain(socket, answers)
    last, end = 1 << 61, time.monotonic() + 60
    socket.send(encode(last, m.Ping()))
    while last not in _drain(socket, answers) and time.monotonic() < end:
        socket.poll(100)
    context.destroy(0)
    return answers


def _drain(socket: zmq.Socket[bytes], answers: Counter[str]) -> set[int]:
    """Counts what has come; returns the ids."""
    ids = set()
    while socket.poll(0):
        found = msgpack.unpackb(socket.recv_multipart()[0])
        answers[found.get("code", found["kind"])] += 1
        ids.add(found["id"])
    return ids


def hostile(chance: random.Random, samples: list[bytes]) -> list[bytes]:
    """A message that is nearly right, or not at all; one to three parts."""
    fate = chance.random()
    if fate < 0.2:
        data = chance.randbytes(chance.randrange(0, 300))
    elif fate < 0.5:
        fields = {"id": chance.randrange(1 << 40), "kind": chance.choice(sorted(set(KINDS) - {"bye"}))}
        for name in chance.sample(
            ("key", "keys", "upload", "offset", "box", "leases", "layers", "nbytes", "session"), 4
        ):
            fields[name] = chance.choice((0, -1, 1 << 62, "x", ["x"], [1, 2, 3, 4], {}, None, 1.5, True, [[[]]]))
        data = msgpack.packb(fields)
    else:
        changed = bytearray(chance.choice(samples))
        for _ in range(chance.randrange(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        data = bytes(changed[: chance.randrange(1, len(changed) + 1)] if chance.random() < 0.2 else changed)
    extra = [chance.randbytes(chance.randrange(0, 100)) for _ in range(chance.choice((0, 0, 0, 1, 2)))]
    return [data, *extra]


def weight(pid: int) -> dict[str, int]:
    """Resident bytes, threads and open files of a process and its children together."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return {
        "rss_bytes": sum(process.memory_info().rss for process in processes),
        "threads": sum(process.num_threads() for process in processes),
        "files": sum(process.num_fds() for process in processes),
    }
