"""What runs next, and where: interactive before batch, newest first per viewer, everyone in turn.

Identical work is one task with several waiters. A frame stays with its worker, where its analysis is.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

AFFINITIES = 4096


@dataclass(frozen=True)
class Waiter:
    """A request that waits for a task."""

    peer: bytes
    id: int
    message: Any
    since_s: float


@dataclass
class Task:
    """One piece of work and all who wait for it."""

    id: int
    kind: str
    same: Hashable
    keys: tuple[str, ...]
    waiters: list[Waiter]
    order: int
    worker: int | None = None
    tries: int = 0
    held: dict[str, Any] = field(default_factory=dict)

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking."""
        return any(getattr(w.message, "priority", "batch") == "interactive" for w in self.waiters)

    @property
    def viewers(self) -> set[Hashable]:
        """Who asks: one viewer of one client."""
        return {(w.peer, getattr(w.message, "viewer", "")) for w in self.waiters}


class Scheduler:
    """Queued and running tasks."""

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self._same: dict[Hashable, int] = {}
        self._home: OrderedDict[str, int] = OrderedDict()
        self._served: dict[Hashable, int] = {}
        self._running: dict[int, Task] = {}
        self._count = 0
        self.merged = 0

    def add(self, kind: str, same: Hashable, keys: tuple[str, ...], waiter: Waiter) -> Task:
        """Queues a request, or lets it wait for the same work that is queued or running already."""
        self._count += 1
        known = self._same.get(same)
        if known is not None:
            task = self.tasks[known]
            task.waiters.append(waiter)
            task.order = self._count
            self.merged += 1
            return task
        task = Task(self._count, kind, same, keys, [waiter], self._count)
        self.tasks[task.id] = task
        self._same[same] = task.id
        return task

    def remove(self, task: Task) -> None:
        """Forgets a task."""
        self.tasks.pop(task.id, None)
        if task.worker is not None:
            del self._running[task.worker]
        self.stop_sharing(task)

    def stop_sharing(self, task: Task) -> None:
        """The same work asked again becomes a new task."""
        if self._same.get(task.same) == task.id:
            del self._same[task.same]

    def running(self, worker: int) -> Task | None:
        """What a worker does now."""
        return self._running.get(worker)

    @property
    def queued(self) -> int:
        """Tasks that no worker has taken."""
        return len(self.tasks) - len(self._running)

    def next_for(self, worker: int, allowed: Callable[[Task], bool]) -> Task | None:
        """The task this worker should take now, or None; `allowed` says whether one may run at the moment."""
        ready = [t for t in self.tasks.values() if t.worker is None and self._at_home(t, worker) and allowed(t)]
        return min(ready, key=self._rank) if ready else None

    def _at_home(self, task: Task, worker: int) -> bool:
        home = self._home.get(task.keys[0]) if task.keys else None
        return home is None or home == worker

    def _rank(self, task: Task) -> tuple[bool, int, int]:
        turn = min((self._served.get(viewer, 0) for viewer in task.viewers), default=0)
        return (not task.interactive, turn, -task.order if task.interactive else task.order)

    def start(self, task: Task, worker: int) -> None:
        """Marks a task as running."""
        task.worker = worker
        self._running[worker] = task
        task.tries += 1
        for key in task.keys[:1]:
            self._home[key] = worker
            self._home.move_to_end(key)
        while len(self._home) > AFFINITIES:
            self._home.popitem(last=False)
        self._count += 1
        for viewer in task.viewers:
            self._served[viewer] = self._count

    def worker_lost(self, worker: int) -> Task | None:
        """Forgets the homes on a worker; what it was doing goes back into the queue and is returned."""
        for key in [key for key, home in self._home.items() if home == worker]:
            del self._home[key]
        task = self._running.pop(worker, None)
        if task is not None:
            task.worker = None
        return task

    def forget_peer(self, peer: bytes) -> None:
        """Forgets whose turn it was."""
        for viewer in [viewer for viewer in self._served if viewer[0] == peer]:  # type: ignore[index]
            del self._served[viewer]
