"""All connections of a server: accepted, read, served in turn, and closed when they ask for too much.

The work of a turn is bounded. Whoever has had the least of it so far is served first: a client that sends costly
messages by the thousand waits behind one that sends a ping. Half of every turn is for those who sent little: hundreds
of clients that each send a costly message make nobody wait who sends a ping.
"""

from __future__ import annotations

import contextlib
import heapq
import logging
import selectors
import time
from collections.abc import Callable, Sequence
from typing import Any

from art3d_node.server.net.accounts import BAN_S
from art3d_node.server.net.arrivals import Arrivals, Listener
from art3d_node.server.net.connection import Connection
from art3d_node.server.net.frames import Mechanism, Refused, Violation
from art3d_node.server.net.grants import Grants
from host_bridge.wire.limits import CHUNK_BYTES, HEADER_BYTES

log = logging.getLogger(__name__)
MESSAGE_BYTES = CHUNK_BYTES + HEADER_BYTES + 1024
SERVE_S = 0.02
LITTLE_BYTES = 2048
SWEEP_S = 0.5
HANDSHAKE_S = 5.0
MIDWAY_S = 30.0
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Hub:
    """The connections.

    Args:
        listeners: where clients arrive.
        mechanism: makes the security of one connection.
        most: bound of the connections; one source may have half of them.
        received: called with every message.
        left: called with every connection that is gone.
        sent: called with the loans whose payload has gone out.
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
        self._received, self._left, self._sent, self._name_of = received, left, sent, name_of
        self._selector = selectors.DefaultSelector()
        self._interest: dict[bytes, int] = {}
        self.connections: dict[bytes, Connection] = {}
        self._ready: dict[bytes, Connection] = {}
        self._grants = Grants()
        self._arrivals = Arrivals(
            listeners, self._selector, mechanism=mechanism, most=most, connections=self.connections, drop=self.drop
        )
        self._served_s = self._swept_s = 0.0

    def watch(self, thing: Any, events: int, call: Callable[[], None]) -> None:
        """Calls when something else is ready."""
        try:
            self._selector.modify(thing, events, call)
        except KeyError:
            self._selector.register(thing, events, call)

    def unwatch(self, thing: Any) -> None:
        """No longer."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(thing)

    def turn(self, timeout_s: float) -> None:
        """Waits for something to happen, at most so long, and does a bounded part of it."""
        events = self._selector.select(0.0 if self._ready else timeout_s)
        now_s = time.monotonic()
        for key, mask in events:
            owner = key.data
            if isinstance(owner, Connection):
                self._touch(owner, mask, now_s)
            elif isinstance(owner, Listener):
                for connection in self._arrivals.accept(owner, now_s):
                    self._send_own(connection)
            else:
                owner()
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
            if not self._grants.allows(connection):
                self._want(connection)
            elif connection.read(now_s):
                self._ready[connection.id] = connection
                connection.account.served_s = max(connection.account.served_s, self._served_s)
            else:
                self.drop(connection)

    def _take_back(self, connection: Connection) -> None:
        for waiting in self._grants.end(connection):
            self._want(waiting)

    def _serve(self, now_s: float) -> None:
        little = [connection for connection in self._ready.values() if connection.peer.held_bytes <= LITTLE_BYTES]
        self._serve_in_turn(little, now_s + 0.5 * SERVE_S)
        self._serve_in_turn(list(self._ready.values()), now_s + SERVE_S)

    def _serve_in_turn(self, ready: Sequence[Connection], end_s: float) -> None:
        """Their messages, until all are served or the time is over."""
        order = [(connection.account.served_s, connection.id) for connection in ready]
        heapq.heapify(order)
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
            self._send_own(connection)
            if connection.peer.ready and not was_ready:
                self._known(connection)
            if message is None or connection.id not in self.connections:
                return False
            self._take_back(connection)
            self._received(connection, message)
        except Refused as refusal:
            log.warning("%s is refused: %s", connection.account.name, refusal)
            connection.send_bytes(refusal.reply)
            connection.closing = True
            self._flush(connection)
            return False
        except Violation as fault:
            self._punish(connection, str(fault))
            return False
        # Who does not read is not served further.
        return connection.id in self.connections and not connection.choked

    def _send_own(self, connection: Connection) -> None:
        out = connection.peer.take_out()
        if out:
            connection.send_bytes(out)
            self._flush(connection)

    def _known(self, connection: Connection) -> None:
        key = connection.peer.mechanism.key
        if key:
            connection.account.connections -= 1
            connection.account = self._arrivals.accounts.of(f"key {self._name_of(key)}")
            connection.account.connections += 1
            if connection.account.banned_until_s > time.monotonic():
                raise Violation("it was sent away a moment ago")

    def _punish(self, connection: Connection, reason: str) -> None:
        account = connection.account
        if not account.shared and connection.peer.ready:
            account.banned_until_s = time.monotonic() + BAN_S
        log.warning("a connection of %s is closed: %s", account.name, reason)
        self.drop(connection)

    def admit(self, connection: Connection) -> None:
        """It has said hello: it may send whole chunks now."""
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
        reads = not (connection.choked or connection.closing or self._grants.starves(connection))
        interest = (_READ if reads else 0) | (_WRITE if connection.unsent else 0)
        have = self._interest.get(connection.id, 0)
        if interest == have:
            return
        if not have:
            self._selector.register(connection.socket, interest, connection)
        elif not interest:
            self._selector.unregister(connection.socket)
        else:
            self._selector.modify(connection.socket, interest, connection)
        self._interest[connection.id] = interest
        if reads and not have & _READ:
            self._ready[connection.id] = connection  # what was read already may hold more

    def _sweep(self, now_s: float) -> None:
        self._arrivals.sweep(now_s)
        for connection in list(self.connections.values()):
            silent_s, age_s = now_s - connection.heard_s, now_s - connection.opened_s
            lost = connection.peer.midway and silent_s > MIDWAY_S and not self._grants.starves(connection)
            if self._grants.too_slow(connection, now_s) or lost or (not connection.peer.ready and age_s > HANDSHAKE_S):
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
        self._grants.forget(connection)
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
        self._arrivals.close()
        self._selector.close()
