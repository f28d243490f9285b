"""A cache bounded in bytes: the least recently used goes first, what is pinned stays."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keeps values while their bytes fit.

    Args:
        budget_bytes: the bound on the sum of all values.
        dropped: called with every value that leaves.
    """

    def __init__(self, budget_bytes: int, *, dropped: Callable[[K, V], None] | None = None) -> None:
        self.budget_bytes = budget_bytes
        self.used_bytes = self.hits = self.misses = 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._pins: dict[K, int] = {}
        self._dropped = dropped

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def keys(self) -> list[K]:
        """The keys, least recently used first."""
        return list(self._kept)

    def get(self, key: K) -> V | None:
        """The value, which becomes the most recently used, or None."""
        found = self._kept.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._kept.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, nbytes: int) -> None:
        """Keeps a value; one larger than the whole budget is dropped at once."""
        self.drop(key)
        if nbytes > self.budget_bytes or not self.make_room(nbytes):
            if self._dropped:
                self._dropped(key, value)
            return
        self._kept[key] = (value, nbytes)
        self.used_bytes += nbytes

    def make_room(self, nbytes: int) -> bool:
        """Drops what is not pinned until this many bytes fit; whether they do."""
        for key in list(self._kept):
            if self.used_bytes + nbytes <= self.budget_bytes:
                break
            if not self._pins.get(key):
                self.drop(key)
        return self.used_bytes + nbytes <= self.budget_bytes

    def drop_oldest(self) -> bool:
        """Drops the least recently used value that is not pinned; whether there was one."""
        for key in self._kept:
            if not self._pins.get(key):
                self.drop(key)
                return True
        return False

    def pin(self, key: K) -> None:
        """Keeps a key until it is unpinned as often."""
        self._pins[key] = self._pins.get(key, 0) + 1

    def unpin(self, key: K) -> None:
        """Takes one pin away."""
        left = self._pins.get(key, 0) - 1
        if left > 0:
            self._pins[key] = left
        else:
            self._pins.pop(key, None)

    def drop(self, key: K) -> None:
        """Forgets a key, if it is there."""
        found = self._kept.pop(key, None)
        if found is not None:
            self.used_bytes -= found[1]
            if self._dropped:
                self._dropped(key, found[0])

    def drop_where(self, matches: Callable[[K], bool], *, keep: int = 0) -> None:
        """Forgets all keys of a kind but for the ``keep`` most recently used."""
        found = [key for key in self._kept if matches(key)]
        for key in found[: max(0, len(found) - keep)]:
            self.drop(key)

    def clear(self) -> None:
        """Forgets everything."""
        self.drop_where(lambda _key: True)
