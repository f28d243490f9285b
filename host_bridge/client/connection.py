"""One connection to a server: sockets, hello, requests and their replies. `client` is what callers use."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from host_bridge.client.address import is_ipv6
from host_bridge.core.errors import Art3DError, ProtocolError, SegmentError, ServerUnreachableError
from host_bridge.core.keyring import ClientKeys
from host_bridge.wire import messages as m
from host_bridge.wire.codec import decode, encode, error_of
from host_bridge.wire.limits import REPLY_HEADER_BYTES
from host_bridge.wire.memory import attach

log = logging.getLogger(__name__)
SILENCE_S = 20.0
REVIVE_S = 1.0
# Its workers read the networks first: some seconds on free cores and a warm disk, minutes on neither.
LOADING_S = 1800.0
NOTICE_S = 3.0
LOCAL = ("ipc://", "tcp://127.", "tcp://localhost", "tcp://[::1]")


@dataclass
class Reply:
    """What came back for one request."""

    message: Any
    payload: zmq.Frame | None


class Lost(Exception):
    """The connection broke; requests on it will not be answered."""


class Connection:
    """A greeted connection.

    Args:
        address: the server's endpoint.
        hello_timeout_s: how long to wait for its welcome.
        name: for the logs of the server.
        revive: called while nobody answers the greeting; starts the server afresh where that is the client's to do.

    Raises:
        ServerUnreachableError: nobody answers in time, or the server refuses the key.
        ProtocolError: the server speaks another protocol.
    """

    def __init__(
        self,
        address: str,
        *,
        hello_timeout_s: float,
        name: str,
        keys: ClientKeys | None = None,
        revive: Callable[[], object] | None = None,
    ) -> None:
        self._revive = revive
        self.address, self._keys, self._name = address, keys, name
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._ids = itertools.count(1)
        self._waiting: dict[int, Reply | None] = {}
        self._control: zmq.Socket[bytes] | None = None
        self._socket = self._make_socket()
        # A refusal comes once and not repeated, so the monitor must listen before the socket connects.
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self._socket.connect(address)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        self._heard_s = time.monotonic()
        self._refused = self._greeting_sent = False
        try:
            self.welcome = self._greet(hello_timeout_s)
        except BaseException:
            self.close()
            raise
        self.memory = address.startswith(LOCAL) and self._probe()

    def _make_socket(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.LINGER, 0),
            (zmq.SNDHWM, 64),
            (zmq.RCVHWM, 1000),
            (zmq.RECONNECT_IVL, 20),
            (zmq.RECONNECT_IVL_MAX, 500),
            # Never for a name: ZeroMQ would then look for it in IPv6 alone.
            (zmq.IPV6, int(is_ipv6(self.address))),
        ):
            socket.setsockopt(option, value)
        if self._keys is not None:
            self._keys.secure(socket)
        return socket

    def _greet(self, timeout_s: float) -> m.Welcome:
        number, warned = next(self._ids), False
        self._waiting[number] = None
        start = revived_s = time.monotonic()
        while True:
            if not self._greeting_sent:
                # Or whoever heard it has gone since: its successor must hear it too.
                with contextlib.suppress(zmq.Again):
                    self._socket.send(encode(number, m.Hello(self._name)), zmq.NOBLOCK)
                    self._greeting_sent = True
            reply = self.poll(number, min(0.25, timeout_s), greeting=True)
            if reply is not None:
                break
            if self._refused:
                raise ServerUnreachableError("the server refused this key", where=self.address, remedy=self._advice())
            if self._revive is not None and time.monotonic() - max(self._heard_s, revived_s) > REVIVE_S:
                # It may have died while it was greeted; then nobody else starts it again.
                self._revive()
                revived_s = time.monotonic()
            # A server whose workers are still loading says progress meanwhile, and is worth waiting for.
            loading, waited_s = self._heard_s > start, time.monotonic() - start
            if loading and waited_s > NOTICE_S and not warned:
                log.warning("the server at %s is loading its networks, which takes some seconds", self.address)
                warned = True
            patience_s = max(timeout_s, LOADING_S) if loading else timeout_s
            if waited_s > patience_s:
                raise ServerUnreachableError(
                    f"no answer within {patience_s:g} s", where=self.address, remedy=self._advice()
                )
        if isinstance(reply.message, m.Failure):
            raise error_of(reply.message)
        if not isinstance(reply.message, m.Welcome):
            raise ProtocolError("the first answer is not a welcome", where=self.address, remedy="check the address")
        return reply.message

    def _advice(self) -> str:
        if self.address.startswith("ipc://"):
            return "is a server running there? start one with `art3d serve`, or leave --server out"
        if self._keys is None:
            return "is a server running there? off its own machine it also demands a key: see `art3d keys`"
        if self._refused:
            return f"its list must name {self._keys.public_text}"
        return f"is a server running there, is its key the right one, and does its list name {self._keys.public_text}?"

    def _probe(self) -> bool:
        probe = self.welcome.probe
        if probe is None or not sys.platform.startswith("linux"):
            return False
        with contextlib.suppress(SegmentError, OSError):
            attach(probe).close()
            return True
        return False

    def send(self, message: Any, payload: memoryview | None = None, *, answered: bool = True) -> int:
        """Sends a message; returns the number under which its reply will come.

        Raises:
            Lost: the server does not take messages any more.
        """
        number = next(self._ids)
        if answered:
            self._waiting[number] = None
        parts: list[Any] = [encode(number, message)] + ([payload] if payload is not None else [])
        for _ in range(200):
            with contextlib.suppress(zmq.Again):
                self._socket.send_multipart(parts, zmq.NOBLOCK, copy=payload is None)
                return number
            self._pump(100)
        raise Lost("the server takes no messages")

    def poll(self, number: int, timeout_s: float, *, greeting: bool = False) -> Reply | None:
        """The reply to a request, waiting at most so long; None when it has not come yet.

        Raises:
            Lost: the connection broke.
        """
        end = time.monotonic() + timeout_s
        while self._waiting.get(number) is None:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self._pump(max(1, int(left * 1000)), greeting=greeting)
        return self._waiting.pop(number)

    def forget(self, number: int) -> None:
        """A late reply to this request is thrown away."""
        self._waiting.pop(number, None)

    def _pump(self, timeout_ms: int, *, greeting: bool = False) -> None:
        events = dict(self._poller.poll(min(timeout_ms, 1000)))
        if self._socket in events:
            with contextlib.suppress(zmq.Again):
                while True:
                    self._take(self._socket.recv_multipart(zmq.NOBLOCK, copy=False))
        elif self._monitor in events:
            self._monitored(greeting)
        elif not greeting and self._waiting and time.monotonic() - self._heard_s > SILENCE_S:
            raise Lost(f"silent for {SILENCE_S:g} s")
        if not self._waiting:
            self._heard_s = time.monotonic()

    def _monitored(self, greeting: bool) -> None:
        event = parse_monitor_message(self._monitor.recv_multipart())["event"]
        self._refused |= event == zmq.EVENT_HANDSHAKE_FAILED_AUTH
        if event == zmq.EVENT_DISCONNECTED:
            if not greeting:
                raise Lost("the server closed the connection")
            self._greeting_sent = False

    def _take(self, parts: list[zmq.Frame]) -> None:
        self._heard_s = time.monotonic()
        envelope = decode(parts[0].buffer, limit_bytes=REPLY_HEADER_BYTES)
        if envelope.id in self._waiting:
            self._waiting[envelope.id] = Reply(envelope.message, parts[1] if len(parts) > 1 else None)
        elif isinstance(envelope.message, m.TileReply) and envelope.message.lease:
            self.send(m.Release((envelope.message.lease,)), answered=False)

    def cancel(self, numbers: tuple[int, ...]) -> None:
        """Asks over the control socket that these requests be dropped. Does not wait."""
        if self._control is None:
            self._control = self._make_socket()
            self._control.connect(self.control_address)
        with contextlib.suppress(zmq.Again):
            self._control.send(encode(next(self._ids), m.Cancel(self.welcome.session, numbers)), zmq.NOBLOCK)

    @property
    def control_address(self) -> str:
        """The control socket; a server that listens on all interfaces is asked where we found it."""
        control = self.welcome.control or self.address
        if control.startswith("tcp://") and self.address.startswith("tcp://"):
            return f"{self.address.rsplit(':', 1)[0]}:{control.rsplit(':', 1)[1]}"
        return control

    def close(self, *, polite: bool = False) -> None:
        """Closes all sockets; `polite` tells the server first."""
        if polite:
            with contextlib.suppress(zmq.ZMQError, Art3DError, Lost):
                self._socket.setsockopt(zmq.LINGER, 100)
                self._socket.send(encode(next(self._ids), m.Bye()), zmq.NOBLOCK)
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close()
        if self._control is not None:
            self._control.setsockopt(zmq.LINGER, 100)
            self._control.close()
        self._context.term()


def client_name() -> str:
    """How this process calls itself in the server's status."""
    return f"{os.path.basename(sys.argv[0] or 'python')[:40]} {os.getpid()}"
