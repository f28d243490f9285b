"""Requests that wait for a worker: what each needs, and who waits for it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from art3d_node.server.memory.pool import Piece
from host_bridge.wire.layout import Plane


@dataclass(frozen=True)
class Waiter:
    """A request that waits for a task."""

    peer: bytes
    id: int
    message: Any
    since_s: float
    source: str = ""


@dataclass(frozen=True)
class Plan:
    """What a request needs, decided when it comes in.

    Attributes:
        same: equal for requests that are the same work, which is done once.
        keys: the frames, its own first.
        analysis: names the analysis that it needs and leaves with its worker, or None.
        small: whether it takes little time once that is there.
        planes: where each plane of its result lies.
        nbytes: of its result; 0 when that is figures alone.
    """

    same: Hashable
    keys: tuple[str, ...] = ()
    analysis: Hashable = None
    small: bool = False
    planes: tuple[Plane, ...] = ()
    nbytes: int = 0


@dataclass(frozen=True)
class Reservation:
    """Room for a result, which counts for the first who waits until it is lent."""

    piece: Piece
    payer: Waiter


@dataclass(frozen=True)
class Pins:
    """Plates that are kept for a task; while it waits, they count for a client, or for nobody once it runs."""

    client: bytes | None
    nbytes: int


@dataclass
class Task:
    """One piece of work and all who wait for it.

    Attributes:
        order: a later one is newer.
        worker: who does it.
        tries: how often a worker has begun it.
        starved: how often a worker was killed over it for lack of memory.
        room: for its result, while it runs.
        pins: of its plates.
    """

    id: int
    plan: Plan
    waiters: list[Waiter]
    order: int
    worker: int | None = None
    tries: int = 0
    starved: int = 0
    room: Reservation | None = None
    pins: Pins | None = None

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking."""
        return any(getattr(w.message, "priority", "batch") == "interactive" for w in self.waiters)

    @property
    def turns(self) -> list[tuple[Hashable, ...]]:
        """Whose turn it is, for each who waits: their source's, their own, their viewer's."""
        return [(w.source or w.peer, w.peer, (w.peer, getattr(w.message, "viewer", ""))) for w in self.waiters]
