"""The frames that the server holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from art3d_node.server.memory.cache import ByteCache
from art3d_node.server.memory.pool import Piece, SegmentPool, capacity_for
from host_bridge.core.errors import BusyError
from host_bridge.wire.messages import PutFrame

PLATE_SHARE = 0.75


@dataclass(frozen=True)
class StoredPlate:
    """A frame whose key was verified."""

    put: PutFrame
    piece: Piece


class PlateStore:
    """Plates by key, bounded in bytes; says when one leaves, so that workers stop reading it.

    Args:
        budget_bytes: of all the memory; plates may take a part of it.
        dropped: called with the key of every plate that leaves.
    """

    def __init__(self, pool: SegmentPool, budget_bytes: int, *, dropped: Callable[[str], None]) -> None:
        self._pool, self._dropped = pool, dropped
        self.cache: ByteCache[str, StoredPlate] = ByteCache(int(budget_bytes * PLATE_SHARE), dropped=self._recycle)

    def _recycle(self, key: str, plate: StoredPlate) -> None:
        self._dropped(key)
        self._pool.give_back(plate.piece)

    def missing(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the keys that are not held; the others become the most recently used."""
        return tuple(key for key in dict.fromkeys(keys) if self.cache.get(key) is None)

    def held(self, key: str) -> StoredPlate:
        """A plate that was found, or is pinned.

        Raises:
            KeyError: it is not here.
        """
        plate = self.cache.get(key)
        if plate is None:
            raise KeyError(key)
        return plate

    def nbytes(self, keys: tuple[str, ...]) -> int:
        """What some held plates take of the memory."""
        return sum(self.held(key).piece.capacity for key in keys)

    def keep(self, put: PutFrame, piece: Piece) -> None:
        """One more plate, unless it is here already."""
        if put.key in self.cache:
            self._pool.give_back(piece)
        else:
            self.cache.put(put.key, StoredPlate(put, piece), piece.capacity)

    def room_for_plate(self, nbytes: int) -> Piece:
        """A segment for one more plate.

        What leaves for it leaves now and not once it is complete, so that its pages are those of the new one: fresh
        ones would push idle segments out, which are warm in a client or a worker.

        Raises:
            BusyError: everything is in use.
        """
        capacity = capacity_for(nbytes)
        if capacity <= self.cache.budget_bytes:
            self.cache.make_room(capacity)
        return self.room(nbytes)

    def room(self, nbytes: int) -> Piece:
        """A segment, for which plates leave if need be.

        Raises:
            BusyError: everything is in use.
        """
        while True:
            try:
                return self._pool.acquire(nbytes)
            except BusyError:
                if not self.cache.drop_oldest():
                    raise

    def figures(self) -> dict[str, Any]:
        """For the status."""
        cache = self.cache
        lookups = cache.hits + cache.misses
        return {"count": len(cache), "bytes": cache.used_bytes, "hit_rate": cache.hits / lookups if lookups else 0.0}
