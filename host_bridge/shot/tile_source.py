"""Whoever answers tile requests, as far as the analysis of a shot needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from host_bridge.client.tile import Tile
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings


class TileSource(Protocol):
    """`host_bridge.client.Client` is one."""

    def submit(
        self, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
    ) -> Any:
        """Asks, without waiting."""
        ...

    def result(self, pending: Any) -> Tile:
        """Waits for an answer."""
        ...
