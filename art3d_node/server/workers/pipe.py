"""The pipe between the front and a worker: records with their length in front, over a pair of sockets.

The front's end never waits: what a worker does not take is kept, up to a bound, and sent when there is room again.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from art3d_node.server.workers.records import pack, unpack

RECORD_BYTES = 16 << 20
UNSENT_BYTES = 4 << 20
READ_BYTES = 1 << 18
_LENGTH = struct.Struct("<I")


class Broken(Exception):
    """The other end is gone, or does not speak as it should."""


def framed(messages: Sequence[Any]) -> bytes:
    """The bytes of some records as they pass through a pipe."""
    data = pack(messages)
    return _LENGTH.pack(len(data)) + data


class Reader:
    """Turns what comes out of a pipe, however it is cut, into records."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """The records that are complete with these bytes.

        Raises:
            Broken: they cannot be a worker's.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > RECORD_BYTES:
                raise Broken(f"a record of {length} bytes")
            if len(self._buffer) < _LENGTH.size + length:
                return
            record = bytes(self._buffer[_LENGTH.size : _LENGTH.size + length])
            del self._buffer[: _LENGTH.size + length]
            yield from unpack(record)


class Pipe:
    """The front's end.

    Args:
        end: one of `socket.socketpair()`.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end, self._reader, self._unsent = end, Reader(), bytearray()

    def fileno(self) -> int:
        """For pollers."""
        return self._end.fileno()

    @property
    def unsent(self) -> bool:
        """Whether something waits for room."""
        return bool(self._unsent)

    def send(self, message: Any) -> None:
        """Sends a record, or keeps it until there is room.

        Raises:
            Broken: the worker is gone, or has taken nothing for long.
        """
        self._unsent += framed([message])
        self.flush()
        if len(self._unsent) > UNSENT_BYTES:
            raise Broken(f"{len(self._unsent)} bytes that it does not read")

    def flush(self) -> None:
        """Sends what there is room for now.

        Raises:
            Broken: the worker is gone.
        """
        try:
            while self._unsent:
                del self._unsent[: self._end.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError as error:
            raise Broken(str(error)) from None

    def receive(self) -> list[Any]:
        """The records that have come.

        Raises:
            Broken: the worker is gone.
        """
        try:
            data = self._end.recv(READ_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise Broken(str(error)) from None
        if not data:
            raise Broken("it has closed its pipe")
        try:
            return list(self._reader.feed(data))
        except Broken:
            raise
        except Exception as error:  # whatever a damaged worker may write
            raise Broken(f"a record that cannot be read: {type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Closes our end, which ends the worker."""
        self._end.close()
