"""Load, kills and noise in small; `benchmarks/soak.py` does the same in full."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from art3d_node.server.protocol.session import Session
from host_bridge.client import Client
from host_bridge.core.params import Controls
from host_bridge.wire.limits import Limits
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server import synthetic, trouble
from tests.art3d_node.server.conftest import Server, StartServer

VECTORS = Path(__file__).parents[2] / "host_bridge" / "wire" / "vectors"


def still_answers(address: str) -> dict[str, Any]:
    """A tile, proved; the server's figures."""
    frame = trouble.picture(99)
    with Client(address) as client:
        tile = client.tile(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        wanted = synthetic.expected(frame, AnalysisSettings(), Controls(), trouble.BOX, trouble.OUTPUTS)
        assert (tile.planes["right"] == wanted["right"]).all()
        return dict(client.status())


@pytest.mark.slow
def test_many_clients_each_answered_once_and_right(start_server: StartServer) -> None:
    server = start_server("--memory-mib", "32")
    counts = trouble.load(server.address, clients=24, requests=12)
    assert not [what for what in counts if what.startswith("fault")], counts
    assert counts["right"] > 150 and counts["cancelled"] > 5 and counts["disconnected"] > 3
    figures = still_answers(server.address)
    assert figures["memory"]["used_bytes"] + figures["memory"]["idle_bytes"] <= 32 << 20
    assert figures["queue"]["running"] == figures["queue"]["queued"] == 0


@pytest.mark.slow
def test_a_batch_under_fire_ends_with_the_same_bytes(start_server: StartServer, tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    (tmp_path / "fire").mkdir()
    server = start_server()
    calm, _ = trouble.batch_under_fire(server, tmp_path / "calm", frames=10, kills=0)
    fire, killed = trouble.batch_under_fire(server, tmp_path / "fire", frames=10, kills=5, seed=3)
    assert len(calm) == 10 and fire == calm and sum(killed.values()) == 5
    assert not [name for name in os.listdir("/dev/shm") if name.startswith("art3d")]


def test_noise_is_answered_and_survived(server: Server) -> None:
    still_answers(server.address)  # its worker and that one's threads are there
    before = trouble.weight(server.running.pid)
    answers = trouble.noise(server.address, count=2000, vectors=VECTORS)
    assert sum(answers.values()) > 1000 and answers["protocol"] > 100
    still_answers(server.address)
    after = trouble.weight(server.running.pid)
    assert after["threads"] <= before["threads"] + 3 and after["files"] <= before["files"] + 10


def test_noise_leaves_the_session_clean() -> None:
    session = Session(Limits(memory_bytes=1 << 20), {"server": "x", "control": "", "log": ""}, pid=1)
    samples = [path.read_bytes() for path in sorted(VECTORS.glob("*.bin"))]
    chance = random.Random(5)
    for number in range(3000):
        parts = [memoryview(part) for part in trouble.hostile(chance, samples)]
        session.received(bytes([number % 7]), parts, number * 0.01, control=number % 5 == 0)
        session.tick(number * 0.01)
        session.take()
    for peer in list(session.clients):
        session.peer_gone(peer)
    session.tick(1e6)
    assert session.memory.pool.used_bytes == session.memory.probe_piece.capacity and not session.jobs.scheduler.tasks
