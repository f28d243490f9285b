"""What the front hands to a worker, and what comes back: plain records, sent as msgpack over a private pipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgpack

from host_bridge.wire.codec import KINDS, NAMES
from host_bridge.wire.layout import Plane
from host_bridge.wire.memory import Segment
from host_bridge.wire.messages import PutFrame
from host_bridge.wire.schema import from_map, to_map

SMALL_PIXELS = 1 << 19  # what is done beside others ends by itself: a cancel stops it between two steps only


@dataclass(frozen=True)
class PlateRef:
    """A plate that a job needs: its description and where its pixels lie."""

    put: PutFrame
    segment: Segment


@dataclass(frozen=True)
class WorkerJob:
    """One piece of work.

    Attributes:
        kind: of the request, by its name on the wire.
        request: its fields.
        plates: the frame itself first, then its neighbours.
        planes: where the worker writes each plane in `result`.
        light: may be done beside other light jobs.
    """

    id: int
    kind: str
    request: Mapping[str, Any]
    plates: tuple[PlateRef, ...] = ()
    planes: tuple[Plane, ...] = ()
    result: Segment | None = None
    light: bool = False

    @classmethod
    def of(cls, number: int, message: Any, **named: Any) -> WorkerJob:
        """The job that carries out a request."""
        return cls(number, NAMES[type(message)], to_map(message), **named)

    @cached_property
    def message(self) -> Any:
        """The request."""
        return from_map(KINDS[self.kind], self.request, self.kind)


@dataclass(frozen=True)
class Abort:
    """Stop this job at the next chance."""

    id: int


@dataclass(frozen=True)
class Forget:
    """The plate's memory is about to be used for something else."""

    key: str


@dataclass(frozen=True)
class Ready:
    """A worker can take jobs, so many light ones at a time: those it does at once, and the next ones.

    `faults` names the style files that cannot be used.
    """

    device: str
    styles: tuple[Mapping[str, Any], ...]
    depth_sources: tuple[Mapping[str, Any], ...]
    tiles_at_once: int = 1
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unfit:
    """A worker cannot begin, and ends."""

    why: str


@dataclass(frozen=True)
class Done:
    """A job's figures; its pixels are in place. `ms` counts every stage that ran, `worker` is for the status."""

    id: int
    figures: Mapping[str, Any]
    ms: Mapping[str, Any] = field(default_factory=dict)
    worker: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """A job that could not be done; the fields of an error."""

    id: int
    error: Mapping[str, Any]


@dataclass(frozen=True)
class Alive:
    """Sent all the time, whatever a worker does; `ticks` counts the steps that a worker's jobs have taken."""

    ticks: int


@dataclass(frozen=True)
class LogLine:
    """A line of a worker for the server's log."""

    level: int
    name: str
    text: str


_RECORDS = {kind.__name__: kind for kind in (WorkerJob, Abort, Forget, Ready, Unfit, Done, Failed, Alive, LogLine)}


def pack(messages: Sequence[Any]) -> bytes:
    """The bytes of some records."""
    named = [[type(message).__name__, to_map(message)] for message in messages]
    packed: bytes = msgpack.packb(named, use_bin_type=True)
    return packed


def unpack(data: bytes) -> list[Any]:
    """The records in these bytes."""
    return [from_map(_RECORDS[name], fields, name) for name, fields in msgpack.unpackb(data, raw=False)]
