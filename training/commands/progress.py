"""How far a long command is: a bar on a terminal, a line a minute in a log; and what each of its stages took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_EVERY_S = 60.0


class _Rate(ProgressColumn):
    """Steps a second."""

    def render(self, task: Task) -> Text:
        """Nothing until it is known."""
        rate = task.finished_speed or task.speed
        return Text(f"{rate:.1f}/s" if rate else "")


class _Bar(Progress):
    """A bar; where there is no terminal, lines now and then: a farm's log is looked at while the job runs."""

    _line_at = 0.0

    def update(self, task_id: TaskID, **changes: Any) -> None:
        """As `Progress.update`."""
        super().update(task_id, **changes)
        now = time.monotonic()
        if not self.console.is_terminal and now - self._line_at >= LINE_EVERY_S:
            self._line_at = now
            self.console.print(_line(self._tasks[task_id]), markup=False, highlight=False, soft_wrap=True)


def _line(task: Task) -> str:
    counts = f"{task.completed:,.0f}" + (f" of {task.total:,.0f}" if task.total else "")
    rate = f", {task.speed:.1f}/s" if task.speed else ""
    left = f", {timedelta(seconds=int(task.time_remaining))} left" if task.time_remaining else ""
    return f"{task.description}: {counts}{rate}{left}"


def progress_bar(file: TextIO | None = None) -> Progress:
    """A bar with counts, the rate and the time left; a line a minute where there is no terminal.

    Args:
        file: where; stderr otherwise.
    """
    return _Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=Console(file=file) if file else Console(stderr=True),
    )


@dataclass
class Stages:
    """What the stages of a curation took.

    Attributes:
        clock: gives seconds.
        frames: looked through, by film.
        pairs: finished.
    """

    clock: Callable[[], float] = time.monotonic
    frames: dict[str, int] = field(default_factory=dict)
    pairs: int = 0

    def __post_init__(self) -> None:
        """The first stage begins."""
        self._began = self.clock()
        self._first_pair: float | None = None

    def looked_at(self, film: str, frames: int) -> None:
        """So many frames of a film."""
        self.frames[film] = frames

    def measured(self, pairs: int) -> None:
        """So many pairs in all, those of earlier runs too."""
        if self._first_pair is None:
            self._first_pair = self.clock()
        self.pairs = pairs

    def summary(self) -> str:
        """Both stages in one line; a stage that had nothing to do is left out."""
        now = self.clock()
        middle = now if self._first_pair is None else self._first_pair
        lines = []
        if frames := sum(self.frames.values()):
            lines.append(f"looked through {_rate(frames, 'frames', middle - self._began)}")
        if self.pairs:
            lines.append(f"finished {_rate(self.pairs, 'pairs', now - middle)}")
        return ", ".join(lines)


def _rate(count: int, of_what: str, seconds: float) -> str:
    return f"{count:,} {of_what} in {seconds:.1f} s ({count / max(seconds, 1e-3):.1f}/s)"
