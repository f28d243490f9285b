"""A farm session is one server from start to stop, and touches no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from host_bridge.client import Client
from host_bridge.client.server_process import running


def session(verb: str, folder: Path) -> str:
    words = [sys.executable, "-m", "host_bridge.cli", "session", verb, "--folder", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_session_is_one_server_from_start_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ART3D_SERVER", raising=False)

    def start() -> str:
        return session("start", tmp_path).splitlines()[0].removeprefix("openjd_env: ART3D_RUNTIME_DIR=")

    home = start()
    try:
        monkeypatch.setenv("ART3D_RUNTIME_DIR", home)
        (first,) = running().values()
        assert start() == home
        assert [pong.pid for pong in running().values()] == [first.pid]
        # A task that finds the session's server dead starts it again, in the same place.
        os.kill(first.pid, signal.SIGKILL)
        with Client(timeout_s=60) as client:
            assert client.address.startswith(f"ipc://{home}/")
        (second,) = running().values()
        assert second.pid != first.pid
    finally:
        said = session("stop", tmp_path)
    assert "server stopped" in said
    assert not Path(home).exists()
    assert not psutil.pid_exists(second.pid) or psutil.Process(second.pid).status() == psutil.STATUS_ZOMBIE
    assert "no server to stop" in session("stop", tmp_path)


def test_a_machine_with_a_server_of_its_own_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ART3D_SERVER", "tcp://127.0.0.1:1")
    assert "ART3D_SERVER" in session("start", tmp_path)
    assert "no server to stop" in session("stop", tmp_path)


def test_a_forged_note_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "art3d-session.json").write_text(json.dumps({"home": str(tmp_path / "mine")}), encoding="utf-8")
    assert "no server to stop" in session("stop", tmp_path)
    assert (tmp_path / "mine").is_dir()
