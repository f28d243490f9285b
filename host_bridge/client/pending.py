"""A request under way, and the pair that `measure` and `match` upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from host_bridge.core.frame import Array, Frame, content_key
from host_bridge.core.geometry import Box


@dataclass(eq=False)
class Pending:
    """A request under way; `Client.result` waits for it."""

    message: Any
    frames: Mapping[str, Frame | Pair]
    end_s: float
    number: int = 0
    generation: int = 0
    tries: int = 0
    cancelled: bool = False
    uploaded: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """What `measure` and `match` upload: layers left, right, and perhaps reference and disparity, all of one size."""

    layers: Mapping[str, Array]
    display: Box
    data: Box
    channels: tuple[str, ...] = ()
    pixel_aspect: float = 1.0

    @property
    def key(self) -> str:
        """Content key, as a frame's."""
        return content_key(self.display, self.data, self.pixel_aspect, self.channels, self.layers)
