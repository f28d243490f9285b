"""All connections of a server: accepted, read, served in turn, and closed when they ask for too much.

The work of a turn is bounded. Whoever has had the least of it so far is served first: a client that sends costly
messages by the thousand waits behind one that sends a ping.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import selectors
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from art3d_node.server.net.accounts import BAN_S, Account, Accounts
from art3d_node.server.net.connection import Connection
from art3d_node.server.net.frames import Mechanism, Refused, Violation
from art3d_node.server.net.zmtp import LARGE_BYTES, Peer
from host_bridge.wire.limits import CHUNK_BYTES, HEADER_BYTES

log = logging.getLogger(__name__)
MESSAGE_BYTES = CHUNK_BYTES + HEADER_BYTES + 1024
STRANGER_BYTES = HEADER_BYTES + 1024
SERVE_S = 0.02
ACCEPTS = 32
SWEEP_S = 0.5
HANDSHAKE_S = 5.0
MIDWAY_S = 30.0
STALLED_S = 1.0
HELD_BYTES = 48 << 20  # of large messages that are still coming in, of all connections
HELD_RATE = 4 << 20  # bytes per second that one must bring while others wait for memory
ACCEPT_PAUSE_S = 0.1
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@dataclass(frozen=True)
class Listener:
    """A listening socket: requests, or control."""

    socket: socket.socket
    control: bool


class Hub:
    """The connections.

    Args:
        listeners: where clients arrive.
        mechanism: makes the security of one connection.
        most: bound of the connections; one source may have half of them.
        received: told of every message.
        left: told of every connection that is gone, with the loans that ended.
        name_of: names the owner of a public key.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        *,
        mechanism: Callable[[], Mechanism],
        most: int,
        received: Callable[[Connection, list[memoryview]], None],
        left: Callable[[Connection], None],
        sent: Callable[[Sequence[int]], None],
        name_of: Callable[[bytes], str],
    ) -> None:
        self._listeners, self._mechanism, self.most = tuple(listeners), mechanism, most
        self._received, self._left, self._sent, self._name_of = received, left, sent, name_of
        self._selector = selectors.DefaultSelector()
        self._interest: dict[bytes, int] = {}
        self._numbers = itertools.count(1)
        self._accounts = Accounts()
        self.connections: dict[bytes, Connection] = {}
        self._ready: dict[bytes, Connection] = {}
        self._starved: dict[bytes, Connection] = {}
        self._held_bytes, self._served_s = 0, 0.0
        self._swept_s = self._paused_s = 0.0
        for listener in self._listeners:
            listener.socket.setblocking(False)
            self._selector.register(listener.socket, _READ, listener)

    def watch(self, thing: Any, events: int, told: Callable[[], None]) -> None:
        """Calls when something else is ready."""
        try:
            self._selector.modify(thing, events, told)
        except KeyError:
            self._selector.register(thing, events, told)

    def unwatch(self, thing: Any) -> None:
        """No longer."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(thing)

    def turn(self, timeout_s: float) -> None:
        """Waits for something to happen, at most so long, and does a bounded part of it."""
        events = self._selector.select(0.0 if self._ready else timeout_s)
        now_s = time.monotonic()
        for key, mask in events:
            what = key.data
            if isinstance(what, Connection):
                self._touch(what, mask, now_s)
            elif isinstance(what, Listener):
                self._accept(what, now_s)
            else:
                what()
        self._serve(now_s)
        if now_s - self._swept_s > SWEEP_S:
            self._swept_s = now_s
            self._sweep(now_s)

    def _touch(self, connection: Connection, mask: int, now_s: float) -> None:
        if connection.id not in self.connections:
            return
        if mask & _WRITE and not self._flush(connection):
            return
        if mask & _READ and connection.id not in self._ready and not connection.closing:
            if not self._may_read(connection):
                self._starved[connection.id] = connection
                self._want(connection)
            elif connection.read(now_s):
                self._ready[connection.id] = connection
                connection.account.served_s = max(connection.account.served_s, self._served_s)
            else:
                self.drop(connection)

    def _may_read(self, connection: Connection) -> bool:
        """Grants memory for a large message, if there is some; no source gets more than half of it."""
        kept = connection.peer.kept_bytes
        more = kept - connection.granted_bytes
        if kept < LARGE_BYTES or more <= 0:
            return True
        account = connection.account
        if self._held_bytes + more > HELD_BYTES or account.held_bytes + more > HELD_BYTES // 2:
            return False
        connection.granted_s = connection.granted_s or time.monotonic()
        self._grant(connection, more)
        return True

    def _grant(self, connection: Connection, nbytes: int) -> None:
        connection.granted_bytes += nbytes
        connection.account.held_bytes += nbytes
        self._held_bytes += nbytes

    def _take_back(self, connection: Connection) -> None:
        """The message is complete: others may have the memory."""
        if connection.granted_bytes:
            self._grant(connection, -connection.granted_bytes)
            connection.granted_s = 0.0
            fed, self._starved = self._starved, {}
            for waiting in fed.values():
                self._want(waiting)

    def _serve(self, now_s: float) -> None:
        """Messages in turn, until all are served or the time is over."""
        order = [(c.account.served_s, c.id) for c in self._ready.values()]
        heapq.heapify(order)
        end_s = now_s + SERVE_S
        while order:
            _, number = heapq.heappop(order)
            connection = self._ready.get(number)
            if connection is None:
                continue
            start_s = time.monotonic()
            more = self._serve_one(connection)
            spent_s = time.monotonic() - start_s
            account = connection.account
            self._served_s = max(self._served_s, account.served_s)
            account.served_s += spent_s
            if more:
                heapq.heappush(order, (account.served_s, number))
            else:
                self._ready.pop(number, None)
            if start_s + spent_s > end_s:
                break

    def _serve_one(self, connection: Connection) -> bool:
        """One message; whether there may be another."""
        try:
            was_ready = connection.peer.ready
            message = connection.peer.next()
            self._say_own(connection)
            if connection.peer.ready and not was_ready:
                self._known(connection)
            if message is None or connection.id not in self.connections:
                return False
            self._take_back(connection)
            self._received(connection, message)
        except Refused as refusal:
            log.warning("%s is refused: %s", connection.account.name, refusal)
            connection.say(refusal.reply)
            connection.closing = True
            self._flush(connection)
            return False
        except Violation as fault:
            self._punish(connection, str(fault))
            return False
        # Who does not read is not served further.
        return connection.id in self.connections and not connection.choked

    def _say_own(self, connection: Connection) -> None:
        said = connection.peer.take_out()
        if said:
            connection.say(said)
            self._flush(connection)

    def _known(self, connection: Connection) -> None:
        key = connection.peer.mechanism.key
        if key:
            connection.account.connections -= 1
            connection.account = self._accounts.of(f"key {self._name_of(key)}")
            connection.account.connections += 1
            if connection.account.banned_until_s > time.monotonic():
                raise Violation("it was sent away a moment ago")

    def _punish(self, connection: Connection, why: str) -> None:
        account = connection.account
        if not account.shared and connection.peer.ready:
            account.banned_until_s = time.monotonic() + BAN_S
        log.warning("a connection of %s is closed: %s", account.name, why)
        self.drop(connection)

    def admit(self, connection: Connection) -> None:
        """LogLine hello: it may send whole chunks now."""
        connection.admitted, connection.peer.limit_bytes = True, MESSAGE_BYTES

    def send(self, number: bytes, parts: Sequence[Any], *, loan: int = 0, idle: bool = False) -> bool:
        """Sends a message, now or when there is room, or only if nothing else waits; whether the connection stands."""
        connection = self.connections.get(number)
        if connection is None:
            return False
        if idle and connection.unsent:
            return True
        try:
            connection.send(parts, loan=loan)
        except Violation as fault:
            log.warning("a connection of %s is closed: %s", connection.account.name, fault)
            self.drop(connection)
            return False
        return self._flush(connection)

    def _flush(self, connection: Connection) -> bool:
        try:
            ended = connection.write()
        except OSError:
            self.drop(connection)
            return False
        if ended:
            self._sent(ended)
        if connection.closing and not connection.unsent:
            self.drop(connection)
            return False
        self._want(connection)
        return True

    def _want(self, connection: Connection) -> None:
        """Tells the selector what matters of a connection."""
        reads = not (connection.choked or connection.closing or connection.id in self._starved)
        wanted = (_READ if reads else 0) | (_WRITE if connection.unsent else 0)
        have = self._interest.get(connection.id, 0)
        if wanted == have:
            return
        if not have:
            self._selector.register(connection.socket, wanted, connection)
        elif not wanted:
            self._selector.unregister(connection.socket)
        else:
            self._selector.modify(connection.socket, wanted, connection)
        self._interest[connection.id] = wanted
        if reads and not have & _READ:
            self._ready[connection.id] = connection  # what was read already may hold more

    def _accept(self, listener: Listener, now_s: float) -> None:
        for _ in range(ACCEPTS):
            try:
                accepted, _ = listener.socket.accept()
            except OSError as error:
                if not isinstance(error, BlockingIOError):
                    self._pause_accepting(now_s, error)
                return
            try:
                account = self._accounts.of_socket(accepted)
                self._enter(accepted, account, listener, now_s)
            except OSError as error:
                log.warning("a connection is closed: %s", error)
                accepted.close()

    def _enter(self, accepted: socket.socket, account: Account, listener: Listener, now_s: float) -> None:
        if account.banned_until_s > now_s:
            accepted.close()
            return
        crowd = account.connections >= self.most // 2
        if (crowd or len(self.connections) >= self.most) and not self._make_way(account if crowd else None):
            accepted.close()
            return
        if accepted.family != socket.AF_UNIX:
            _prepare(accepted)
        peer = Peer(self._mechanism(), limit_bytes=STRANGER_BYTES)
        connection = Connection(next(self._numbers), accepted, peer, account, control=listener.control, now_s=now_s)
        account.connections += 1
        self.connections[connection.id] = connection
        self._say_own(connection)

    def _make_way(self, account: Account | None) -> bool:
        """Closes the oldest connection that never said hello, of the source that has most of them."""
        strangers = [c for c in self.connections.values() if not c.admitted and account in (None, c.account)]
        oldest = max(strangers, key=lambda c: (c.account.connections, -c.opened_s), default=None)
        if oldest is not None:
            self.drop(oldest)
        return oldest is not None

    def _pause_accepting(self, now_s: float, error: OSError) -> None:
        log.warning("no connection can be accepted: %s", error.strerror)
        self._paused_s = now_s
        for listener in self._listeners:
            self.unwatch(listener.socket)

    def _sweep(self, now_s: float) -> None:
        if self._paused_s and now_s - self._paused_s > ACCEPT_PAUSE_S:
            self._paused_s = 0.0
            for listener in self._listeners:
                self._selector.register(listener.socket, _READ, listener)
        for connection in list(self.connections.values()):
            silent_s, age_s = now_s - connection.heard_s, now_s - connection.opened_s
            held_s = now_s - connection.granted_s if connection.granted_bytes else 0.0
            slow = self._starved and held_s > STALLED_S + connection.granted_bytes / HELD_RATE
            lost = connection.peer.midway and silent_s > MIDWAY_S and connection.id not in self._starved
            if slow or lost or (not connection.peer.ready and age_s > HANDSHAKE_S):
                self.drop(connection)

    def drop_keys(self, allowed: Callable[[bytes], bool]) -> None:
        """Closes the connections whose key is no longer in the list."""
        for connection in list(self.connections.values()):
            key = connection.peer.mechanism.key
            if key and not allowed(key):
                log.warning("a connection of %s is closed: its key was taken from the list", connection.account.name)
                self.drop(connection)

    def drop(self, connection: Connection) -> None:
        """Closes a connection at once."""
        if self.connections.pop(connection.id, None) is None:
            return
        if self._interest.pop(connection.id, 0):
            self._selector.unregister(connection.socket)
        self._ready.pop(connection.id, None)
        self._starved.pop(connection.id, None)
        self._take_back(connection)
        connection.account.connections -= 1
        ended = connection.close()
        if ended:
            self._sent(ended)
        self._left(connection)

    def close(self) -> None:
        """Sends what can be sent at once, and closes everything."""
        for connection in list(self.connections.values()):
            with contextlib.suppress(OSError):
                connection.write()
            self.drop(connection)
        for listener in self._listeners:
            self.unwatch(listener.socket)
            listener.socket.close()
        self._selector.close()


def _prepare(accepted: socket.socket) -> None:
    """Small messages go at once, and a machine that vanished is noticed."""
    for level, option, value in (
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000),
    ):
        accepted.setsockopt(level, option, value)
