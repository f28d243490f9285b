"""A worker's lanes: threads that make small tiles side by side, and what continues one together with it.

A tile renders some columns of its neighbours again, and each costs a round of messages. Two that lie side by side,
made as one, cost a tenth less, and their answers travel together. A tile is a crop, so no pixel depends on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from art3d_node.server.workers.records import SMALL_PIXELS, WorkerJob
from host_bridge.wire.messages import TileRequest

TOGETHER = 2  # tiles that a lane is given to join


def room(lanes: int) -> int:
    """How many small tiles a worker takes: what each lane makes, and as much for the next that is free; one without."""
    return TOGETHER * (lanes + 1) if lanes > 1 else 1


class Lanes:
    """Threads that wait for jobs.

    Args:
        count: how many.
        do: makes the tiles of some jobs that `continues` joins, in one lane; must not raise.
    """

    def __init__(self, count: int, do: Callable[[Sequence[WorkerJob]], None]) -> None:
        self._do, self._waiting = do, list[WorkerJob]()
        self._changed = threading.Condition()
        for number in range(count):
            threading.Thread(target=self._run, name=f"lane {number}", daemon=True).start()

    def put(self, job: WorkerJob) -> None:
        """Leaves a job for the next lane that is free."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                jobs = take_together(self._waiting)
            self._do(jobs)


def take_together(waiting: list[WorkerJob]) -> list[WorkerJob]:
    """Takes the first job off a list, and those that continue it."""
    jobs = [waiting.pop(0)]
    while True:
        following = next((n for n, job in enumerate(waiting) if continues(jobs, job)), None)
        if following is None:
            return jobs
        jobs.append(waiting.pop(following))


def continues(jobs: Sequence[WorkerJob], job: WorkerJob) -> bool:
    """Whether a job's tile lies right of the last one, of the same picture, and all together are still small."""
    first, last, new = jobs[0].message, jobs[-1].message, job.message
    if not isinstance(new, TileRequest) or last.box.empty or new.box.empty:
        return False
    if (last.key, last.settings, last.controls, last.outputs) != (new.key, new.settings, new.controls, new.outputs):
        return False
    beside: bool = (last.box.x1, last.box.y0, last.box.y1) == (new.box.x0, new.box.y0, new.box.y1)
    small: bool = (new.box.x1 - first.box.x0) * new.box.height <= SMALL_PIXELS
    return beside and small
