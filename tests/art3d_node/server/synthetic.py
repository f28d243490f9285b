"""An engine of known arithmetic for the load and fault tests: slow on demand, and right or wrong at a glance."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS
from host_bridge.wire.settings import AnalysisSettings

ONE_CHANNEL = set(OUTPUTS) - {"left", "right", "left_extra", "right_extra"}


def expected(
    frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
) -> dict[str, npt.NDArray[np.float32]]:
    """What the engine answers: a crop of colour times a gain, zero outside the data window."""
    planes = {}
    for name in outputs:
        whole = frame.layers["color"].astype(np.float32)
        whole = whole * np.float32(controls.depth_gain) + np.float32(len(name))
        if name in ONE_CHANNEL:
            whole = whole[..., :1]
        plane = np.zeros((box.height, box.width, whole.shape[2]), np.float32)
        inside = box.intersect(frame.data)
        if not inside.empty:
            plane[inside.slices(box)] = whole[inside.slices(frame.data)]
        planes[name] = plane
    return planes


class Synthetic:
    """Analyses by sleeping `settings.depth` = "slow-SECONDS" in pieces; "boom" fails; "die" kills the worker.

    "write-SECONDS" takes as long to write the result, and never asks whether somebody waits for it. "pair" ends, once
    it is analysed, when two tiles are under way. "narrow" fails, once it is analysed, for a box wider than 32 px.
    """

    def __init__(self, device: str) -> None:
        self.device, self.count, self.tiles_at_once = device, 0, 2
        self.analysed: set[tuple[str, AnalysisSettings]] = set()
        self._pair, self._of_thread = threading.Barrier(2, timeout=60.0), threading.local()

    def describe(self) -> tuple[tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]]:
        return ({"name": "neutral"},), ({"name": "aov"},)

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
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, Any]]:
        name = (key, settings)
        if name not in self.analysed:
            self._analyse(settings, check)
            self.analysed.add(name)
            self.count += 1
        elif settings.depth == "pair":
            self._pair.wait()
        elif settings.depth == "narrow" and box.width > 32:
            raise RuntimeError("too wide")
        check()
        self._of_thread.write_s = float(settings.depth[6:]) if settings.depth.startswith("write-") else 0.0
        stats = {"analyses": self.count, "pid": os.getpid(), "width": box.width, "ms": {"analysis": 1.0}}
        stats["thread"] = threading.current_thread().name
        return expected(frames[key], settings, controls, box, outputs), stats

    def _analyse(self, settings: AnalysisSettings, check: Callable[[], None]) -> None:
        if settings.depth == "boom":
            raise BadInputError("boom", remedy="do not ask for it")
        if settings.depth == "bug":
            raise RuntimeError("a fault")
        if settings.depth == "die":
            os.kill(os.getpid(), 9)
        if settings.depth.startswith("slow-"):
            end = time.monotonic() + float(settings.depth[5:])
            while time.monotonic() < end:
                check()
                time.sleep(0.01)

    def write(self, plane: npt.NDArray[Any], target: npt.NDArray[Any], *, left: int = 0) -> None:
        end = time.monotonic() + self._of_thread.write_s
        while time.monotonic() < end:
            time.sleep(0.01)
        np.copyto(target, plane[:, left : left + target.shape[1]], casting="no")

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Callable[[], None]) -> dict[str, Any]:
        return {"mean": float(layers["left"].mean()), "layers": sorted(layers)}

    def match(
        self, layers: Mapping[str, npt.NDArray[Any]], reach_pct: float, *, check: Callable[[], None]
    ) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, float]]:
        found = layers["left"][..., :1].astype(np.float32) + np.float32(reach_pct)
        return {"disparity_left": found, "disparity_right": -found}, {"trusted": 1.0}

    def forget(self, key: str) -> None:
        pass

    def figures(self) -> dict[str, Any]:
        return {"analyses": self.count}


def make(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Synthetic:
    return Synthetic(device)


def make_single(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Synthetic:
    """An engine that does one tile at a time, as a GPU's."""
    engine = make(device, analysis_bytes, open_paths=open_paths)
    engine.tiles_at_once = 1
    return engine


def make_slowly(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Synthetic:
    """An engine that loads longer than a client's first patience."""
    time.sleep(1.5)
    return make(device, analysis_bytes, open_paths=open_paths)
