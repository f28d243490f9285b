"""An address that is none, that nobody answers at, or where something else answers."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import zmq

from host_bridge.wire.codec import decode, encode
from host_bridge.wire.messages import Hello, Welcome
from tests.ofx_host import abi
from tests.ofx_host.faults.rendering import RECT, fails
from tests.ofx_host.node import Node
from tests.ofx_host.pictures import Picture


@pytest.mark.parametrize(
    "address",
    ["foo", "tcp://", "tcp://host", "tcp://host:", "tcp://host:0", "tcp://host:99999", "tcp://a b:7000", "http://h:1",
     "ipc://", "ipc://relative/path", "ipc:///" + "x" * 120, "tcp://:7000", "tcp://host:70 00"],
)  # fmt: skip
@pytest.mark.parametrize("way", ["knob", "variable"])
def test_address_that_is_none(node: Node, monkeypatch: pytest.MonkeyPatch, address: str, way: str) -> None:
    """It is refused at once, by name and with the place where it stands."""
    if way == "variable":
        monkeypatch.setenv("ART3D_SERVER", address)
        node.set(server="")
    else:
        node.set(server=address)
    fails(
        node,
        f'"{address}"',
        "$ART3D_SERVER" if way == "variable" else "Server knob",
        "not a server address",
        "tcp://HOST:PORT",
    )


def test_wrong_variable_is_named(node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody at the variable's address: three seconds, then the variable by name; the knob is not blamed."""
    monkeypatch.setenv("ART3D_SERVER", f" ipc://{tmp_path}/nobody ")
    node.set(server="")
    started = time.monotonic()
    fails(node, f"nobody answers at ipc://{tmp_path}/nobody ($ART3D_SERVER)", "correct $ART3D_SERVER")
    assert "Server knob" not in node.effect.message
    assert 2.9 < time.monotonic() - started < 20
    fails(node, "$ART3D_SERVER")


def test_nobody_at_the_address(node: Node, tmp_path: Path) -> None:
    """The host waits a few seconds at most, can stop that wait, and is not made to wait again at once."""
    node.set(server=f"ipc://{tmp_path}/nobody")
    fails(node, "nobody answers", "art3d serve")
    polls = iter(range(10**6))
    node.effect.abort = lambda: next(polls) < 0
    fails(node, "nobody answers")
    assert next(polls) < 10


def test_another_version(node: Node, tmp_path: Path) -> None:
    """A server of another major version: both numbers are named."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(f"ipc://{tmp_path}/other")

    def serve() -> None:
        peer, header = socket.recv_multipart()
        assert isinstance(decode(header).message, Hello)
        socket.send_multipart([peer, encode(decode(header).id, Welcome("art3d 9", (9, 4), "i", "s", (), (), {}))])

    thread = threading.Thread(target=serve)
    thread.start()
    node.set(server=f"ipc://{tmp_path}/other")
    fails(node, "protocol 9", "plug-in 1", "same version")
    thread.join()
    socket.close(0)
    context.term()


@pytest.mark.parametrize("answer", [b"", b"\x80", b"nonsense", b"\x82\xa2id\x01\xa4kind\x07", b"\xff" * 100])
def test_something_else_answers(node: Node, tmp_path: Path, answer: bytes) -> None:
    """Bytes that are not this protocol."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.bind(f"ipc://{tmp_path}/other")
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            if socket.poll(50):
                peer, _ = socket.recv_multipart()
                socket.send_multipart([peer, answer])

    thread = threading.Thread(target=serve)
    thread.start()
    node.set(server=f"ipc://{tmp_path}/other")
    calls = iter(range(10**6))
    node.effect.abort = lambda: next(calls) > 100
    status = node.render_into(Picture(RECT), RECT)
    assert status == abi.OK or "protocol" in node.effect.message
    stopped.set()
    thread.join()
    socket.close(0)
    context.term()
    node.effect.abort = lambda: False
