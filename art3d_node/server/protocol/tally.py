"""What the server counts, for its status and for Prometheus."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

RECENT = 256


@dataclass
class Tally:
    """Counters since the start, and the latest milliseconds of every stage."""

    messages: int = 0
    refused: int = 0
    tiles: int = 0
    failed: int = 0
    cancelled: int = 0
    need_frame: int = 0
    plates_in: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    workers_lost: int = 0
    stage_ms: dict[str, deque[float]] = field(default_factory=dict)

    def add_ms(self, stages: Mapping[str, Any]) -> None:
        """Notes how long stages took."""
        for name, value in stages.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.stage_ms.setdefault(str(name)[:32], deque(maxlen=RECENT)).append(float(value))

    def figures(self) -> dict[str, Any]:
        """The counters, and the median of each stage."""
        counts = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        stages = {name: round(median(values), 3) for name, values in self.stage_ms.items()}
        return {"counts": counts, "stage_ms": stages}
