"""ZMTP and CURVE without a socket: any cut, any noise, and the limits."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl import bindings as sodium

from art3d_node.server.net.curve import Curve
from art3d_node.server.net.frames import Null, Refused, Violation, command, frame, properties
from art3d_node.server.net.zmtp import LARGE_BYTES, PARTS, Peer

LIMIT = 1 << 20
READY = command(b"READY", properties(Socket_Type=b"DEALER"))


def greeting(mechanism: bytes = b"NULL") -> bytes:
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes(32)


def joined(peer: Peer, data: bytes, step: int) -> list[list[bytes]]:
    """The messages that come of these bytes, given as a socket would."""
    messages, at = [], 0
    while at < len(data):
        place = peer.room()
        piece = data[at : at + step]
        if place is not None:
            piece = piece[: len(place)]
            place[: len(piece)] = piece
            peer.written(len(piece))
        else:
            peer.feed(piece)
        at += len(piece)
        while (message := peer.next()) is not None:
            messages.append([bytes(part) for part in message])
    return messages


def ready() -> Peer:
    peer = Peer(Null(), limit_bytes=LIMIT)
    assert joined(peer, greeting() + frame(READY, 4), 1000) == [] and peer.ready
    peer.take_out()
    return peer


sizes = st.integers(0, 300) | st.integers(LARGE_BYTES - 2, LARGE_BYTES + 2) | st.just(70_000)
wanted = st.lists(st.lists(sizes, min_size=1, max_size=PARTS), max_size=4)


@settings(max_examples=60, deadline=None)
@given(wanted, st.integers(1, 100_000))
def test_messages_survive_any_cut(shape: list[bytes], step: int) -> None:
    messages = [[os.urandom(size) for size in parts] for parts in shape]
    sender = ready()
    data = b"".join(bytes(part) for message in messages for part in sender.frames(message))
    step = max(step, len(data) // 2000)
    assert joined(ready(), data, step) == messages


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_noise_ends_in_a_violation_or_waits(data: bytes) -> None:
    for peer in (ready(), Peer(Null(), limit_bytes=LIMIT)):
        try:
            joined(peer, data, 50)
        except Violation:
            continue
        assert peer.kept_bytes <= LIMIT


def test_a_message_is_bounded_before_it_is_complete() -> None:
    peer = ready()
    with pytest.raises(Violation, match="a message of"):
        joined(peer, b"\x02" + struct.pack(">Q", LIMIT + 1), 100)
    peer = ready()
    with pytest.raises(Violation, match="a message of"):
        joined(peer, (b"\x03" + struct.pack(">Q", LIMIT // 2) + bytes(LIMIT // 2)) * 3, 100_000)
    with pytest.raises(Violation, match="parts"):
        joined(ready(), frame(b"", 1) * (PARTS + 1), 100)
    with pytest.raises(Violation, match="a command of"):
        joined(ready(), b"\x06" + struct.pack(">Q", 5000), 100)


def test_a_large_frame_that_is_announced_takes_no_memory_before_it_comes() -> None:
    peer = ready()
    joined(peer, b"\x02" + struct.pack(">Q", LIMIT), 100)
    place = peer.room()
    assert place is not None and len(place) == LIMIT and peer.kept_bytes == LIMIT and peer.midway


class Client:
    """The other side of CURVE, as the specification says it."""

    def __init__(self, server: bytes) -> None:
        self.server = server
        self.public, self.secret = sodium.crypto_box_keypair()
        self.short, self.short_secret = sodium.crypto_box_keypair()
        self.number = 0

    def nonce(self) -> bytes:
        self.number += 1
        return struct.pack(">Q", self.number)

    def hello(self) -> bytes:
        nonce = self.nonce()
        box = sodium.crypto_box(bytes(64), b"CurveZMQHELLO---" + nonce, self.server, self.short_secret)
        return command(b"HELLO", b"\x01\x00" + bytes(72) + self.short + nonce + box)

    def initiate(self, welcome: bytes, *, signs: bytes | None = None) -> bytes:
        opened = sodium.crypto_box_open(welcome[24:], b"WELCOME-" + welcome[8:24], self.server, self.short_secret)
        theirs, cookie = opened[:32], opened[32:]
        self.shared = sodium.crypto_box_beforenm(theirs, self.short_secret)
        vouch_nonce, nonce = os.urandom(16), self.nonce()
        vouch = sodium.crypto_box((signs or self.short) + self.server, b"VOUCH---" + vouch_nonce, theirs, self.secret)
        inner = self.public + vouch_nonce + vouch + properties(Socket_Type=b"DEALER")
        box = sodium.crypto_box_afternm(inner, b"CurveZMQINITIATE" + nonce, self.shared)
        return command(b"INITIATE", cookie + nonce + box)

    def message(self, flags: int, body: bytes) -> bytes:
        nonce = self.nonce()
        return (
            b"\x07MESSAGE"
            + nonce
            + sodium.crypto_box_afternm(bytes((flags,)) + body, b"CurveZMQMESSAGEC" + nonce, self.shared)
        )

    def opened(self, said: bytes) -> bytes:
        return sodium.crypto_box_open_afternm(said[16:], b"CurveZMQMESSAGES" + said[8:16], self.shared)


@pytest.fixture
def pair() -> tuple[Client, Curve]:
    public, secret = sodium.crypto_box_keypair()
    client = Client(public)
    return client, Curve(public, secret, lambda key: key == client.public)


def test_curve_lets_the_listed_key_in(pair: tuple[Client, Curve]) -> None:
    client, server = pair
    assert server.handshake(client.initiate(server.handshake(client.hello()))).startswith(b"\x05READY")
    assert server.ready and server.key == client.public
    flags, body = server.open(memoryview(client.message(1, b"part")))
    assert (flags, bytes(body)) == (1, b"part")
    assert server.open(memoryview(client.message(2, b"\x04PING")))[0] == 4
    assert client.opened(server.seal(1, b"reply")) == b"\x01reply"


def test_curve_refuses_another_key_and_says_so(pair: tuple[Client, Curve]) -> None:
    client, server = pair
    client.public, client.secret = sodium.crypto_box_keypair()
    server._admits = lambda key: False
    with pytest.raises(Refused) as caught:
        server.handshake(client.initiate(server.handshake(client.hello())))
    assert caught.value.reply == frame(b"\x05ERROR\x03400", 4) and not server.ready


def changed(data: bytes, at: int) -> bytes:
    other = bytearray(data)
    other[at] ^= 1
    return bytes(other)


def test_curve_opens_nothing_that_was_changed_or_sent_before(pair: tuple[Client, Curve]) -> None:
    client, server = pair

    def fresh() -> Curve:
        return Curve(server._public, server._secret, lambda key: True)

    hello = client.hello()
    for at in (90, 113, 150):
        with pytest.raises(Violation):
            fresh().handshake(changed(hello, at))
    for at in (10, 106, 120, -1):
        victim = fresh()
        initiate = client.initiate(victim.handshake(client.hello()))
        with pytest.raises(Violation):
            victim.handshake(changed(initiate, at))
    server.handshake(client.initiate(server.handshake(client.hello())))
    said = client.message(0, b"once")
    server.open(memoryview(said))
    for bad in (said, said[:20], b"\x07MESSAGE", b"", said[:-1] + b"x", client.message(0, b"")[:-1]):
        with pytest.raises(Violation):
            server.open(memoryview(bad))


def test_curve_demands_a_vouch_for_this_connection(pair: tuple[Client, Curve]) -> None:
    client, server = pair
    with pytest.raises(Violation, match="vouch"):
        server.handshake(client.initiate(server.handshake(client.hello()), signs=os.urandom(32)))
    with pytest.raises(Violation):
        Curve(server._public, server._secret, lambda key: True).handshake(b"\x08INITIATE" + bytes(300))
