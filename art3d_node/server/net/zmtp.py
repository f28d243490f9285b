"""ZMTP 3.1 as a ROUTER speaks it to one peer, without a socket: bytes in, messages out, and bytes to be sent.

The specification is https://rfc.zeromq.org/spec/37/. Nothing is kept that a limit has not allowed first: a frame's
length and a message's parts are counted when their headers come, not when they are complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from art3d_node.server.net.frames import COMMAND, LONG, MORE, SIZE, Mechanism, Violation, frame, head

GREETING_BYTES = 64
COMMAND_BYTES = 4096
PARTS = 4
LARGE_BYTES = 1 << 14  # from here on a frame's bytes go straight to their place
READS_AHEAD_BYTES = 1 << 16
_SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
_PING, _PONG = b"\x04PING", b"\x04PONG"
_PING_CONTEXT_BYTES = 16


class _Stage(Enum):
    GREETING = 1
    HANDSHAKE = 2
    TRAFFIC = 3


@dataclass
class _Frame:
    """A frame whose header has come."""

    flags: int
    nbytes: int
    body: memoryview | None = None
    filled: int = 0


class Peer:
    """One connection's protocol.

    Args:
        mechanism: how it is secured.
        limit_bytes: bound of one message; may be raised later.
    """

    def __init__(self, mechanism: Mechanism, *, limit_bytes: int) -> None:
        self.mechanism, self.limit_bytes = mechanism, limit_bytes
        self._sealed = mechanism.name != b"NULL"
        self._stage, self._in, self._at = _Stage.GREETING, bytearray(), 0
        self._frame: _Frame | None = None
        self._parts: list[memoryview] = []
        self._bytes = 0  # of the message under way
        self.out = _SIGNATURE + b"\x03\x01" + mechanism.name.ljust(20, b"\0") + bytes((self._sealed,)) + bytes(31)

    @property
    def ready(self) -> bool:
        """Whether the handshake is over."""
        return self._stage is _Stage.TRAFFIC

    @property
    def midway(self) -> bool:
        """Whether a part of a message, or of the handshake, has come."""
        return not self.ready or bool(self._parts) or self._frame is not None or len(self._in) > self._at

    @property
    def kept_bytes(self) -> int:
        """What the message under way takes, its announced rest included."""
        return self._bytes

    @property
    def held_bytes(self) -> int:
        """What has come and is not handed out yet."""
        return len(self._in) - self._at + (self._frame.filled if self._frame is not None else 0)

    def room(self) -> memoryview | None:
        """Where the next bytes should be read to, when a large frame is under way; else they go to `feed`."""
        under_way = self._frame
        if under_way is None or under_way.body is None:
            return None
        return under_way.body[under_way.filled :]

    def written(self, count: int) -> None:
        """So many bytes were read to `room`."""
        assert self._frame is not None
        self._frame.filled += count

    def feed(self, data: bytes | memoryview) -> None:
        """Bytes that came."""
        if self._at:
            del self._in[: self._at]
            self._at = 0
        self._in += data

    def next(self) -> list[memoryview] | None:
        """The next message that is complete, or None when more bytes are needed.

        Raises:
            Violation, Refused: the connection is to be closed.
        """
        while True:
            if self._stage is _Stage.GREETING:
                if not self._greet():
                    return None
            elif (found := self._take_frame()) is None:
                return None
            elif (message := self._take(*found)) is not None:
                return message

    def take_out(self) -> bytes:
        """What the protocol itself has to say."""
        out, self.out = self.out, b""
        return out

    def _greet(self) -> bool:
        # Strangers are turned away by the first byte that is not of this protocol.
        have = self._in
        if (have and have[0] != 0xFF) or (len(have) > 9 and have[9] != 0x7F) or (len(have) > 10 and have[10] < 3):
            raise Violation("not ZMTP 3")
        if len(have) < GREETING_BYTES:
            return False
        name = bytes(have[12:32]).rstrip(b"\0")
        if name != self.mechanism.name:
            raise Violation(f"mechanism {name!r} in place of {self.mechanism.name!r}")
        self._at = GREETING_BYTES
        self._stage = _Stage.HANDSHAKE
        opening = self.mechanism.opening()
        self.out += frame(opening, COMMAND) if opening else b""
        return True

    def _take_frame(self) -> tuple[int, memoryview] | None:
        under_way = self._frame or self._head()
        if under_way is None:
            return None
        self._frame = under_way
        if under_way.body is None:
            end = self._at + under_way.nbytes
            if len(self._in) >= end:
                # The buffer is reused, so what is handed out is a copy.
                body = memoryview(bytes(memoryview(self._in)[self._at : end]))
                self._at, self._frame = end, None
                return under_way.flags, body
            if under_way.nbytes < LARGE_BYTES:
                return None
            self._make_room(under_way)
        if under_way.filled < under_way.nbytes:
            return None
        self._frame = None
        assert under_way.body is not None
        return under_way.flags, under_way.body

    def _make_room(self, under_way: _Frame) -> None:
        # Pages that nothing was written to take no memory.
        under_way.body = np.empty(under_way.nbytes, np.uint8).data
        have = len(self._in) - self._at
        under_way.body[:have] = memoryview(self._in)[self._at :]
        under_way.filled = have
        self._in, self._at = bytearray(), 0

    def _head(self) -> _Frame | None:
        have = len(self._in) - self._at
        if have < 2:
            return None
        flags, size = self._in[self._at], self._in[self._at + 1]
        if flags & ~(MORE | LONG | COMMAND) or (flags & MORE and flags & COMMAND):
            raise Violation(f"frame flags {flags:#x}")
        length = 2
        if flags & LONG:
            length = 9
            if have < length:
                return None
            (size,) = SIZE.unpack_from(self._in, self._at + 1)
        self._allow(flags, size)
        self._at += length
        return _Frame(flags, size)

    def _allow(self, flags: int, size: int) -> None:
        if not self.ready or flags & COMMAND:
            if size > COMMAND_BYTES:
                raise Violation(f"a command of {size} bytes")
            return
        self._bytes += size
        if self._bytes > self.limit_bytes:
            raise Violation(f"a message of {self._bytes} bytes or more")

    def _take(self, flags: int, body: memoryview) -> list[memoryview] | None:
        if self._stage is _Stage.HANDSHAKE:
            answer = self.mechanism.handshake(bytes(body))
            self.out += frame(answer, COMMAND) if answer else b""
            if self.mechanism.ready:
                self._stage = _Stage.TRAFFIC
            return None
        travelled = len(body)
        if self._sealed:
            flags, body = self.mechanism.open(body)
        if flags & COMMAND:
            if self._sealed:  # what it is shows only now
                self._bytes -= travelled
            self._command(bytes(body))
            return None
        self._parts.append(body)
        if len(self._parts) > PARTS:
            raise Violation(f"a message of more than {PARTS} parts")
        if flags & MORE:
            return None
        message, self._parts, self._bytes = self._parts, [], 0
        return message

    def _command(self, received: bytes) -> None:
        if received.startswith(_PING) and 7 <= len(received) <= 7 + _PING_CONTEXT_BYTES:
            self.out += b"".join(self.frames([_PONG + received[7:]], flags=COMMAND))
        elif not received.startswith(_PONG):
            raise Violation(f"command {received[:16]!r}")

    def frames(self, parts: Sequence[Any], *, flags: int = 0) -> list[Any]:
        """The buffers that carry a message."""
        buffers: list[Any] = []
        for index, part in enumerate(parts):
            frame_flags = flags | (MORE if index < len(parts) - 1 else 0)
            body = self.mechanism.seal(frame_flags, part)
            buffers += [head(len(body), 0 if self._sealed else frame_flags), body]
        return buffers
