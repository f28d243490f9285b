"""Whether a worker still works: it says so every second, and its jobs count their steps.

A process that was stopped, or that waits for a driver with Python's lock held, says nothing. One whose job hangs goes
on saying that it is alive, but counts no further.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long is waited for a worker, s.

    Attributes:
        silent_s: without a word from one that is ready.
        loading_s: without a word from one that loads: large libraries from a slow disk hold Python's lock.
        stuck_s: for the next step of a job.
    """

    silent_s: float = 10.0
    loading_s: float = 120.0
    stuck_s: float = 600.0


DOUBT_S = 3.0  # of silence, after which others get the work
GAP_S = 2.0  # a front that did not look for so long was stopped itself, and its workers perhaps with it


class Watch:
    """One worker's signs of life."""

    def __init__(self, patience: Patience, now_s: float) -> None:
        self._patience = patience
        self._heard_s = self._moved_s = self._looked_s = now_s
        self._ticks, self._ready, self._jobs = 0, False, 0

    def heard(self, now_s: float, *, ticks: int | None = None, ready: bool = False) -> None:
        """It said something; `ticks` when it told them."""
        self._heard_s = now_s
        self._ready |= ready
        if ready or (ticks is not None and ticks != self._ticks):
            self._moved_s = now_s
        self._ticks = self._ticks if ticks is None else ticks

    def doubtful(self, now_s: float) -> bool:
        """Whether it should have said something by now."""
        return self._ready and now_s - self._heard_s > DOUBT_S

    def fault(self, now_s: float, jobs: int) -> str:
        """Why it should be replaced, or nothing; `jobs` counts what it has to do."""
        if now_s - self._looked_s > GAP_S:
            self._heard_s = self._moved_s = now_s
        self._looked_s = now_s
        if jobs != self._jobs or (self._ready and not jobs):
            self._jobs, self._moved_s = jobs, now_s
        silent_s = now_s - self._heard_s
        if silent_s > (self._patience.silent_s if self._ready else self._patience.loading_s):
            return f"has said nothing for {silent_s:.0f} s"
        if now_s - self._moved_s > self._patience.stuck_s * (1 if self._ready else 3):
            return f"has not moved for {now_s - self._moved_s:.0f} s"
        return ""
