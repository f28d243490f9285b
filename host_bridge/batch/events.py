"""What a batch tells while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from host_bridge.core.errors import Art3DError

Kind = Literal["rendered", "kept", "skipped", "failed"]


@dataclass(frozen=True)
class Event:
    """One frame came to its end.

    Attributes:
        number: frame number.
        kind: rendered; kept, since it was done already; skipped, since its plate is missing; failed.
        files: what lies on the disk for it.
        stats: figures of the frame, from the server.
        seconds: stage → seconds of its own work, without waiting for its turn: read, transfer, analysis, new_view,
            write. They overlap with other frames'.
        held: the frame whose plate stood in for a missing one.
        error: why it failed or was skipped.
    """

    number: int
    kind: Kind
    files: tuple[Path, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    held: int | None = None
    error: Art3DError | None = None


class Reporter(Protocol):
    """Who is told; `progress` has one for people and one for programs."""

    def start(self, frames: int, settings: Mapping[str, Any]) -> None:
        """The batch begins."""

    def frame(self, event: Event) -> None:
        """One frame came to its end; events come in frame order or nearly so."""

    def done(self, counts: Mapping[str, int], seconds: float) -> None:
        """The batch is over, or was stopped."""
