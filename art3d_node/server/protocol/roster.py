"""What the session knows of its workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from art3d_node.server.workers.records import Ready
from host_bridge.core.errors import NoWorkerError

FAILED_STARTS = 3


@dataclass
class WorkerState:
    """One worker.

    Attributes:
        ready: what it can do, once it can.
        figures: for the status, as it last sent them.
    """

    id: int
    device: str
    ready: Ready | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


class Roster:
    """The workers by number.

    Args:
        log: where their own words are, for messages.
    """

    def __init__(self, log: str) -> None:
        self._log = log
        self._known: dict[int, WorkerState] = {}
        self._failed_starts = 0
        self._latest = 0  # the worker that looked for styles last
        self._fault = ""  # why the last worker could not begin
        self._starved = 0  # of those that could not, how many the kernel ended for lack of memory
        self.doubtful: set[int] = set()

    def started(self, worker: int, device: str) -> None:
        """A worker process exists."""
        self._known[worker] = WorkerState(worker, device)

    def ready(self, worker: int, message: Ready) -> None:
        """A worker can take jobs, or has looked for styles again."""
        self._known[worker].ready, self._fault, self._latest = message, "", worker

    def unfit(self, fault: str) -> None:
        """A worker cannot begin."""
        self._fault = fault

    def note(self, worker: int, figures: Mapping[str, Any]) -> None:
        """What a worker says of itself."""
        self._known[worker].figures = dict(figures)

    def lost(self, worker: int, *, starved: bool = False) -> None:
        """A worker is gone; `starved` when for lack of memory."""
        state = self._known.pop(worker, None)
        began = state is None or state.ready is not None
        self._failed_starts = 0 if began else self._failed_starts + 1
        self._starved = 0 if began else self._starved + starved

    @property
    def any_ready(self) -> bool:
        """Whether some worker takes jobs."""
        return any(state.ready for state in self._known.values())

    @property
    def hopeless(self) -> bool:
        """Whether none takes jobs, and no new one is likely to."""
        return not self.any_ready and (bool(self._fault) or self._failed_starts >= FAILED_STARTS)

    def fault(self) -> NoWorkerError:
        """Why there is none, for those who wait for one."""
        if self._starved:
            return NoWorkerError(
                f"no worker can start: {self._starved} were killed for lack of memory",
                remedy="raise the memory limit, or use another machine",
            )
        detail = f": {self._fault}" if self._fault else ""
        return NoWorkerError(
            f"no worker can start{detail}", remedy=f"see its log: {self._log or 'what its terminal says'}"
        )

    @property
    def known(self) -> Ready | None:
        """Styles and depth sources as the worker sent them that looked last, if one is ready."""
        latest = self._known.get(self._latest)
        states = [latest] if latest is not None else self._known.values()
        return next((state.ready for state in states if state.ready), None)

    def slots(self) -> list[tuple[int, int]]:
        """Each worker that takes jobs, and how many at a time."""
        return [
            (state.id, state.ready.tiles_at_once)
            for state in self._known.values()
            if state.ready and state.id not in self.doubtful
        ]

    def devices(self) -> tuple[str, ...]:
        """The device of each worker."""
        return tuple(state.device for state in self._known.values())

    def figures(self, busy: Callable[[int], bool]) -> list[dict[str, Any]]:
        """Each worker, for the status."""
        return [
            {"id": state.id, "device": state.device, "ready": state.ready is not None, "busy": busy(state.id)}
            | dict(state.figures)
            for state in self._known.values()
        ]
