"""Servers for tests: real processes with the synthetic engine, each in a folder of its own."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_bridge.client.server_process import ping

HERE = Path(__file__).parent


def engine_at(engine: str) -> str:
    """An engine that lies beside the tests is named with its folder."""
    return f"{HERE}/{engine}" if engine.startswith("synthetic:") else engine


def children(pid: int) -> list[int]:
    """The processes that a process started and that live."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


class Server:
    """One server process that can be killed and started again at its address."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        engine: str = "synthetic:make",
        files: int = 0,
        address: str = "",
        demands_keys: bool = False,
    ) -> None:
        self._files, self._demands_keys = files, demands_keys
        self.folder, self.address = folder, address or f"ipc://{folder}/s"
        self._options, self._engine = options, engine
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [sys.executable, "-m", "art3d_node.server", "--address", self.address, "--device", "cpu",
                   "--engine", engine_at(self._engine), "--log", str(self.folder / "log"), *self._options]  # fmt: skip
        if self._files:
            command = ["prlimit", f"--nofile={self._files}:{self._files}", *command]
        self.process = subprocess.Popen(command)
        end = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < end, "the server does not start"

    def _answers(self) -> bool:
        if not self._demands_keys:
            return ping(self.address, timeout_s=0.2) is not None
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.address.rsplit(":", 1)[1]), 1.0):
            return True
        time.sleep(0.05)
        return False

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process that was started."""
        assert self.process is not None
        return self.process

    def kill(self) -> None:
        """As a power cut would."""
        self.running.kill()
        self.running.wait()

    def fronts(self) -> list[int]:
        """Process id of what serves: the oldest child of the process that was started; a younger one is its spare."""
        assert self.process is not None
        return children(self.process.pid)[:1]

    def spares(self) -> list[int]:
        """Process id of what waits to serve."""
        assert self.process is not None
        return children(self.process.pid)[1:]

    def workers(self) -> list[int]:
        """Process ids of its workers."""
        return [pid for front in self.fronts() for pid in children(front)]

    def log(self) -> str:
        """What it logged."""
        return (self.folder / "log").read_text()

    def stop(self) -> int:
        """Asks it to end; its exit code."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


StartServer = Callable[..., Server]


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Makes servers; ends them afterwards."""
    made: list[Server] = []
    with tempfile.TemporaryDirectory(prefix="art3d-test-") as folder:

        def start(*options: str, **named: Any) -> Server:
            own = Path(folder) / str(len(made))
            own.mkdir(mode=0o700)
            made.append(Server(own, *options, **named))
            return made[-1]

        yield start
        for server in made:
            if server.process is not None and server.process.poll() is None:
                server.stop()


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """One server with the default options."""
    return start_server()
