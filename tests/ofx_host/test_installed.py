"""The bundle as `art3d nuke install` leaves it: on its own it finds Art3D, starts the server and gives a picture."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.client import Client
from tests.ofx_host import abi
from tests.ofx_host.host import Host
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture, picture
from tests.ofx_host.scenes import distance, plate

RECT = (0, 0, 96, 64)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An environment without command and server, and a place of its own for sockets; ends what was started."""
    for name in ("ART3D_COMMAND", "ART3D_SERVER"):
        monkeypatch.delenv(name, raising=False)
    with tempfile.TemporaryDirectory(prefix="art3d-own-") as folder:
        Path(folder).chmod(0o700)
        monkeypatch.setenv("ART3D_RUNTIME_DIR", folder)
        yield Path(folder)
        for socket in Path(folder).glob("*.s"):
            with Client(f"ipc://{socket}", hello_timeout_s=60.0) as client:
                os.kill(int(client.status()["pid"]), signal.SIGTERM)


def test_first_picture(bundle: Path, tmp_path: Path, alone: Path) -> None:
    """From the installer to a right eye, without a server, an address or a command."""
    assert main(["nuke", "install", "--to", str(tmp_path / "nuke"), "--bundle", str(bundle)]) == 0
    host = Host(tmp_path / "nuke" / "OFX" / bundle.name)
    assert host.load() == abi.OK
    node = Node(host, size=(96, 64), knobs={"depth": "aov", "depth_gain": 2.0})
    node.connect("Source", picture(plate()), RECT)
    node.connect("Depth", picture(distance()), RECT)
    target = Picture(RECT)
    assert node.render_into(target, RECT) == abi.OK, node.effect.message
    assert np.isfinite(target.array).all() and not np.array_equal(target.array, plate())
    assert len(list(alone.glob("*.s"))) == 1
    node.destroy()
    assert host.unload() == abi.OK
