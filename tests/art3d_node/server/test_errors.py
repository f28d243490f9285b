"""What a client reads when its request fails; the server goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_bridge.client import Client
from host_bridge.core.errors import (
    BadInputError,
    LimitError,
    ServerError,
    ServerUnreachableError,
    WorkerLostError,
)
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.server.asking import BOX, OUTPUTS, picture, tile
from tests.art3d_node.server.conftest import Server, StartServer


def test_errors_come_typed_and_the_server_goes_on(server: Server) -> None:
    with Client(server.address) as client:
        for depth, kind in (("boom", BadInputError), ("bug", ServerError), ("die", WorkerLostError)):
            with pytest.raises(kind):
                client.tile(picture(), AnalysisSettings(depth=depth), Controls(), BOX, OUTPUTS)
        with pytest.raises(BadInputError, match="outputs"):
            client.tile(picture(), AnalysisSettings(), Controls(), BOX, ("secret",))
        tile(client, picture())


def test_a_fault_in_a_worker_is_in_the_servers_log(server: Server) -> None:
    with Client(server.address) as client, pytest.raises(ServerError, match="a fault"):
        client.tile(picture(), AnalysisSettings(depth="bug"), Controls(), BOX, OUTPUTS)
    assert "RuntimeError: a fault" in server.log() and "synthetic.py" in server.log()


def test_a_worker_that_cannot_start_is_explained(start_server: StartServer) -> None:
    server = start_server(engine="no_such_module:make")
    for _ in range(3):
        with pytest.raises(ServerError, match=r"no worker can start: ModuleNotFoundError.*no_such_module"):
            Client(server.address, hello_timeout_s=30)
    assert "no_such_module" in server.log()


def test_limits_are_named_before_anything_is_sent(start_server: StartServer) -> None:
    server = start_server("--memory-mib", "16")
    with Client(server.address) as client, pytest.raises(LimitError, match="frame_bytes"):
        client.tile(picture(0, Box.of_size(2000, 1000)), AnalysisSettings(), Controls(), BOX, OUTPUTS)


def test_nobody_there_names_the_endpoint_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ServerUnreachableError) as caught:
        Client(f"ipc://{tmp_path}/nobody", hello_timeout_s=0.3)
    assert str(tmp_path) in str(caught.value) and "art3d serve" in str(caught.value)
