"""What tasks keep of the memory until they are done: the plates they need, and room for their results."""

from __future__ import annotations

from art3d_node.server.memory.pool import Piece, capacity_for
from art3d_node.server.memory.store import Memory
from art3d_node.server.protocol.clients import Client, Clients
from art3d_node.server.protocol.tasks import Pins, Reservation, Task
from host_bridge.wire.limits import Limits
from host_bridge.wire.memory import Segment

PINNED_SHARE = 0.125


class Holdings:
    """Pins and reservations of all tasks."""

    def __init__(self, memory: Memory, clients: Clients, limits: Limits) -> None:
        self._memory, self._clients, self._limits = memory, clients, limits

    def pin_queued(self, task: Task, client: Client) -> None:
        """Keeps the plates of a task that waits, unless its client has others kept for it already."""
        nbytes = self._memory.plates.nbytes(task.plan.keys)
        if client.pinned_bytes + nbytes <= self._limits.memory_bytes * PINNED_SHARE:
            client.pinned_bytes += nbytes
            self._pin(task, Pins(client.peer, nbytes))

    def pin(self, task: Task) -> None:
        """Keeps the plates of a task until it is done."""
        if task.pins is None:
            self._pin(task, Pins(None, 0))

    def _pin(self, task: Task, pins: Pins) -> None:
        task.pins = pins
        for key in task.plan.keys:
            self._memory.plates.cache.pin(key)

    def _unpin(self, task: Task) -> None:
        pins, task.pins = task.pins, None
        if pins is None:
            return
        for key in task.plan.keys:
            self._memory.plates.cache.unpin(key)
        client = self._clients.get(pins.client) if pins.client is not None else None
        if client is not None:
            client.pinned_bytes -= pins.nbytes

    def affordable(self, task: Task) -> bool:
        """Whether somebody who waits may be lent the result."""
        if not task.plan.nbytes or not task.waiters:
            return True
        capacity, most = capacity_for(task.plan.nbytes), self._limits.leases_per_client
        return any(
            self._memory.shares.allows(w.peer, w.source, capacity) and self._memory.loans.count(w.peer) < most
            for w in task.waiters
        )

    def reserve(self, task: Task) -> Segment | None:
        """Room for a result, if it has one.

        Raises:
            BusyError: everything is in use.
        """
        if not task.plan.nbytes:
            return None
        piece, payer = self._memory.plates.room(task.plan.nbytes), task.waiters[0]
        task.room = Reservation(piece, payer)
        self._memory.shares.add(payer.peer, payer.source, piece.capacity)
        return piece.ref(task.plan.nbytes)

    def take(self, task: Task) -> Piece | None:
        """The room of a task's result, which no longer counts for anybody."""
        room, task.room = task.room, None
        if room is None:
            return None
        self._memory.shares.add(room.payer.peer, room.payer.source, -room.piece.capacity)
        return room.piece

    def give_room_back(self, task: Task) -> None:
        """The result is not wanted any more, or not made."""
        piece = self.take(task)
        if piece is not None:
            self._memory.pool.give_back(piece)

    def release(self, task: Task) -> None:
        """All that a task keeps."""
        self._unpin(task)
        self.give_room_back(task)
