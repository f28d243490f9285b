"""Real servers, real clients, a synthetic engine: every transport gives the right answer."""

from __future__ import annotations

import gc
import os
import socket as sockets
import threading
from dataclasses import replace

import numpy as np
import pytest

from host_bridge.client import Client
from host_bridge.core.errors import (
    ProtocolError,
)
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.server import synthetic
from tests.art3d_node.server.asking import BOX, OUTPUTS, picture, prove, tile
from tests.art3d_node.server.conftest import Server, StartServer


@pytest.mark.parametrize("shared_memory", [True, False], ids=["memory", "inline"])
def test_smoke(server: Server, shared_memory: bool) -> None:
    with Client(server.address, shared_memory=shared_memory) as client:
        assert client.welcome.styles and client._exchange.link.open.memory
        tile(client, picture())
        tile(client, picture(), box=Box(-5, 10, 200, 60), controls=Controls(depth_gain=2.0))
        empty = client.tile(picture(), AnalysisSettings(), Controls(), Box(0, 0, 0, 0), OUTPUTS)
        assert empty.planes == {} and "analyses" in empty.stats
        assert client.measure({"left": np.ones((4, 4, 3), np.float32), "right": np.ones((4, 4, 3), np.float32)}) == {
            "layers": ["left", "right"], "mean": 1.0,
        }  # fmt: skip
        assert client.styles().depth_sources == ({"name": "aov"},)
        figures = client.status()
        assert figures["counts"]["tiles"] == 3 and figures["plates"]["count"] == 2


def test_inline_frames_larger_than_a_chunk(server: Server) -> None:
    box = Box.of_size(1500, 900)
    with Client(server.address, shared_memory=False) as client:
        tile(client, picture(3, box), box=box, outputs=("left",))


def test_a_server_takes_what_is_written_meanwhile_an_older_one_is_told_nothing(server: Server) -> None:
    box = Box.of_size(1500, 900)  # 10.3 MiB
    with Client(server.address) as client:
        heard = []
        for seed, protocol in ((6, (1, 6)), (7, (1, 5))):
            opened = client._exchange.link.open
            opened.welcome = replace(opened.welcome, protocol=protocol)
            before = client.status()["counts"]["messages"]
            tile(client, picture(seed, box), box=box, outputs=("left",))
            heard.append(client.status()["counts"]["messages"] - before)
        assert heard[0] - heard[1] == 2  # after 4 and after 8 MiB


def test_pipelined_tiles_come_in_order(server: Server) -> None:
    frame = picture(4)
    with Client(server.address) as client:
        boxes = list(frame.data.tiles(20, 20))
        found = list(client.tiles(frame, AnalysisSettings(), Controls(), boxes, OUTPUTS))
        assert [part.box for part in found] == boxes
        for part in found:
            prove(part, frame, AnalysisSettings(), Controls(), part.box)


def test_arrays_outlive_their_client_and_leases_come_back(server: Server) -> None:
    frame = picture(5)
    with Client(server.address) as client:
        kept = [tile(client, frame, controls=Controls(depth_gain=gain)) for gain in (0.5, 1.5)]
        assert client.status()["memory"]["loans"] == 2
        part = kept[0].planes["right"][3:5]
        del kept
        gc.collect()
        assert client.status()["memory"]["loans"] == 1
    assert np.array_equal(
        part, synthetic.expected(frame, AnalysisSettings(), Controls(depth_gain=0.5), BOX, OUTPUTS)["right"][3:5]
    )


def test_an_analysis_is_shared_by_clients_at_the_same_moment(server: Server) -> None:
    frame, settings, stats = picture(6), AnalysisSettings(depth="slow-0.3"), []

    def ask(gain: float) -> None:
        with Client(server.address) as client:
            stats.append(tile(client, frame, settings=settings, controls=Controls(depth_gain=gain)).stats["analyses"])

    threads = [threading.Thread(target=ask, args=(gain / 4,)) for gain in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stats == [1] * 6


def test_neighbours_are_uploaded_too(server: Server) -> None:
    frame, other = picture(7), picture(8)
    shot = ShotFrame(0.0, 1.0, before=(other.key,))
    with Client(server.address) as client:
        settings = AnalysisSettings(shot=shot)
        tile(client, frame, settings=settings, neighbours=[other])
    with Client(server.address) as client, pytest.raises(ProtocolError, match="not given"):
        strange = AnalysisSettings(shot=ShotFrame(0.0, 1.0, after=("missing",)))
        client.tile(frame, strange, Controls(), BOX, OUTPUTS)


def test_a_small_server_serves_more_frames_than_it_holds(start_server: StartServer) -> None:
    server = start_server("--memory-mib", "8")
    box = Box.of_size(400, 300)
    with Client(server.address) as client:
        for _ in range(2):
            for seed in range(12):
                tile(client, picture(seed, box), box=box)
        memory = client.status()["memory"]
        assert memory["used_bytes"] + memory["idle_bytes"] <= 8 << 20


def test_two_workers_share_frames_and_each_keeps_its_own(start_server: StartServer) -> None:
    server = start_server("--device", "cpu,cpu")
    homes: dict[int, set[int]] = {}

    def ask(seed: int) -> None:
        with Client(server.address) as client:
            for gain in range(4):
                found = tile(client, picture(seed), settings=AnalysisSettings(depth="slow-0.1"),
                             controls=Controls(depth_gain=gain / 2))  # fmt: skip
                homes.setdefault(seed, set()).add(found.stats["pid"])

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(pids) for pids in homes.values()] == [1] * 6
    assert len(set.union(*homes.values())) == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_tcp_on_loopback(host: str) -> None:
    import subprocess
    import sys

    six = ":" in host
    with sockets.socket(sockets.AF_INET6 if six else sockets.AF_INET) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        address = f"tcp://{f'[{host}]' if six else host}:{probe.getsockname()[1]}"
    here = os.path.dirname(__file__)
    command = [sys.executable, "-m", "art3d_node.server", "--address", address, "--device", "cpu",
               "--engine", f"{here}/synthetic:make"]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with Client(address, hello_timeout_s=20) as client:
            tile(client, picture(15))
            pending = client.submit(picture(16), AnalysisSettings(depth="slow-30"), Controls(), BOX, OUTPUTS)
            client.cancel(pending)
            tile(client, picture(16))
        with Client(address, shared_memory=False) as client:
            tile(client, picture(17))
    finally:
        process.terminate()
        assert process.wait(20) == 0
