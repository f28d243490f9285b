"""Workers and servers that die are replaced unnoticed; work that nobody waits for stops."""

from __future__ import annotations

import operator
import os
import threading
import time
from collections.abc import Callable

import pytest

from host_bridge.client import Client
from host_bridge.core.errors import (
    CancelledError,
)
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.memory import Segment
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.asking import BOX, OUTPUTS, picture, prove, tile
from tests.art3d_node.server.conftest import Server, StartServer


@pytest.mark.parametrize("slow", ["slow-60", "write-60"])
def test_cancel_is_quick_while_a_long_step_runs(server: Server, slow: str) -> None:
    with Client(server.address) as client:
        pending = client.submit(picture(9), AnalysisSettings(depth=slow), Controls(), BOX, OUTPUTS)
        time.sleep(0.2)
        client.cancel(pending)
        with pytest.raises(CancelledError):
            client.result(pending)
        tile(client, picture(9))


def test_a_result_that_another_thread_gives_back_makes_room_for_the_next(start_server: StartServer) -> None:
    """Where the memory holds one of them, whoever waits for the second must not sit on the end of the first's loan."""
    box = Box.of_size(384, 256)
    with Client(start_server("--memory-mib", "6").address, timeout_s=20) as client:
        held = [tile(client, picture(1, box), box=box)]
        threading.Timer(0.5, held.clear).start()
        tile(client, picture(2, box), box=box)
    assert not held


def test_work_of_a_vanished_client_stops(server: Server) -> None:
    client = Client(server.address)
    client.submit(picture(10), AnalysisSettings(depth="slow-60"), Controls(), BOX, OUTPUTS)
    assert client._exchange.link.connection is not None
    client._exchange.link.connection.close()
    client._exchange.link.connection = None
    with Client(server.address) as other:
        tile(other, picture(11))
        assert len(other.status()["clients"]) == 1


def test_a_killed_worker_is_replaced_unnoticed(server: Server) -> None:
    frame = picture(12)
    with Client(server.address) as client:
        first = tile(client, frame).stats["pid"]
        pending = client.submit(frame, AnalysisSettings(depth="slow-0.5"), Controls(), BOX, OUTPUTS)
        time.sleep(0.2)
        (worker,) = server.workers()
        os.kill(worker, 9)
        found = client.result(pending)
        prove(found, frame, AnalysisSettings(), Controls(), BOX)
        assert found.stats["pid"] != first


def test_a_restarted_server_gets_the_frames_again(server: Server) -> None:
    frame = picture(13)
    with Client(server.address) as client:
        kept = tile(client, frame)
        server.kill()
        server.start()
        tile(client, frame)
        pending = client.submit(frame, AnalysisSettings(depth="slow-0.5"), Controls(), BOX, OUTPUTS)
        server.kill()
        server.start()
        prove(client.result(pending), frame, AnalysisSettings(), Controls(), BOX)
        prove(kept, frame, AnalysisSettings(), Controls(), BOX)


@pytest.mark.parametrize(
    "mappings", ["_exchange.uploads._writing", "_exchange._leases._mappings"], ids=["upload", "tile"]
)
def test_a_server_that_dies_between_naming_memory_and_its_mapping(
    server: Server, monkeypatch: pytest.MonkeyPatch, mappings: str
) -> None:
    """The segment's owner is gone when the client opens it: connect again, and ask again."""
    with Client(server.address) as client:
        holder = operator.attrgetter(mappings)(client)
        mapped: Callable[[Segment], memoryview] = holder.payload
        died: list[Segment] = []

        def payload(segment: Segment) -> memoryview:
            if not died:
                died.append(segment)
                server.kill()
                server.start()
            return mapped(segment)

        monkeypatch.setattr(holder, "payload", payload)
        tile(client, picture())
        assert died
