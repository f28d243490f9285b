"""What ZMTP's peers say before and between messages: frames, commands, metadata, and the NULL mechanism."""

from __future__ import annotations

import struct
from typing import Any, Protocol

MORE, LONG, COMMAND = 1, 2, 4
SIZE = struct.Struct(">Q")
PEERS = (b"DEALER", b"ROUTER")


class Violation(Exception):
    """The peer does not keep to the protocol or to a limit; nothing more is read from it."""


class Refused(Exception):
    """The peer may not come in; `reply` is the frame that tells it."""

    def __init__(self, reason: str, reply: bytes) -> None:
        super().__init__(reason)
        self.reply = reply


class Mechanism(Protocol):
    """How a connection is secured: NULL or CURVE."""

    name: bytes
    ready: bool
    key: bytes  # the peer's public key, once it is proved

    def opening(self) -> bytes:
        """The command that follows the greeting, if the server says one unasked."""

    def handshake(self, command: bytes) -> bytes:
        """The answer to a command of the handshake."""

    def open(self, body: memoryview) -> tuple[int, memoryview]:
        """Flags and bytes of a frame of the peer."""

    def seal(self, flags: int, body: Any) -> Any:
        """A frame's body as it travels; what travels carries no flags where the mechanism hides them."""


def frame(body: bytes, flags: int = 0) -> bytes:
    """One short frame."""
    return head(len(body), flags) + body


def head(nbytes: int, flags: int) -> bytes:
    """What stands before a frame's body."""
    return bytes((flags, nbytes)) if nbytes < 256 else bytes((flags | LONG,)) + SIZE.pack(nbytes)


def command(name: bytes, body: bytes = b"") -> bytes:
    """The body of a command."""
    return bytes((len(name),)) + name + body


def properties(**named: bytes) -> bytes:
    """Metadata, as READY and INITIATE carry it."""
    return b"".join(command(name.replace("_", "-").encode()) + struct.pack(">I", len(value)) + value
                    for name, value in named.items())  # fmt: skip


def read_properties(data: bytes) -> dict[bytes, bytes]:
    """Metadata by lower-case name.

    Raises:
        Violation: it is cut or repeats itself without end.
    """
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        if name_end + 4 > len(data):
            raise Violation("metadata that is cut")
        (size,) = struct.unpack_from(">I", data, name_end)
        if name_end + 4 + size > len(data):
            raise Violation("metadata that is cut")
        found[data[at + 1 : name_end].lower()] = data[name_end + 4 : name_end + 4 + size]
        at = name_end + 4 + size
    return found


def validate_peer(metadata: bytes) -> None:
    """Proves that the peer is a socket that a ROUTER talks to.

    Raises:
        Violation: it is another.
    """
    kind = read_properties(metadata).get(b"socket-type", b"")
    if kind not in PEERS:
        raise Violation(f"a socket of type {kind[:16]!r}")


class Null:
    """No security: for connections that the operating system guards."""

    name, key = b"NULL", b""

    def __init__(self) -> None:
        self.ready = False

    def opening(self) -> bytes:
        """READY, which both sides say unasked."""
        return command(b"READY", properties(Socket_Type=b"ROUTER", Identity=b""))

    def handshake(self, received: bytes) -> bytes:
        """Takes the peer's READY.

        Raises:
            Violation: it says something else.
        """
        if not received.startswith(b"\x05READY"):
            raise Violation(f"{received[:16]!r} in place of READY")
        validate_peer(received[6:])
        self.ready = True
        return b""

    def open(self, body: memoryview) -> tuple[int, memoryview]:
        """Not used: frames travel as they are."""
        raise NotImplementedError

    def seal(self, flags: int, body: Any) -> Any:
        """As it is."""
        return body
