"""How far a render is: each frame done, stale, failed or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from host_bridge.batch.job import Job
from host_bridge.batch.ledger import reason_of
from host_bridge.core.errors import Art3DError, PlateError
from host_bridge.io.outputs.done import is_done

_MOST_HELD = 24
"""Plates before a frame that may be held over it: more in a row that cannot be read are no gap."""
State = Literal["done", "stale", "failed", "missing"]


@dataclass(frozen=True)
class FrameState:
    """One frame of a render.

    Attributes:
        number: frame number.
        state: done; stale, since its file was made with other ingredients or is cut off; failed; missing.
        reason: why it failed, or "".
    """

    number: int
    state: State
    reason: str = ""


def states(job: Job, identity: Mapping[str, Any]) -> Iterator[FrameState]:
    """The state of every frame of a job, in order.

    Args:
        job: what is asked.
        identity: what the job's names come to on the machines that render it.
    """
    for number in job.plate.frames:
        yield _state(job, number, identity)


def _state(job: Job, number: int, identity: Mapping[str, Any]) -> FrameState:
    reason = reason_of(job, number)
    files = job.files(number)
    try:
        is_own = number not in job.plate.missing and is_done(files, job.recipe(number, number, identity))
        if is_own or _is_held(job, number, identity):
            return FrameState(number, "done")
    except Art3DError as error:
        return FrameState(number, "failed", reason or str(error))
    if reason:
        return FrameState(number, "failed", reason)
    return FrameState(number, "stale" if all(path.is_file() for path in files) else "missing")


def _is_held(job: Job, number: int, identity: Mapping[str, Any]) -> bool:
    """Whether a frame shows the plate of one before it, as it has to while its own cannot be read."""
    files, unread = job.files(number), [number]
    if job.missing != "hold" or not all(path.is_file() for path in files):
        return False
    while (held := job.plate.held(number, without=unread)) is not None and len(unread) <= _MOST_HELD:
        if is_done(files, job.recipe(number, held, identity)):
            return not any(_readable(job, source) for source in unread)
        unread.append(held)
    return False


def _readable(job: Job, source: int) -> bool:
    try:
        job.load(source, source)
    except PlateError:
        return False
    return True


def stretches(found: Iterable[FrameState]) -> Iterator[list[FrameState]]:
    """Neighbouring frames of one state and reason, together."""
    run: list[FrameState] = []
    for frame in found:
        if run and (frame.state, frame.reason) != (run[-1].state, run[-1].reason):
            yield run
            run = []
        run.append(frame)
    if run:
        yield run
