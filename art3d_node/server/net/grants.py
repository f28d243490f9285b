"""Memory for large messages that are still coming in: bounded over all connections, and half of it for one source."""

from __future__ import annotations

import time

from art3d_node.server.net.connection import Connection
from art3d_node.server.net.zmtp import LARGE_BYTES

HELD_BYTES = 48 << 20  # of large messages that are still coming in, of all connections
HELD_RATE = 4 << 20  # bytes per second that one must bring while others wait for memory
STALLED_S = 1.0


class Grants:
    """Who holds how much, and who waits."""

    def __init__(self) -> None:
        self._held_bytes = 0
        self._starved: dict[bytes, Connection] = {}

    def allows(self, connection: Connection) -> bool:
        """Grants memory for a large message, if there is some; else its connection is not read until there is."""
        kept = connection.peer.kept_bytes
        more = kept - connection.granted_bytes
        if kept < LARGE_BYTES or more <= 0:
            return True
        if self._held_bytes + more > HELD_BYTES or connection.account.held_bytes + more > HELD_BYTES // 2:
            self._starved[connection.id] = connection
            return False
        connection.granted_s = connection.granted_s or time.monotonic()
        self._grant(connection, more)
        return True

    def _grant(self, connection: Connection, nbytes: int) -> None:
        connection.granted_bytes += nbytes
        connection.account.held_bytes += nbytes
        self._held_bytes += nbytes

    def starves(self, connection: Connection) -> bool:
        """Whether a connection waits for memory."""
        return connection.id in self._starved

    def end(self, connection: Connection) -> list[Connection]:
        """The message is complete; those who may try again now."""
        if not connection.granted_bytes:
            return []
        self._grant(connection, -connection.granted_bytes)
        connection.granted_s = 0.0
        waiting, self._starved = self._starved, {}
        return list(waiting.values())

    def forget(self, connection: Connection) -> None:
        """A connection that is gone waits for nothing."""
        self._starved.pop(connection.id, None)

    def too_slow(self, connection: Connection, now_s: float) -> bool:
        """Whether a message takes its time with memory that others wait for."""
        held_s = now_s - connection.granted_s if connection.granted_bytes else 0.0
        return bool(self._starved) and held_s > STALLED_S + connection.granted_bytes / HELD_RATE
