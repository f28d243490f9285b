"""Frames that another render of the same output wrote after this one began."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from host_bridge.batch.job import Job
from host_bridge.core.errors import OutputError
from host_bridge.io.outputs.done import is_done

Stamp = tuple[int, int, int] | None


class Meanwhile:
    """What lay where a render writes when it began. No clock is asked: machines' clocks differ.

    Args:
        job: the render.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._before = {number: _stamps(job.files(number)) for number in job.plate.frames}

    def validate(self, number: int, recipe: str) -> None:
        """Proves that nobody wrote this frame with other settings since the render began.

        Raises:
            OutputError: somebody did. Written over, the output would be a mixture that nobody is told of.
        """
        files = self._job.files(number)
        now = _stamps(files)
        if now == self._before[number] or not any(now) or is_done(files, recipe):
            return
        raise OutputError(
            "another render with other settings wrote this frame meanwhile",
            where=str(files[0]),
            remedy="let it end, or stop it, then render again with the settings that are wanted",
        )


def _stamps(files: Sequence[Path]) -> tuple[Stamp, ...]:
    return tuple(_stamp(path) for path in files)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
