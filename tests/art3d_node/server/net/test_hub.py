"""Whose turn it is among many connections."""

from __future__ import annotations

import fcntl
import socket
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from art3d_node.server.net import hub as hubs
from art3d_node.server.net.arrivals import Listener
from art3d_node.server.net.frames import Null
from art3d_node.server.net.hub import Hub
from tests.art3d_node.server.attacks import COSTLY, GREETING, READY, SMALL

CROWD = 20


class Counter:
    """A hub on a socket, and the sizes of the messages that it handed out."""

    def __init__(self, family: int, address: Any) -> None:
        self.heard = list[int]()
        listening = socket.socket(family)
        listening.bind(address)
        listening.listen(CROWD + 1)
        self._family, self._address = family, listening.getsockname()
        self.hub = Hub(
            [Listener(listening, control=False)], mechanism=Null, most=4 * CROWD,
            received=lambda _, parts: self.heard.append(len(parts[0])), left=lambda _: None, sent=lambda _: None,
            name_of=bytes.hex,
        )  # fmt: skip

    def connect(self) -> socket.socket:
        client = socket.socket(self._family)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        client.connect(self._address)
        client.sendall(GREETING + READY)
        return client

    def greet(self, count: int) -> None:
        """Until so many have shaken hands."""
        while sum(c.peer.ready for c in self.hub.connections.values()) < count:
            self.hub.turn(0.01)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(socket.AF_UNIX, str(tmp_path / "s"))
    yield made
    made.hub.close()


def test_the_kernel_keeps_little_for_who_does_not_read() -> None:
    counter = Counter(socket.AF_INET, ("127.0.0.1", 0))
    client = counter.connect()
    counter.greet(1)
    (connection,) = counter.hub.connections.values()
    while connection.unsent < 3:
        assert counter.hub.send(connection.id, [bytes(1 << 18)])
    kept = fcntl.ioctl(connection.socket, termios.TIOCOUTQ, bytes(4))
    assert int.from_bytes(kept, sys.byteorder) < 1 << 20
    client.close()
    counter.hub.close()


def test_a_ping_does_not_wait_for_the_costly_messages_of_a_crowd(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent late, by the last to come, in a process that had as much of the server as the crowd."""
    monkeypatch.setattr(hubs, "SERVE_S", 0.0)  # one message a turn
    crowd, quiet = [counter.connect() for _ in range(CROWD)], counter.connect()
    counter.greet(CROWD + 1)
    for client in crowd:
        client.sendall(COSTLY)
    while len(counter.heard) < 2:
        counter.hub.turn(0.01)
    quiet.sendall(SMALL)
    for _ in range(2):
        counter.hub.turn(0.01)
    small = len(SMALL) - 2
    assert small in counter.heard and len(counter.heard) < CROWD
    while len(counter.heard) <= CROWD:  # and the crowd has its turns too
        counter.hub.turn(0.01)
    for client in (*crowd, quiet):
        client.close()
