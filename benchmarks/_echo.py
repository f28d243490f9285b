"""An engine that computes nothing: what remains is the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings


class Echo:
    """Answers with the frame's own colour."""

    device, tiles_at_once = "cpu", 1

    def describe(self) -> tuple[tuple[()], tuple[()]]:
        return (), ()

    def tile(
        self,
        frames: Mapping[str, Frame],
        key: str,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: Sequence[str],
        *,
        check: Callable[[], None],
    ) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        color = frames[key].layers["color"][box.slices(frames[key].data)]
        return dict.fromkeys(outputs, color), {"ms": {}}

    def write(self, plane: npt.NDArray[Any], target: npt.NDArray[Any], *, left: int = 0) -> None:
        np.copyto(target, plane[:, left : left + target.shape[1]], casting="no")

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Callable[[], None]) -> dict[str, Any]:
        return {}

    def forget(self, key: str) -> None:
        pass

    def figures(self) -> dict[str, Any]:
        return {}


def make(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Echo:
    return Echo()
