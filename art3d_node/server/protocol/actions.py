"""What the session wants done. The service does it; tests look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from art3d_node.server.protocol.upload import Upload
from art3d_node.server.workers.records import WorkerJob
from host_bridge.core.errors import Art3DError
from host_bridge.wire.codec import failure


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
    job: WorkerJob


@dataclass(frozen=True)
class Stop:
    """A job that nobody waits for any more."""

    worker: int
    job: int


@dataclass(frozen=True)
class DropPlate:
    """A plate whose memory is about to be reused: all workers must let go."""

    key: str


@dataclass(frozen=True)
class Verify:
    """An upload of which a part came: its key is to go on, away from the loop; then `Session.verified` is told."""

    upload: Upload


Action = Send | Start | Stop | DropPlate | Verify


class Outbox:
    """What is to be done, in order, until the service takes it."""

    def __init__(self) -> None:
        self._actions: list[Action] = []

    def add(self, action: Action) -> None:
        """One more."""
        self._actions.append(action)

    def reply(self, peer: bytes, request_id: int, message: Any, *, control: bool = False) -> None:
        """Sends a client a message about one of its requests."""
        self.add(Send(peer, request_id, message, control=control))

    def refuse(self, peer: bytes, request_id: int, error: Art3DError, *, control: bool = False) -> None:
        """Sends a client the reason why one of its requests fails."""
        self.reply(peer, request_id, failure(error), control=control)

    def take(self) -> list[Action]:
        """What is to be done now."""
        actions, self._actions = self._actions, []
        return actions
