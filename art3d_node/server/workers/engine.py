"""What a worker computes with, as a protocol: `compute.Compute` is the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.messages import AnalysisSettings

Plane = npt.NDArray[np.float32]
Check = Callable[[], None]


class Engine(Protocol):
    """One device's computing.

    `check` is called between steps, and inside `interrupt.stoppable` at any time; it raises to stop the work.

    A frame's arrays are views of shared memory that is reused after `forget` of its key: only what `forget` drops may
    keep a reference to them.
    """

    device: str
    tiles_at_once: int  # small tiles of analysed frames, asked in as many threads; everything else comes alone

    def describe(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """The styles and the depth sources that can be loaded now."""

    def tile(
        self,
        frames: Mapping[str, Frame],
        key: str,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: tuple[str, ...],
        *,
        check: Check,
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """Planes over `box` in the engine's own form, and the frame's figures, among them `ms` per stage."""

    def write(self, plane: Any, target: Plane, *, left: int = 0) -> None:
        """Copies a plane of `tile` into shared memory: as many columns from `left` on as there is room for."""

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Check) -> dict[str, Any]:
        """The figures of a pair."""

    def forget(self, key: str) -> None:
        """Lets go of a frame's pixels."""

    def figures(self) -> dict[str, Any]:
        """Cache sizes, hit rate and device memory."""
