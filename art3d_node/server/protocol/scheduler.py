"""What runs next, and where: interactive before batch, newest first per viewer, everyone in turn.

Identical work is one task with several waiters. A frame stays with its worker, where its analysis is. Small tiles of
frames that a worker has analysed are light: it does several of them at once, everything else alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from art3d_node.server.protocol.tasks import Plan, Task, Waiter

AFFINITIES = 4096


class Scheduler:
    """Queued and running tasks."""

    def __init__(self) -> None:
        self.tasks: dict[int, Task] = {}
        self._same: dict[Hashable, int] = {}
        self._home: OrderedDict[Hashable, int] = OrderedDict()
        self._served: OrderedDict[Hashable, int] = OrderedDict()
        self._running: dict[int, list[Task]] = {}
        self._analysed: OrderedDict[Hashable, int] = OrderedDict()
        self._count = 0
        self.merged = 0

    def add(self, plan: Plan, waiter: Waiter) -> Task:
        """Queues a request, or lets it wait for the same work that is queued or running already."""
        self._count += 1
        task_id = self._same.get(plan.same)
        if task_id is not None:
            task = self.tasks[task_id]
            task.waiters.append(waiter)
            task.order = self._count
            self.merged += 1
            return task
        task = Task(self._count, plan, [waiter], self._count)
        self.tasks[task.id] = task
        self._same[plan.same] = task.id
        return task

    def remove(self, task: Task) -> None:
        """Forgets a task."""
        self.tasks.pop(task.id, None)
        if task.worker is not None:
            self._running[task.worker].remove(task)
        self.stop_sharing(task)

    def stop_sharing(self, task: Task) -> None:
        """The same work asked again becomes a new task."""
        if self._same.get(task.plan.same) == task.id:
            del self._same[task.plan.same]

    def done(self, task: Task) -> None:
        """Forgets a task that its worker has done, and keeps in mind what that worker has analysed for it."""
        if task.plan.analysis is not None and task.worker is not None:
            _note(self._analysed, task.plan.analysis, task.worker)
        self.remove(task)

    def running(self, worker: int) -> list[Task]:
        """What a worker does now."""
        return self._running.get(worker, [])

    @property
    def queued(self) -> int:
        """Tasks that no worker has taken."""
        return len(self.tasks) - sum(map(len, self._running.values()))

    def figures(self) -> dict[str, int]:
        """For the status."""
        return {"queued": self.queued, "running": len(self.tasks) - self.queued, "merged": self.merged}

    def next_for(
        self, worker: int, allowed: Callable[[Task], bool], *, at_once: int = 1, watched: bool = False
    ) -> Task | None:
        """The task this worker should take now, or None.

        Args:
            worker: who asks.
            allowed: says whether a task may run at the moment.
            at_once: how many light tasks the worker takes at a time, those that somebody looks at and those of a batch
                apart. Whatever may not join them waits until they are done, and nothing overtakes it.
            watched: whether somebody is about to look, so that batch work is to leave a worker soon: it comes alone.
        """
        running = self.running(worker)
        if len(running) >= at_once:
            return None
        ready = [t for t in self.tasks.values() if t.worker is None and self._at_home(t, worker) and allowed(t)]
        first = min(ready, key=self._rank, default=None)
        if first is None or not running:
            return first
        alike = all(t.interactive == first.interactive or not t.waiters for t in running)
        alone = watched and not first.interactive
        light = all(self.light(task, worker) for task in (first, *running))
        return first if light and alike and not alone else None

    def light(self, task: Task, worker: int) -> bool:
        """Whether a worker may do this beside others; what has cost a worker its life it does alone."""
        lives_lost = task.tries - (task.worker is not None)
        return task.plan.small and not lives_lost and self._analysed.get(task.plan.analysis) == worker

    def _at_home(self, task: Task, worker: int) -> bool:
        home = self._home.get(task.plan.keys[0]) if task.plan.keys else None
        return home is None or home == worker

    def _rank(self, task: Task) -> tuple[Any, ...]:
        none = (0, 0, 0)
        turn = min((tuple(self._served.get(viewer, 0) for viewer in turns) for turns in task.turns), default=none)
        return (not task.interactive, turn, -task.order if task.interactive else task.order)

    def start(self, task: Task, worker: int) -> None:
        """Marks a task as running."""
        task.worker = worker
        self._running.setdefault(worker, []).append(task)
        task.tries += 1
        for key in task.plan.keys[:1]:
            _note(self._home, key, worker)
        self._count += 1
        for viewer in {viewer for turns in task.turns for viewer in turns}:
            _note(self._served, viewer, self._count)

    def worker_lost(self, worker: int) -> list[Task]:
        """Forgets what was on a worker; what it was doing goes back into the queue and is returned."""
        self.forget_home(worker)
        tasks = self._running.pop(worker, [])
        for task in tasks:
            task.worker = None
        return tasks

    def forget_home(self, worker: int) -> None:
        """Whatever a worker has analysed may be done elsewhere."""
        for affinity in (self._home, self._analysed):
            for name in [name for name, where in affinity.items() if where == worker]:
                del affinity[name]

    def forget_peer(self, peer: bytes) -> None:
        """Forgets whose turn it was; its source stays known."""
        for viewer in [
            viewer for viewer in self._served if viewer == peer or (isinstance(viewer, tuple) and viewer[0] == peer)
        ]:
            del self._served[viewer]


def _note(affinity: OrderedDict[Any, int], name: Hashable, worker: int) -> None:
    affinity[name] = worker
    affinity.move_to_end(name)
    while len(affinity) > AFFINITIES:
        affinity.popitem(last=False)
