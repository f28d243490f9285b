"""New connections: accepted while there is room, and made room for."""

from __future__ import annotations

import itertools
import logging
import selectors
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from art3d_node.server.net.accounts import Account, Accounts
from art3d_node.server.net.connection import Connection
from art3d_node.server.net.frames import Mechanism
from art3d_node.server.net.zmtp import Peer
from host_bridge.wire.limits import HEADER_BYTES

log = logging.getLogger(__name__)
STRANGER_BYTES = HEADER_BYTES + 1024
ACCEPTS = 32  # of one listener in a turn
PAUSE_S = 0.1
QUEUED_BYTES = 1 << 18  # that the kernel keeps for a client that does not read; else it keeps megabytes for each


@dataclass(frozen=True)
class Listener:
    """A listening socket: requests, or control."""

    socket: socket.socket
    control: bool


class Arrivals:
    """The listening sockets.

    Args:
        mechanism: makes the security of one connection.
        most: bound of the connections; one source may have half of them.
        connections: those that stand.
        drop: closes one of them.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        selector: selectors.BaseSelector,
        *,
        mechanism: Callable[[], Mechanism],
        most: int,
        connections: dict[bytes, Connection],
        drop: Callable[[Connection], None],
    ) -> None:
        self._listeners, self._selector, self._mechanism, self._most = tuple(listeners), selector, mechanism, most
        self._connections, self._drop = connections, drop
        self._numbers = itertools.count(1)
        self.accounts = Accounts()
        self._paused_s = 0.0
        for listener in self._listeners:
            listener.socket.setblocking(False)
        self._listen()

    def _listen(self) -> None:
        for listener in self._listeners:
            self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def accept(self, listener: Listener, now_s: float) -> list[Connection]:
        """Those that have come, and for which there is room."""
        entered: list[Connection] = []
        for _ in range(ACCEPTS):
            try:
                accepted, _ = listener.socket.accept()
            except OSError as error:
                if not isinstance(error, BlockingIOError):
                    self._pause(now_s, error)
                break
            try:
                connection = self._enter(accepted, self.accounts.of_socket(accepted), listener, now_s)
                entered += [connection] if connection is not None else []
            except OSError as error:
                log.warning("a connection is closed: %s", error)
                accepted.close()
        return entered

    def _enter(self, accepted: socket.socket, account: Account, listener: Listener, now_s: float) -> Connection | None:
        if account.banned_until_s > now_s or not self._room(account):
            accepted.close()
            return None
        if accepted.family != socket.AF_UNIX:
            _prepare(accepted)
        peer = Peer(self._mechanism(), limit_bytes=STRANGER_BYTES)
        connection = Connection(next(self._numbers), accepted, peer, account, control=listener.control, now_s=now_s)
        account.connections += 1
        self._connections[connection.id] = connection
        return connection

    def _room(self, account: Account) -> bool:
        """Whether there is room for one of this source, if need be where another was that never said hello."""
        crowd = account.connections >= self._most // 2
        if not crowd and len(self._connections) < self._most:
            return True
        of = account if crowd else None
        strangers = [c for c in self._connections.values() if not c.admitted and of in (None, c.account)]
        oldest = max(strangers, key=lambda c: (c.account.connections, -c.opened_s), default=None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def _pause(self, now_s: float, error: OSError) -> None:
        log.warning("no connection can be accepted: %s", error.strerror)
        self._paused_s = now_s
        for listener in self._listeners:
            self._selector.unregister(listener.socket)

    def sweep(self, now_s: float) -> None:
        """Listens again after a pause."""
        if self._paused_s and now_s - self._paused_s > PAUSE_S:
            self._paused_s = 0.0
            self._listen()

    def close(self) -> None:
        """Closes the listening sockets."""
        for listener in self._listeners:
            if not self._paused_s:
                self._selector.unregister(listener.socket)
            listener.socket.close()


def _prepare(accepted: socket.socket) -> None:
    """Small messages go at once, a machine that vanished is noticed, and what nobody reads takes little memory."""
    for level, option, value in (
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
        (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, QUEUED_BYTES),
    ):
        accepted.setsockopt(level, option, value)
