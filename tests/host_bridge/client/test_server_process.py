"""The embedded server: found, started once, versioned, explained when it does not start."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from host_bridge.cli import main
from host_bridge.client import server_process
from host_bridge.commands import stop
from host_bridge.core.errors import ServerError, ServerUnreachableError

START = """
import sys
from host_bridge.client.server_process import ensure_server, ping
place = ensure_server("cpu", idle_timeout_s=3.0)
print(ping(place.address).pid)
"""


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="art3d-run-") as folder:
        monkeypatch.setenv("ART3D_RUNTIME_DIR", folder)
        monkeypatch.setenv("XDG_STATE_HOME", folder)
        yield Path(folder)


def test_ten_starts_make_one_server(runtime: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    said = [starter.communicate(timeout=120) for starter in starters]
    pids = {out.strip() for out, _ in said}
    assert len(pids) == 1, said
    pid = int(pids.pop())
    found = server_process.own_endpoint("cpu")
    assert found.log.is_file() and stat.S_IMODE(found.folder.stat().st_mode) == 0o700
    assert server_process.ensure_server("cpu") == found
    os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 20
    while server_process.ping(found.address, timeout_s=0.1) and time.monotonic() < end:
        time.sleep(0.05)
    assert server_process.ping(found.address, timeout_s=0.1) is None


def test_stop_ends_the_servers_of_every_version_and_no_more(
    runtime: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [server_process.ensure_server("cpu")]
    monkeypatch.setattr(server_process, "_fingerprint", lambda: "0.0.1")
    found.append(server_process.ensure_server("cpu"))
    pongs = [server_process.ping(place.address) for place in found]
    pids = [pong.pid for pong in pongs if pong is not None]
    assert len(pids) == 2
    (found[0].folder / "left-behind.s").touch()
    assert main(["stop"]) == 0
    said = capsys.readouterr().out
    assert all(f"pid {pid}\n" in said for pid in pids) and said.count("stopped") == 2
    assert not any(server_process.ping(place.address, timeout_s=0.1) for place in found)
    assert main(["stop"]) == 0
    assert capsys.readouterr().out == "no server is running\n"


def test_stop_says_how_to_end_a_server_that_hangs(
    runtime: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = server_process.ensure_server("cpu")
    pong = server_process.ping(place.address)
    assert pong is not None
    os.kill(pong.pid, signal.SIGSTOP)
    monkeypatch.setattr(stop, "running", lambda: {place.address: pong})
    monkeypatch.setattr(stop, "WAIT_S", 0.3)
    assert main(["stop"]) == 3
    assert f"kill -9 {pong.pid}" in capsys.readouterr().err
    os.kill(pong.pid, signal.SIGCONT)


def test_who_starts_a_server_may_leave_it_without_a_word(runtime: Path) -> None:
    left = subprocess.run([sys.executable, "-X", "dev", "-c", START], capture_output=True, text=True, timeout=120)
    assert left.returncode == 0 and left.stderr == ""
    pid = int(left.stdout)
    os.kill(pid, 0)
    os.kill(pid, signal.SIGTERM)


def test_a_server_that_cannot_start_explains_itself(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ServerUnreachableError, match="ended with code 1") as caught:
        server_process.ensure_server("cpu", timeout_s=10.0)
    assert "log" in str(caught.value)


def test_a_server_killed_while_it_starts_is_started_again(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Doomed(subprocess.Popen[bytes]):
        """The first server dies at once, as by the kernel's own hand."""

        def __init__(self, command: list[str], **options: Any) -> None:
            super().__init__(command, **options)
            started.append(self)
            if len(started) == 1:
                self.kill()

    monkeypatch.setattr(subprocess, "Popen", Doomed)
    found = server_process.ensure_server("cpu", idle_timeout_s=3.0)
    pong = server_process.ping(found.address)
    assert len(started) == 2 and pong is not None and pong.pid == started[1].pid
    started[1].terminate()
    started[1].wait(20)


def test_long_folders_fall_back_to_a_short_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir(mode=0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(long))
    assert len(str(server_process.own_endpoint("cpu").socket)) < 100


def test_a_folder_that_others_can_enter_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(tmp_path))
    assert server_process.own_endpoint("cpu").folder != tmp_path


def test_no_folder_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_process, "_own", lambda _folder: False)
    with pytest.raises(ServerError, match="XDG_RUNTIME_DIR"):
        server_process.own_endpoint("cpu")


def test_another_state_of_the_code_gets_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    before = server_process.own_endpoint("cpu").address
    monkeypatch.setattr(server_process, "_fingerprint", lambda: "9.9.9")
    assert server_process.own_endpoint("cpu").address != before


def test_other_folders_of_styles_get_another_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shows may each have a style of one name."""
    for variable in ("ART3D_STYLES", "ART3D_MODELS"):
        monkeypatch.delenv(variable, raising=False)
    before = server_process.own_endpoint("cpu").address
    monkeypatch.setenv("ART3D_STYLES", "/shows/a/styles")
    first = server_process.own_endpoint("cpu").address
    monkeypatch.setenv("ART3D_STYLES", "/shows/b/styles")
    monkeypatch.setenv("ART3D_MODELS", "")
    assert len({before, first, server_process.own_endpoint("cpu").address}) == 3
    monkeypatch.setenv("ART3D_STYLES", "/shows/b/../a/styles/")
    assert server_process.own_endpoint("cpu").address == first
    monkeypatch.delenv("ART3D_STYLES")
    assert server_process.own_endpoint("cpu").address == before


def test_nobody_answers_a_ping(tmp_path: Path) -> None:
    assert server_process.ping(f"ipc://{tmp_path}/nobody", timeout_s=0.1) is None
