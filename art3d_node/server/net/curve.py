"""CURVE as a server speaks it: libsodium's boxes in the order of https://rfc.zeromq.org/spec/26/, without a socket."""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Callable
from typing import Any

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from art3d_node.server.net.frames import Refused, Violation, command, frame, properties, validate_peer

HELLO_BYTES, INITIATE_BYTES = 200, 257
COOKIE_BYTES = 96
_COMMAND = 4
_NONCE = struct.Struct(">Q")
_MESSAGE = b"\x07MESSAGE"
_FORBIDDEN = b"400"  # as ZAP says "authentication failure"; libzmq tells its application


class Curve:
    """The server's side of one connection.

    Args:
        public, secret: the server's pair, 32 bytes each.
        admits: whether the owner of a public key may come in.
    """

    name = b"CURVE"

    def __init__(self, public: bytes, secret: bytes, admits: Callable[[bytes], bool]) -> None:
        self._public, self._secret, self._admits = public, secret, admits
        self.ready, self.key = False, b""
        self._cookie = b""
        self._theirs = self._shared = b""
        self._own: tuple[bytes, bytes] = (b"", b"")
        self._sent, self._received = 1, 0

    def opening(self) -> bytes:
        """Nothing: the client speaks first."""
        return b""

    def handshake(self, received: bytes) -> bytes:
        """WELCOME for HELLO, READY for INITIATE.

        Raises:
            Violation: it is neither, or a box does not open.
            Refused: the key is not admitted.
        """
        try:
            return self._welcome(received) if not self._cookie else self._let_in(received)
        except (CryptoError, ValueError, TypeError) as error:
            raise Violation(f"a box that does not open: {type(error).__name__}") from None

    def _welcome(self, received: bytes) -> bytes:
        if len(received) != HELLO_BYTES or not received.startswith(b"\x05HELLO\x01\x00"):
            raise Violation("no HELLO")
        self._theirs, nonce = received[80:112], received[112:120]
        self._receive(nonce)
        sodium.crypto_box_open(received[120:], b"CurveZMQHELLO---" + nonce, self._theirs, self._secret)
        self._own = sodium.crypto_box_keypair()
        # The state is kept here, as small as a cookie's; the cookie proves that INITIATE follows this WELCOME.
        self._cookie = os.urandom(COOKIE_BYTES)
        long_nonce = os.urandom(16)
        box = sodium.crypto_box(self._own[0] + self._cookie, b"WELCOME-" + long_nonce, self._theirs, self._secret)
        return command(b"WELCOME", long_nonce + box)

    def _let_in(self, received: bytes) -> bytes:
        if len(received) < INITIATE_BYTES or not received.startswith(b"\x08INITIATE"):
            raise Violation("no INITIATE")
        cookie, nonce = received[9 : 9 + COOKIE_BYTES], received[105:113]
        if not hmac.compare_digest(cookie, self._cookie):
            raise Violation("another cookie")
        self._receive(nonce)
        self._shared = sodium.crypto_box_beforenm(self._theirs, self._own[1])
        inner = sodium.crypto_box_open_afternm(received[113:], b"CurveZMQINITIATE" + nonce, self._shared)
        key, vouch_nonce, vouch, metadata = inner[:32], inner[32:48], inner[48:128], inner[128:]
        opened = sodium.crypto_box_open(vouch, b"VOUCH---" + vouch_nonce, key, self._own[1])
        if not hmac.compare_digest(opened, self._theirs + self._public):
            raise Violation("a vouch for another connection")
        if not self._admits(key):
            raise Refused("its key is not in the list", frame(command(b"ERROR", command(_FORBIDDEN)), _COMMAND))
        validate_peer(metadata)
        self.key, self.ready = key, True
        about = properties(Socket_Type=b"ROUTER", Identity=b"")
        number = self._next()
        return command(b"READY", number + sodium.crypto_box_afternm(about, b"CurveZMQREADY---" + number, self._shared))

    def _receive(self, nonce: bytes) -> None:
        (number,) = _NONCE.unpack(nonce)
        if number <= self._received:
            raise Violation("a nonce that was used before")
        self._received = number

    def _next(self) -> bytes:
        number, self._sent = _NONCE.pack(self._sent), self._sent + 1
        return number

    def open(self, body: memoryview) -> tuple[int, memoryview]:
        """Flags and bytes of a frame of the peer.

        Raises:
            Violation: it is not the next one that the peer sealed.
        """
        if len(body) < 33 or body[:8] != _MESSAGE:
            raise Violation("no MESSAGE")
        nonce = bytes(body[8:16])
        self._receive(nonce)
        try:
            opened = sodium.crypto_box_open_easy_afternm(bytes(body[16:]), b"CurveZMQMESSAGEC" + nonce, self._shared)
        except CryptoError:
            raise Violation("a message that does not open") from None
        return _flags(opened[0]), memoryview(opened)[1:]

    def seal(self, flags: int, body: Any) -> Any:
        """A frame's body, sealed with its flags inside."""
        nonce = self._next()
        box = sodium.crypto_box_easy_afternm(bytes((_sealed_flags(flags),)) + bytes(body), b"CurveZMQMESSAGES" + nonce,
                                             self._shared)  # fmt: skip
        return _MESSAGE + nonce + box


def _flags(sealed: int) -> int:
    """Frame flags from those inside a box, where bit 1 says that it is a command."""
    return (sealed & 1) | (_COMMAND if sealed & 2 else 0)


def _sealed_flags(flags: int) -> int:
    return (flags & 1) | (2 if flags & _COMMAND else 0)
