"""Hellos, and the welcomes that wait until a worker knows what there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from art3d_node.server.memory.store import Memory
from art3d_node.server.protocol.actions import Outbox
from art3d_node.server.protocol.clients import Clients
from art3d_node.server.protocol.incoming import Incoming
from art3d_node.server.protocol.roster import Roster
from host_bridge.core.errors import ProtocolError
from host_bridge.wire import messages as m
from host_bridge.wire.limits import Limits

HELLOS = 4


class Welcomes:
    """Those who said hello and have not been answered.

    Args:
        about: what the server says of itself in every welcome: `instance`, `pid` and so on.
    """

    def __init__(
        self, memory: Memory, clients: Clients, roster: Roster, limits: Limits, outbox: Outbox, about: Mapping[str, Any]
    ) -> None:
        self._memory, self._clients, self._roster = memory, clients, roster
        self._limits, self._outbox, self._about = limits, outbox, about
        self.waiting: list[tuple[bytes, int]] = []

    def hello(self, request: Incoming[m.Hello]) -> None:
        """One more client, or one that says hello again.

        Raises:
            ProtocolError: it speaks another protocol, or says hello over and over.
            BusyError: there are too many.
            ServerError: no worker can start.
        """
        theirs, ours = request.message.protocol, m.PROTOCOL
        if theirs[0] != ours[0]:
            raise ProtocolError(
                f"the client speaks protocol {theirs[0]}.{theirs[1]}, this server {ours[0]}.{ours[1]}",
                remedy="install the same version of Art3D on both sides",
            )
        self._clients.validate_room(request.peer, request.source)
        if self._roster.hopeless:
            raise self._roster.fault()
        if sum(peer == request.peer for peer, _ in self.waiting) >= HELLOS:
            raise ProtocolError("hello was sent twice", remedy="wait for the welcome")
        self._clients.enter(request.peer, request.message.client, request.source, request.now_s)
        self.waiting.append((request.peer, request.id))
        self.answer()

    def awaits(self, peer: bytes) -> bool:
        """Whether a client waits for its welcome."""
        return any(waiting == peer for waiting, _ in self.waiting)

    def answer(self) -> None:
        """Welcomes those who wait, once a worker is ready; or says why none can be."""
        ready = self._roster.known
        if ready is None and not self._roster.hopeless:
            return
        waiting, self.waiting = self.waiting, []
        for peer, number in waiting:
            if ready is None:
                self._clients.leave(peer)
                self._outbox.refuse(peer, number, self._roster.fault())
            elif peer in self._clients:
                self._outbox.reply(peer, number, self._welcome(self._clients[peer].session))

    def _welcome(self, session: str) -> m.Welcome:
        ready = self._roster.known
        assert ready is not None
        return m.Welcome(
            protocol=m.PROTOCOL, session=session, styles=ready.styles, depth_sources=ready.depth_sources,
            limits=self._limits.as_map(), devices=self._roster.devices(), probe=self._memory.probe, **self._about,
        )  # fmt: skip

    def peer_gone(self, peer: bytes) -> None:
        """Nobody waits there any more."""
        self.waiting = [waiting for waiting in self.waiting if waiting[0] != peer]
