"""Whose turn it is among many connections."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from art3d_node.server.net import hub as hubs
from art3d_node.server.net.arrivals import Listener
from art3d_node.server.net.frames import Null
from art3d_node.server.net.hub import Hub
from tests.art3d_node.server.attacks import COSTLY, GREETING, READY, SMALL

CROWD = 20


class Counter:
    """A hub on a socket, and the sizes of the messages that it handed out."""

    def __init__(self, path: Path) -> None:
        self.path, self.heard = path, list[int]()
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen(CROWD + 1)
        self.hub = Hub(
            [Listener(listening, control=False)], mechanism=Null, most=4 * CROWD,
            received=lambda _, parts: self.heard.append(len(parts[0])), left=lambda _: None, sent=lambda _: None,
            name_of=bytes.hex,
        )  # fmt: skip

    def connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(self.path))
        client.sendall(GREETING + READY)
        return client


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path / "s")
    yield made
    made.hub.close()


def test_a_ping_does_not_wait_for_the_costly_messages_of_a_crowd(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent late, by the last to come, in a process that had as much of the server as the crowd."""
    monkeypatch.setattr(hubs, "SERVE_S", 0.0)  # one message a turn
    crowd, quiet = [counter.connect() for _ in range(CROWD)], counter.connect()
    while sum(c.peer.ready for c in counter.hub.connections.values()) <= CROWD:
        counter.hub.turn(0.01)
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
