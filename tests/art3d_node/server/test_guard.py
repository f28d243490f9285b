"""Off this machine only known keys get anything."""

from __future__ import annotations

import signal
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq

from host_bridge.client import Client
from host_bridge.client.connection import Lost
from host_bridge.core.errors import ServerUnreachableError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.keyring import ClientKeys, client_keys, make_pair
from host_bridge.core.params import Controls
from host_bridge.wire.codec import encode
from host_bridge.wire.messages import Hello, Ping, StatusRequest
from host_bridge.wire.settings import AnalysisSettings

HERE = Path(__file__).parent


def command(address: str, *options: str) -> list[str]:
    return [sys.executable, "-m", "art3d_node.server", "--address", address, "--device", "cpu",
            "--engine", f"{HERE}/synthetic:make", *options]  # fmt: skip


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Address, key folder and log of a server on all interfaces."""
    folder = tmp_path_factory.mktemp("keys")
    make_pair(folder, "server")
    make_pair(folder, "friend")
    make_pair(folder, "stranger")
    make_pair(folder, "other-server")
    (folder / "allowed").mkdir()
    (folder / "allowed" / "friend.key").write_bytes((folder / "friend.key").read_bytes())
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "log"
    process = subprocess.Popen(
        command(f"tcp://0.0.0.0:{port}", "--keys", str(folder), "--log", str(log)),
    )
    yield f"tcp://127.0.0.1:{port}", folder, log
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


Guarded = tuple[str, Path, Path]  # address, folder of keys, log


def keys(folder: Path, name: str, server: str = "server") -> ClientKeys:
    return client_keys(folder / f"{name}.key_secret", folder / f"{server}.key")


def test_a_known_key_gets_tiles_and_can_cancel(guarded: Guarded) -> None:
    address, folder, log = guarded
    box = Box.of_size(32, 16)
    frame = Frame(box, box, {"color": np.ones((16, 32, 3), np.float32)})
    with Client(address, keys=keys(folder, "friend"), hello_timeout_s=20) as client:
        tile = client.tile(frame, AnalysisSettings(), Controls(), box, ("right",))
        assert tile.planes["right"].shape == (16, 32, 3)
        pending = client.submit(frame, AnalysisSettings(depth="slow-60"), Controls(), box, ("right",))
        client.cancel(pending)
        client.tile(frame, AnalysisSettings(), Controls(), box, ("right",))
    assert "client friend is let in" in log.read_text()


def test_an_unknown_key_is_refused_logged_and_told_why(guarded: Guarded) -> None:
    address, folder, log = guarded
    with pytest.raises(ServerUnreachableError) as caught:
        Client(address, keys=keys(folder, "stranger"), hello_timeout_s=2)
    assert "refused this key" in str(caught.value)
    assert keys(folder, "stranger").public_text in str(caught.value)
    assert "is refused" in log.read_text()


def test_a_refusal_is_told_however_fast_it_comes(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    """libzmq tells it once: a client that the machine holds up after it has connected must not have missed it."""
    address, folder, _ = guarded
    connect = zmq.Socket[bytes].connect

    def slowly(socket: zmq.Socket[bytes], where: str) -> object:
        connection = connect(socket, where)
        if where == address:
            time.sleep(0.5)
        return connection

    monkeypatch.setattr(zmq.Socket, "connect", slowly)
    with pytest.raises(ServerUnreachableError, match="refused this key"):
        Client(address, keys=keys(folder, "stranger"), hello_timeout_s=2)


def test_the_list_is_read_at_every_connection(guarded: Guarded) -> None:
    address, folder, _ = guarded
    make_pair(folder, "guest")
    listed = folder / "allowed" / "guest.key"
    listed.write_bytes((folder / "guest.key").read_bytes())
    Client(address, keys=keys(folder, "guest"), hello_timeout_s=20).close()
    listed.unlink()
    with pytest.raises(ServerUnreachableError, match="refused this key"):
        Client(address, keys=keys(folder, "guest"), hello_timeout_s=2)


def test_a_key_that_is_taken_away_loses_its_connection(guarded: Guarded) -> None:
    address, folder, log = guarded
    make_pair(folder, "leaver")
    listed = folder / "allowed" / "leaver.key"
    listed.write_bytes((folder / "leaver.key").read_bytes())
    client = Client(address, keys=keys(folder, "leaver"), hello_timeout_s=20)
    friend = Client(address, keys=keys(folder, "friend"), hello_timeout_s=20)
    listed.unlink()
    end = time.monotonic() + 5
    while "taken from the list" not in log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    with pytest.raises(Lost):
        client._exchange.link.open.poll(client._exchange.link.open.send(Ping()), 5.0)
    assert client._exchange.link.connection is not None
    client._exchange.link.connection.close()
    assert friend.status()["clients"]
    friend.close()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no key", b"x" * 100_000])
def test_a_damaged_key_file_is_named_and_lets_nobody_in_or_out(guarded: Guarded, content: bytes) -> None:
    address, folder, log = guarded
    damaged = folder / "allowed" / f"damaged{len(content)}.key"
    damaged.write_bytes(content)
    try:
        Client(address, keys=keys(folder, "friend"), hello_timeout_s=20).close()
        with pytest.raises(ServerUnreachableError, match="refused this key"):
            Client(address, keys=keys(folder, "stranger"), hello_timeout_s=2)
        assert damaged.name in log.read_text()
    finally:
        damaged.unlink()


def test_without_a_list_nobody_comes_in(guarded: Guarded) -> None:
    address, folder, _ = guarded
    (folder / "allowed").rename(folder / "elsewhere")
    try:
        with pytest.raises(ServerUnreachableError, match="refused this key"):
            Client(address, keys=keys(folder, "friend"), hello_timeout_s=2)
    finally:
        (folder / "elsewhere").rename(folder / "allowed")
    Client(address, keys=keys(folder, "friend"), hello_timeout_s=20).close()


def test_no_key_gets_nothing(guarded: Guarded) -> None:
    address, _, _ = guarded
    with pytest.raises(ServerUnreachableError, match="art3d keys"):
        Client(address, hello_timeout_s=1)
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(address)
    for message in (Ping(), StatusRequest(), Hello("x")):
        socket.send(encode(1, message))
    assert not socket.poll(700)
    context.destroy(0)


def test_a_false_server_is_not_trusted(guarded: Guarded) -> None:
    address, folder, _ = guarded
    with pytest.raises(ServerUnreachableError):
        Client(address, keys=keys(folder, "friend", "other-server"), hello_timeout_s=1)


@pytest.mark.parametrize("options", [(), ("--keys", "/nonexistent")])
def test_without_keys_no_open_address(options: tuple[str, ...]) -> None:
    done = subprocess.run(command("tcp://0.0.0.0:0", *options), capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "art3d keys" in done.stderr


def test_an_empty_list_is_refused(tmp_path: Path) -> None:
    make_pair(tmp_path, "server")
    done = subprocess.run(
        command("tcp://0.0.0.0:0", "--keys", str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3 and "no client is allowed" in done.stderr
