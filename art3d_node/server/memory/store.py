"""All of the server's shared memory: what holds it, and within which bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from art3d_node.server.memory.loans import Loans
from art3d_node.server.memory.plates import PlateStore
from art3d_node.server.memory.pool import SegmentPool
from art3d_node.server.memory.shares import Shares
from host_bridge.wire.limits import Limits
from host_bridge.wire.memory import Segment

PROBE_BYTES = 64


class Memory:
    """Segments, plates, loans and shares under one budget.

    Args:
        segments: how many segments there may be.
        dropped: called with the key of every plate that leaves.
    """

    def __init__(self, limits: Limits, *, segments: int, dropped: Callable[[str], None]) -> None:
        self.pool = SegmentPool(limits.memory_bytes, most=segments)
        self.shares = Shares(limits.memory_bytes)
        self.plates = PlateStore(self.pool, limits.memory_bytes, dropped=dropped)
        self.loans = Loans(self.pool, self.shares)
        self.probe_piece = self.pool.acquire(PROBE_BYTES)

    @property
    def probe(self) -> Segment:
        """A segment that a client may try to map."""
        return self.probe_piece.ref(PROBE_BYTES)

    def figures(self) -> dict[str, Any]:
        """For the status."""
        return {"budget_bytes": self.pool.budget_bytes, "used_bytes": self.pool.used_bytes,
                "idle_bytes": self.pool.idle_bytes, "loans": len(self.loans)}  # fmt: skip
