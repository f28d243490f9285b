"""How a server starts, where it refuses to, and what its end leaves: nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from host_bridge.client import Client, connection
from tests.art3d_node.server.asking import picture, tile
from tests.art3d_node.server.conftest import Server, StartServer


def test_a_server_that_still_loads_is_waited_for_and_said(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "NOTICE_S", 0.1)
    server = start_server(engine="synthetic:make_slowly")
    with Client(server.address, hello_timeout_s=0.5) as client:
        tile(client, picture())
    said = f"the server at {server.address} is loading its networks, which takes some seconds"
    assert [record.message for record in caplog.records].count(said) == 1


def test_nothing_is_left_behind(start_server: StartServer) -> None:
    before = set(os.listdir("/dev/shm"))
    server = start_server()
    with Client(server.address) as client:
        tile(client, picture())
    (worker,) = server.workers()
    assert server.stop() == 0
    assert not os.path.exists(f"/proc/{worker}")
    assert set(os.listdir("/dev/shm")) <= before


def test_workers_die_with_their_server(server: Server) -> None:
    (worker,) = server.workers()
    server.kill()
    end = time.monotonic() + 5
    while os.path.exists(f"/proc/{worker}/fd/0") and time.monotonic() < end:
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{worker}/fd/0")


def test_an_idle_server_stops(start_server: StartServer) -> None:
    server = start_server("--idle-timeout-s", "0.5")
    assert server.running.wait(20) == 0 and "stopped" in server.log()


def test_a_second_server_at_the_same_place_is_refused(server: Server) -> None:
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "art3d_node.server", "--address", server.address], capture_output=True, text=True
    )
    assert done.returncode == 3 and "another server" in done.stderr


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    import subprocess
    import sys

    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-m", "art3d_node.server", "--address", f"ipc://{tmp_path}/s"], capture_output=True, text=True
    )
    assert done.returncode == 3 and "0700" in done.stderr
