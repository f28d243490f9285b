"""What the session wants done. The service does it; tests look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from art3d_node.server.memory.plates import Upload
from art3d_node.server.workers.records import Job


@dataclass(frozen=True)
class Send:
    """A message to a client; `payload` is its second part, and `loan` is over once that has gone out."""

    peer: bytes
    id: int
    message: Any
    payload: memoryview | None = None
    loan: int = 0
    control: bool = False


@dataclass(frozen=True)
class Start:
    """A job for a worker."""

    worker: int
    job: Job


@dataclass(frozen=True)
class Stop:
    """A job that nobody waits for any more."""

    worker: int
    job: int


@dataclass(frozen=True)
class Tell:
    """A plate whose memory is about to be reused: all workers must let go."""

    key: str


@dataclass(frozen=True)
class Prove:
    """An upload whose key is to be computed, away from the loop; the answer goes to `Session.proved`."""

    upload: Upload


Action = Send | Start | Stop | Tell | Prove
