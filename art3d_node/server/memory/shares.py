"""Who holds how much of the server's memory: no client, and no two of them, can leave a third one without room.

What counts is what cannot be taken back: uploads that are not complete, results under way, and results that are lent.
Plates leave when room is needed. A client may hold a quarter of the memory, all clients of one process, address or key
half of it; beyond that, whatever there is while all together hold less than half. Who holds nothing may ask for more at
once, as long as a quarter is left for the others.
"""

from __future__ import annotations

from collections.abc import Hashable

CLIENT_SHARE, SOURCE_SHARE, ALL_SHARE = 0.25, 0.5, 0.75
FREE_SHARE = 0.5


class Shares:
    """Bytes by holder.

    Args:
        budget_bytes: all the memory there is.
    """

    def __init__(self, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._held: dict[Hashable, int] = {}
        self._total = 0

    def __len__(self) -> int:
        return len(self._held)

    def held(self, holder: Hashable) -> int:
        """Bytes that a client, or all clients of a source, hold."""
        return self._held.get(holder, 0)

    def allows(self, client: bytes, source: str, nbytes: int) -> bool:
        """Whether a client may hold so many bytes more."""
        if self._total + nbytes <= self._budget_bytes * FREE_SHARE:
            return True
        held = self.held(client)
        if nbytes > self._budget_bytes * CLIENT_SHARE:
            return not held and self._total + nbytes <= self._budget_bytes * ALL_SHARE
        within = held + nbytes <= self._budget_bytes * CLIENT_SHARE
        return within and (not source or self.held(source) + nbytes <= self._budget_bytes * SOURCE_SHARE)

    def add(self, client: bytes, source: str, nbytes: int) -> None:
        """A client holds so many bytes more, or less."""
        self._total += nbytes
        for holder in (client, source):
            left = self._held.get(holder, 0) + nbytes
            if not holder or not left:
                self._held.pop(holder, None)
            else:
                self._held[holder] = left
