"""Whether a worker still works: it sends a sign of life four times a second, and its jobs count their steps.

A process that waits for a driver with Python's lock held is silent; so is one that was stopped, which the kernel knows
for certain. One whose job hangs goes on sending, but counts no further.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Patience:
    """How long a worker may take, s.

    Attributes:
        silent_s: without a word from one that is ready.
        loading_s: without a word from one that loads: large libraries from a slow disk hold Python's lock.
        stuck_s: for the next step of a job.
    """

    silent_s: float = 10.0
    loading_s: float = 120.0
    stuck_s: float = 600.0


STOPPED_S = 0.75  # of silence, after which the kernel is asked
DOUBT_S = 1.5  # of silence, after which others get the work
GAP_S = 2.0  # a front that did not look for so long was stopped itself, and its workers perhaps with it


class Watch:
    """One worker's signs of life."""

    def __init__(self, patience: Patience, now_s: float) -> None:
        self._patience = patience
        self._heard_s = self._moved_s = self._looked_s = now_s
        self._ticks, self._ready, self._jobs = 0, False, 0

    @property
    def ready(self) -> bool:
        """Whether it has begun to take jobs."""
        return self._ready

    def heard(self, now_s: float, *, ticks: int | None = None, ready: bool = False) -> None:
        """It sent something; `ticks` when that counts them."""
        self._heard_s = now_s
        self._ready |= ready
        if ready or (ticks is not None and ticks != self._ticks):
            self._moved_s = now_s
        self._ticks = self._ticks if ticks is None else ticks

    def doubtful(self, now_s: float) -> bool:
        """Whether it should have sent something by now."""
        return self._ready and now_s - self._heard_s > DOUBT_S

    def silent(self, now_s: float) -> bool:
        """Whether a sign of life is missing."""
        return now_s - self._heard_s > STOPPED_S

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


def stopped(pid: int) -> bool:
    """Whether a signal has stopped a process: such a one goes on when somebody says so, or never."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False
