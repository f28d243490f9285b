"""The command that starts a server: asked in a clean environment, its last line shown, stopped when it hangs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host import abi
from tests.ofx_host.faults.rendering import RECT, fails, works
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture


def test_server_is_started_when_needed(
    node: Node, tmp_path: Path, fake_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an address the command is asked for one, in an environment without the host's Python and libraries."""
    script = tmp_path / "art3d"
    script.write_text(
        '#!/bin/sh\necho "$*:$PYTHONHOME:$LD_LIBRARY_PATH" >> ' + f"{tmp_path}/calls\n"
        f"echo starting\necho {fake_server.address}\n"
    )
    script.chmod(0o755)
    for name in ("PYTHONHOME", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/of/the/host")
    node.set(server="", server_command=str(script))
    works(node)
    works(node)
    assert (tmp_path / "calls").read_text() == "nuke server::\n"


def test_server_command_fails(node: Node, tmp_path: Path) -> None:
    """The command's last line reaches the artist."""
    script = tmp_path / "art3d"
    script.write_text("#!/bin/sh\necho art3d: no torch here >&2\nexit 3\n")
    script.chmod(0o755)
    node.set(server="", server_command=str(script))
    fails(node, "no torch here", "art3d doctor")
    node.set(server_command=str(tmp_path / "absent"))
    fails(node, "Server Command")


@pytest.mark.parametrize("body", ["exec sleep 200", "trap '' TERM\nexec >&- 2>&-\nwhile :; do sleep 0.1; done"])
def test_slow_server_command_can_be_stopped(node: Node, tmp_path: Path, body: str) -> None:
    """A command that hangs does not hang the host, even one that says nothing more and will not end."""
    script = tmp_path / "art3d"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(0o755)
    node.set(server="", server_command=str(script))
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 20
    started = time.monotonic()
    assert node.render_into(Picture(RECT), RECT) == abi.OK
    assert time.monotonic() - started < 60
    node.effect.abort = lambda: False
