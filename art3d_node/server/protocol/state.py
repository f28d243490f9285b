"""What a server knows: its clients, workers, plates and loans; and what it tells of itself."""

from __future__ import annotations

import math
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from art3d_node.server.memory.loans import Loans
from art3d_node.server.memory.plates import PlateStore
from art3d_node.server.memory.pool import SEGMENTS, SegmentPool
from art3d_node.server.memory.shares import Shares
from art3d_node.server.protocol.actions import Action, Send, Tell
from art3d_node.server.protocol.scheduler import Scheduler, Task
from art3d_node.server.protocol.tally import Tally
from art3d_node.server.workers.records import Ready
from host_bridge.core.errors import ServerError
from host_bridge.wire import messages as m
from host_bridge.wire.codec import failure
from host_bridge.wire.limits import Limits

PROBE_BYTES = 64
EARLY_CANCELS = 256


@dataclass
class Client:
    """One client that said hello."""

    peer: bytes
    name: str
    session: str
    source: str
    seen_s: float
    probed_s: float
    requests: dict[int, Task | None] = field(default_factory=dict)
    pinned_bytes: int = 0
    early: deque[int] = field(default_factory=lambda: deque(maxlen=EARLY_CANCELS))


@dataclass
class WorkerState:
    """What the session knows of a worker."""

    id: int
    device: str
    ready: Ready | None = None
    figures: dict[str, Any] = field(default_factory=dict)


class State:
    """All clients, plates and work of one server.

    Args:
        identity: version, address of the control socket, log file and so on, as `Welcome` tells them.
        segments: how many pieces of shared memory there may be.
    """

    def __init__(self, limits: Limits, identity: Mapping[str, Any], *, pid: int, segments: int = SEGMENTS) -> None:
        self.limits, self.identity, self.pid = limits, identity, pid
        self.instance = secrets.token_hex(8)
        self.pool = SegmentPool(limits.memory_bytes, most=segments)
        self.out: list[Action] = []
        self.shares = Shares(limits.memory_bytes)
        self.plates = PlateStore(self.pool, limits, self.shares, dropped=lambda key: self.out.append(Tell(key)))
        self.loans = Loans(self.pool, self.shares)
        self.scheduler = Scheduler()
        self.tally = Tally()
        self.clients: dict[bytes, Client] = {}
        self.workers: dict[int, WorkerState] = {}
        self.greeting: list[tuple[bytes, int, m.Hello]] = []
        self.probe = self.pool.acquire(PROBE_BYTES)
        self.active_s, self.watched_s = 0.0, -math.inf
        self.failed_starts = 0
        self.doubtful: set[int] = set()
        self.latest: int | None = None  # the worker that looked for styles last
        self.unfit = ""  # why the last worker could not begin

    def take(self) -> list[Action]:
        """What is to be done now."""
        taken, self.out = self.out, []
        return taken

    def answer(self, peer: bytes, request_id: int, message: Any, *, control: bool = False) -> None:
        """Sends a client a message about one of its requests."""
        self.out.append(Send(peer, request_id, message, control=control))

    def worker_failed_to_start(self) -> None:
        """No worker can start: those who wait for a welcome are told."""
        for peer, number, _hello in self.greeting:
            self.clients.pop(peer, None)
            self.answer(peer, number, failure(self.no_worker()))
        self.greeting.clear()

    def no_worker(self) -> ServerError:
        """What those are told who wait for a worker that cannot start."""
        why = f": {self.unfit}" if self.unfit else ""
        log = self.identity.get("log") or "what its terminal says"
        return ServerError(f"no worker can start{why}", remedy=f"see its log: {log}")

    def greet(self) -> None:
        """Welcomes those who wait, once a worker knows what there is."""
        known = self.known()
        if known is None:
            return
        for peer, number, _hello in self.greeting:
            client = self.clients.get(peer)
            if client is not None:
                self.answer(peer, number, self._welcome(client, known))
        self.greeting.clear()

    def known(self) -> Ready | None:
        """What the worker told that looked last, if one is ready."""
        told = self.latest if self.latest in self.workers else None
        return next((w.ready for w in self.workers.values() if w.ready and told in (None, w.id)), None)

    def _welcome(self, client: Client, known: Ready) -> m.Welcome:
        return m.Welcome(
            protocol=m.PROTOCOL,
            instance=self.instance,
            session=client.session,
            styles=known.styles,
            depth_sources=known.depth_sources,
            limits=self.limits.as_map(),
            devices=tuple(worker.device for worker in self.workers.values()),
            pid=self.pid,
            probe=self.probe.ref(PROBE_BYTES),
            **self.identity,
        )

    @property
    def busy(self) -> bool:
        """Whether anybody waits for anything."""
        return bool(self.scheduler.tasks) or bool(self.plates.uploads)

    def figures(self) -> dict[str, Any]:
        """The server's figures, for `status` and Prometheus."""
        cache, workers = self.plates.cache, []
        for state in self.workers.values():
            running = bool(self.scheduler.running(state.id))
            workers.append(
                {"id": state.id, "device": state.device, "ready": state.ready is not None, "busy": running}
                | state.figures
            )
        asked = cache.hits + cache.misses
        return {
            **self.identity,
            "instance": self.instance,
            "pid": self.pid,
            "protocol": list(m.PROTOCOL),
            "clients": [
                {"name": c.name, "requests": len(c.requests), "lent_bytes": self.loans.nbytes(c.peer)}
                for c in self.clients.values()
            ],
            "workers": workers,
            "queue": {"queued": self.scheduler.queued, "running": len(self.scheduler.tasks) - self.scheduler.queued,
                      "merged": self.scheduler.merged},
            "memory": {"budget_bytes": self.pool.budget_bytes, "used_bytes": self.pool.used_bytes,
                       "idle_bytes": self.pool.idle_bytes, "loans": len(self.loans)},
            "plates": {"count": len(cache), "bytes": cache.used_bytes, "hit_rate": cache.hits / asked if asked else 0.0,
                       "uploads": len(self.plates.uploads)},
            "style_faults": list(known.faults) if (known := self.known()) else [],
            "limits": self.limits.as_map(),
            **self.tally.figures(),
        }  # fmt: skip
