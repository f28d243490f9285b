"""`art3d nuke`: the package that it installs, what it tells to do next, and the server that it finds or starts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from host_bridge.cli import main
from host_bridge.client.server_process import own_endpoint, ping
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder laid out as `make ofx` builds it."""
    binary = tmp_path / "built" / "Art3D.ofx.bundle" / "Contents" / "Linux-x86-64" / "Art3D.ofx"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(b"binary")
    return binary.parents[2]


def test_install_writes_the_folder_and_says_where_it_goes(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["nuke", "install", "--to", "nuke", "--bundle", str(bundle)]) == EXIT_OK
    folder = tmp_path / "nuke"
    assert (folder / "OFX" / bundle.name / "Contents" / "Linux-x86-64" / "Art3D.ofx").read_bytes() == b"binary"
    assert (folder / "art3d_nuke" / "menus.py").is_file()
    assert f"NUKE_PATH={folder}" in capsys.readouterr().out  # a relative path would depend on where Nuke starts


def test_install_goes_to_the_users_data_folder(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert main(["nuke", "install", "--bundle", str(bundle)]) == EXIT_OK
    assert (tmp_path / "data" / "art3d" / "nuke" / "init.py").is_file()
    assert str(tmp_path / "data" / "art3d" / "nuke") in capsys.readouterr().out


def test_a_bundle_that_is_not_there_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is written, so that what an earlier version left still works."""
    code = main(["nuke", "install", "--to", str(tmp_path / "nuke"), "--bundle", str(tmp_path / "none")])
    error = capsys.readouterr().err
    assert code == EXIT_BAD_INPUT and str(tmp_path / "none") in error and len(error.splitlines()) == 1
    assert not (tmp_path / "nuke").exists()


def test_server_prints_one_address_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second call finds what the first one started."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(tmp_path))
    pids = set()
    for _ in range(2):
        assert main(["nuke", "server", "--device", "cpu"]) == EXIT_OK
        address = capsys.readouterr().out.strip()
        pong = ping(address, timeout_s=5.0)
        assert address == own_endpoint("cpu").address and pong is not None
        pids.add(pong.pid)
    assert len(pids) == 1
    os.kill(pids.pop(), signal.SIGTERM)
    end = time.monotonic() + 30
    while ping(address, timeout_s=0.2):
        assert time.monotonic() < end, "the server does not end"
