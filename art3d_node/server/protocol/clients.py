"""The clients that said hello."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from art3d_node.server.protocol.tasks import Task
from host_bridge.core.errors import BusyError, UnknownClientError
from host_bridge.core.printable import printable
from host_bridge.wire.limits import Limits

EARLY_CANCELS = 256
NAME_CHARACTERS = 80
SOURCE_SHARE = 0.75  # of the places for clients, which those of one source may take
PROBE_S = 0.25
IDLE_PROBE_S = 5.0


@dataclass
class Client:
    """One client.

    Attributes:
        session: names it on the control socket.
        source: the process, address or key it belongs to.
        requests: what it waits for.
        pinned_bytes: of plates that are kept for its requests while they wait.
        early: cancels that overtook their requests.
    """

    peer: bytes
    name: str
    session: str
    source: str
    probed_s: float
    requests: dict[int, Task] = field(default_factory=dict)
    pinned_bytes: int = 0
    early: deque[int] = field(default_factory=lambda: deque(maxlen=EARLY_CANCELS))


class Clients(Mapping[bytes, Client]):
    """The clients by the connection they use."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._known: dict[bytes, Client] = {}

    def __getitem__(self, peer: bytes) -> Client:
        return self._known[peer]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def validate_room(self, peer: bytes, source: str) -> None:
        """Proves that there is room for this one.

        Raises:
            BusyError: there are as many as may be, altogether or of this source.
        """
        if peer in self._known:
            return
        if len(self) >= self._limits.clients:
            raise BusyError(f"{len(self)} clients are connected", remedy=f"the limit clients is {self._limits.clients}")
        of_source = sum(client.source == source for client in self._known.values()) if source else 0
        if of_source >= max(1, int(self._limits.clients * SOURCE_SHARE)):
            raise BusyError(f"{of_source} clients of {source} are connected", remedy="connect fewer, or later")

    def enter(self, peer: bytes, name: str, source: str, now_s: float) -> None:
        """One more client, unless it is known."""
        if peer not in self._known:
            printed = printable(name[:NAME_CHARACTERS])
            self._known[peer] = Client(peer, printed, secrets.token_hex(16), source, now_s)

    def leave(self, peer: bytes) -> Client | None:
        """Forgets a client; what was known of it."""
        return self._known.pop(peer, None)

    def greeted(self, peer: bytes) -> Client:
        """The client of this connection.

        Raises:
            UnknownClientError: it has not said hello.
        """
        client = self._known.get(peer)
        if client is None:
            raise UnknownClientError("this server has not met this client", remedy="say hello first")
        return client

    def of_session(self, session: str) -> Client | None:
        """The client with this name on the control socket."""
        return next((client for client in self._known.values() if client.session == session), None)

    def close_request(self, peer: bytes, number: int) -> None:
        """A request is answered."""
        client = self._known.get(peer)
        if client is not None:
            client.requests.pop(number, None)
