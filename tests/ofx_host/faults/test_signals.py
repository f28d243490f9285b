"""Hosts use signals (timers, profilers, children that end): one that meets a waiting render costs it nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.art3d_node.server.conftest import Server
from tests.ofx_host.faults.rendering import works
from tests.ofx_host.node import Node


@pytest.fixture
def storm() -> Iterator[list[int]]:
    """A signal every 3 ms that interrupts whatever this thread waits in; holds how many have come."""
    come: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: come.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
    yield come
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_signals_during_a_wait(node: Node, storm: list[int]) -> None:
    node.set(depth="slow-1.0")
    works(node)
    assert len(storm) > 20


def test_signals_while_a_link_comes_about(node: Node, fake_server: Server, storm: list[int]) -> None:
    """Connecting, greeting and uploading, several times over."""
    for _ in range(4):
        works(node)
        fake_server.kill()
        fake_server.start()
    assert len(storm) > 20


def test_signals_while_the_server_starts(node: Node, fake_server: Server, tmp_path: Path, storm: list[int]) -> None:
    """The address is read whole, however often the wait for it is interrupted."""
    script = tmp_path / "art3d"
    script.write_text(f"#!/bin/sh\nsleep 0.5\nprintf 'starting\\n'\nsleep 0.2\nprintf '%s' '{fake_server.address}'\n")
    os.chmod(script, 0o755)
    node.set(server="", server_command=str(script))
    works(node)
    assert len(storm) > 20
