"""How far a render is: each frame done, stale, failed or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from host_bridge.batch.job import Job
from host_bridge.batch.ledger import reason_of
from host_bridge.core.errors import Art3DError
from host_bridge.io.outputs.done import is_done

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
    source: int | None = number
    if number in job.plate.missing:
        source = job.plate.held(number) if job.missing == "hold" else None
    try:
        if source is not None and is_done(job.files(number), job.recipe(number, source, identity)):
            return FrameState(number, "done")
    except Art3DError as error:
        return FrameState(number, "failed", reason or str(error))
    if reason:
        return FrameState(number, "failed", reason)
    return FrameState(number, "stale" if all(path.is_file() for path in job.files(number)) else "missing")


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
