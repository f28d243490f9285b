"""Tiles that lie in the server's memory: lent with the arrays, given back when the last of them is gone."""

from __future__ import annotations

import weakref
from collections import deque

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.wire.layout import views
from host_bridge.wire.memory import Mappings
from host_bridge.wire.messages import TileReply


class Leases:
    """The leases of one client, over all of its connections."""

    def __init__(self) -> None:
        self._mappings = Mappings()
        self._returned: deque[tuple[int, int]] = deque()

    def planes(self, message: TileReply, generation: int) -> dict[str, Array]:
        """The read-only arrays of a tile in shared memory.

        Raises:
            SegmentError: the segment cannot be mapped, or is not the one that was announced.
        """
        assert message.segment is not None
        segment_bytes = np.frombuffer(self._mappings.payload(message.segment).toreadonly(), np.uint8)
        # Planes, and slices of them, refer to what they were cut from.
        weakref.finalize(segment_bytes, self._returned.append, (generation, message.lease)).atexit = False
        return views(message.planes, segment_bytes.data)

    def returned(self, generation: int) -> tuple[int, ...]:
        """The leases of this connection whose arrays are gone; those of earlier ones ended with them."""
        leases = []
        while self._returned:
            of, lease = self._returned.popleft()
            if of == generation:
                leases.append(lease)
        return tuple(leases)

    def clear(self) -> None:
        """Forgets the mappings; arrays in use keep theirs."""
        self._mappings.clear()
