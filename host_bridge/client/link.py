"""A client's way to its server: the connection of the moment, another when that is lost, and what a retry can help."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from host_bridge.client.connection import Connection, Lost, Reply, client_name
from host_bridge.client.pending import Pending
from host_bridge.client.server_process import ensure_server
from host_bridge.core.errors import (
    Art3DError,
    ServerError,
    ServerUnreachableError,
    UnknownClientError,
    WorkerLostError,
)
from host_bridge.core.keyring import ClientKeys
from host_bridge.wire.codec import error_of
from host_bridge.wire.messages import Failure

log = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 8
WORKER_TRIES = 1
MEANWHILE_S = 0.1
BACKOFF_S = (0.05, 2.0)


@dataclass(frozen=True)
class Access:
    """Which server, and how long it is waited for.

    Attributes:
        address: the server's endpoint, or None for the embedded server of this user, which is started when needed.
        device: of the embedded server.
        keys: of a server that asks for some, or None.
        hello_timeout_s: how long a server may take to answer the first message.
        timeout_s: deadline of one request, retries included.
    """

    address: str | None
    device: str
    keys: ClientKeys | None
    hello_timeout_s: float
    timeout_s: float


class Link:
    """The connection, and its successors.

    Args:
        access: which server.
        renewed: called with every new connection made; what was known of the server no longer holds.

    Raises:
        ServerUnreachableError: nobody answers, or the server refuses the key.
    """

    def __init__(self, access: Access, *, renewed: Callable[[], None]) -> None:
        self._access, self._renewed = access, renewed
        self.connection: Connection | None = None
        self.generation = 0
        self._connect()

    @property
    def open(self) -> Connection:
        """The connection of the moment.

        Raises:
            ServerError: the client is closed.
        """
        if self.connection is None:
            raise ServerError("the client is closed", remedy="open another")
        return self.connection

    def close(self) -> None:
        """Leaves the server."""
        if self.connection is not None:
            self.connection.close(polite=True)
            self.connection = None

    def _connect(self) -> None:
        device, address = self._access.device, self._access.address
        self.connection = Connection(
            address or ensure_server(device).address,
            hello_timeout_s=self._access.hello_timeout_s, name=client_name(), keys=self._access.keys,
            revive=None if address else lambda: ensure_server(device),
        )  # fmt: skip
        self.generation += 1
        self._renewed()

    def _reconnect(self, end_s: float, reason: object) -> None:
        """A fresh connection, perhaps to a fresh server.

        Raises:
            ServerUnreachableError: none until the deadline.
        """
        where = self.connection.address if self.connection else self._access.address or ""
        log.info("the connection to %s is lost (%s); connecting again", where, reason)
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        pause = BACKOFF_S[0]
        while True:
            try:
                self._connect()
                return
            except ServerUnreachableError:
                if time.monotonic() + pause > end_s:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, BACKOFF_S[1])

    def persist(self, pending: Pending, step: Callable[[], T]) -> T:
        """Does a step of a request, again and with pauses when a retry can help, until its deadline.

        Raises:
            Art3DError: no retry can help, or none did.
        """
        while True:
            try:
                return step()
            except Lost as loss:
                self._count_try(pending, ServerUnreachableError(str(loss), where=self._access.address or "", remedy=""))
                self._reconnect(pending.end_s, loss)
            except UnknownClientError as error:
                self._count_try(pending, error)
                self._reconnect(pending.end_s, error)
            except Art3DError as error:
                if not error.retryable or pending.cancelled:
                    raise
                self._count_try(pending, error)
                time.sleep(min(BACKOFF_S[1], BACKOFF_S[0] * 2**pending.tries))
            pending.number = 0

    def _count_try(self, pending: Pending, error: Art3DError) -> None:
        pending.tries += 1
        most = WORKER_TRIES if isinstance(error, WorkerLostError) else TRIES
        if pending.tries > most or time.monotonic() > pending.end_s:
            error.remedy = error.remedy or self.remedy()
            raise error

    def remedy(self) -> str:
        """Where to look for more."""
        welcome = self.connection.welcome if self.connection else None
        return f"the server's log is {welcome.log}" if welcome and welcome.log else "see the server's log"

    def reply(self, number: int, end_s: float, *, meanwhile: Callable[[], None] = lambda: None) -> Reply:
        """Waits for the reply to a request.

        Args:
            number: of the request.
            end_s: until when, on `time.monotonic`.
            meanwhile: done every `MEANWHILE_S` of the wait.

        Raises:
            ServerError: there is none in time.
        """
        left_s = 1.0
        while left_s > 0:
            left_s = end_s - time.monotonic()
            reply = self.open.poll(number, min(left_s, MEANWHILE_S))
            if reply is not None:
                return reply
            meanwhile()
        self.open.forget(number)
        raise ServerError(
            f"no answer within {self._access.timeout_s:g} s", where=self.open.address, remedy=self.remedy()
        )

    def asking(self, pending: Pending) -> Callable[[Any], Any]:
        """Sends a message that serves a request, and returns its answer; raises what the server refuses."""

        def ask(message: Any) -> Any:
            reply = self.reply(self.open.send(message), pending.end_s)
            if isinstance(reply.message, Failure):
                raise error_of(reply.message)
            return reply.message

        return ask
