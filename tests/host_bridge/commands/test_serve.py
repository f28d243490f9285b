"""`art3d serve`: the process becomes the server, with the options that were given and no others."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_bridge.client import Client
from host_bridge.client.server_process import own_endpoint, ping
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_SERVER

SERVE = [sys.executable, "-m", "host_bridge.cli", "serve", "--device", "cpu"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder that no other server uses."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    return tmp_path


@contextmanager
def serving(address: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A server that answers at an address; stopped with Ctrl-C."""
    process = subprocess.Popen([*SERVE, *options], stdout=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while ping(address, timeout_s=0.2) is None:
        assert process.poll() is None and time.monotonic() < end, "the server does not start"
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def test_without_an_address_it_serves_where_the_tools_look(folder: Path) -> None:
    address = own_endpoint("cpu").address
    with serving(address) as process:
        with Client(device="cpu") as client:
            assert client.address == address
            assert client.welcome.pid == process.pid  # a script that knows the one can stop the other
        assert process.stdout is not None
        assert process.stdout.readline() == f"a server starts at {address}; Ctrl-C ends it\n"
    assert process.returncode == EXIT_OK and ping(address, timeout_s=0.2) is None


def test_its_options_reach_the_server(folder: Path) -> None:
    address = f"ipc://{folder}/mine"
    words = ["--address", address, "--max-clients", "3", "--memory-mib", "300", "--log", str(folder / "log")]
    with serving(address, *words), Client(address) as client:
        assert client.welcome.limits["clients"] == 3
        assert client.welcome.limits["memory_bytes"] == 300 << 20
        assert client.welcome.log == str(folder / "log") and (folder / "log").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--address", "ipc://{folder}/checked"], EXIT_OK, ""),
        (["--address", "udp://x"], EXIT_SERVER, "udp://x"),
        (["--address", "ipc://{folder}/checked", "--keys", "{folder}/none"], EXIT_SERVER, "{folder}/none"),
        (["--address", "tcp://0.0.0.0:5599"], EXIT_SERVER, "--keys"),
        (["--max-clients", "0"], EXIT_BAD_INPUT, "--max-clients: 0 is not usable; give 1 to"),
        (["--memory-mib", "-5"], EXIT_BAD_INPUT, "--memory-mib"),
        (["--metrics-port", "99999"], EXIT_BAD_INPUT, "--metrics-port"),
        (["--idle-timeout-s", "-1"], EXIT_BAD_INPUT, "--idle-timeout-s"),
        (["--worker-silence-s", "nan"], EXIT_BAD_INPUT, "--worker-silence-s"),
        (["--device", "tpu"], EXIT_BAD_INPUT, "there is no device 'tpu'"),
    ],
)
def test_check_proves_and_starts_nothing(folder: Path, words: list[str], code: int, message: str) -> None:
    command = [*SERVE, *(word.format(folder=folder) for word in words), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    assert message.format(folder=folder) in done.stderr and len(done.stderr.splitlines()) <= 1
    assert "starts at" not in done.stdout and not (folder / "checked").exists()
