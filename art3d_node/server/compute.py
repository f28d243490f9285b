"""The engine of the real server: analysis and renderer behind byte-bounded caches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from art3d_node import analysis, renderer
from art3d_node.analysis import FrameAnalysis, RawDepth
from art3d_node.library import Library
from art3d_node.renderer import Plate, Prepared
from art3d_node.server.cache import ByteCache
from art3d_node.server.measuring import measure
from art3d_node.temporal import Neighbour
from host_bridge.errors import BadInputError
from host_bridge.frame import Frame
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.wire.messages import AnalysisSettings

Check = Callable[[], None]
T = TypeVar("T")


class Compute:
    """One device's engine.

    Args:
        device: its name, for the status.
        analysis_bytes: bound of all caches together.
        open_paths: whether a client may name a depth source by its path; only where all clients are this user.
    """

    def __init__(self, device: str, analysis_bytes: int, *, open_paths: bool = False) -> None:
        self.device = device
        self._library = Library(open_paths=open_paths)
        self._cache: ByteCache[tuple[Any, ...], Any] = ByteCache(analysis_bytes)

    def describe(self) -> tuple[tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]:
        """The styles and depth sources that the library can load now."""
        return tuple(self._library.styles()), tuple(self._library.depth_sources())

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
    ) -> tuple[Mapping[str, npt.NDArray[np.float32]], dict[str, Any]]:
        """Analyse, prepare and render one box; everything but the rendering comes from the cache when it is there."""
        ms: dict[str, float] = {}
        analysed = self._analysis(frames, key, settings, check, ms)
        check()
        prepared = self._prepared(frames[key], key, analysed, settings, controls, ms)
        check()
        start = time.perf_counter()
        rendered = renderer.render_box(prepared, box, outputs)
        ms["render"] = _ms_since(start)
        planes = {name: np.ascontiguousarray(plane.numpy(force=True)) for name, plane in rendered.planes.items()}
        stats = dict(rendered.stats)
        stats["ms"] = {**stats.get("ms", {}), **ms}
        return planes, stats

    def _once(self, name: tuple[Any, ...], make: Callable[[], T], size: Callable[[T], int]) -> T:
        found: T | None = self._cache.get(name)
        if found is None:
            found = make()
            self._cache.put(name, found, size(found))
        return found

    def _raw(self, frame: Frame, key: str, settings: AnalysisSettings, check: Check) -> RawDepth:
        given = settings.style == analysis.GIVEN
        depth = self._library.automatic(has_z="depth" in frame.layers) if settings.depth == "auto" else settings.depth
        name = ("raw", key, depth, settings.z_meaning, given)
        return self._once(
            name, lambda: analysis.estimate_depth(frame, settings, self._library, check=check), lambda raw: raw.nbytes
        )

    def _analysis(
        self, frames: Mapping[str, Frame], key: str, settings: AnalysisSettings, check: Check, ms: dict[str, float]
    ) -> FrameAnalysis:
        style = "" if settings.style == analysis.GIVEN else self._library.style(settings.style).id
        name = ("analysis", key, settings, style)
        found: FrameAnalysis | None = self._cache.get(name)
        if found is not None:
            return found
        start = time.perf_counter()
        raw = self._raw(frames[key], key, settings, check)
        neighbours = self._neighbours(frames, settings, check)
        made = analysis.stage(frames[key], raw, settings, self._library, neighbours=neighbours, check=check)
        self._cache.put(name, made, made.nbytes)
        ms["analysis"] = _ms_since(start)
        return made

    def _neighbours(self, frames: Mapping[str, Frame], settings: AnalysisSettings, check: Check) -> list[Neighbour]:
        if settings.shot is None:
            return []
        found = []
        for side in (settings.shot.before, settings.shot.after):
            for distance, key in enumerate(side, 1):
                raw = self._raw(frames[key], key, settings, check)
                found.append(Neighbour(raw.look.numpy(), raw.inverse_depth.numpy(), distance))
        return found

    def _prepared(
        self,
        frame: Frame,
        key: str,
        analysed: FrameAnalysis,
        settings: AnalysisSettings,
        controls: Controls,
        ms: dict[str, float],
    ) -> Prepared:
        plate = self._once(("plate", key), lambda: Plate(frame), lambda plate: plate.nbytes)
        start = time.perf_counter()
        prepared = self._once(
            ("prepared", key, settings, controls, analysed.style_id),
            lambda: renderer.prepare(frame, analysed, controls, plate=plate),
            lambda prepared: prepared.nbytes,
        )
        ms["prepare"] = _ms_since(start)
        return prepared

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Check) -> dict[str, Any]:
        """The figures of a pair."""
        return measure(layers, check=check)

    def forget(self, key: str) -> None:
        """Drops what may refer to a frame's pixels; its analysis owns its memory and stays."""
        self._cache.drop_where(lambda name: name[1] == key and name[0] in ("plate", "prepared"))

    def figures(self) -> dict[str, Any]:
        """The cache's size and hit rate."""
        asked = self._cache.hits + self._cache.misses
        return {
            "analysis_bytes": self._cache.used_bytes,
            "analysis_count": len(self._cache),
            "analysis_hit_rate": self._cache.hits / asked if asked else 0.0,
        }


def make(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Compute:
    """The engine of a device, warmed up.

    Raises:
        BadInputError: a device other than the processor.
    """
    if device != "cpu":
        raise BadInputError(f"this version computes on the processor, not on {device!r}", remedy="use --device cpu")
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    engine = Compute(device, analysis_bytes, open_paths=open_paths)
    _warm_up(engine)
    return engine


def _warm_up(engine: Compute) -> None:
    """Renders one small frame, so that the first artist does not wait for loading and compiling."""
    ramp = np.linspace(0.1, 1.0, 64 * 64, dtype=np.float32).reshape(64, 64, 1)
    box = Box.of_size(64, 64)
    frame = Frame(box, box, {"color": np.repeat(ramp, 4, 2), "depth": 1.0 + ramp}, ("R", "G", "B", "A"))
    outputs = ("right", "disparity_left", "disparity_right", "occlusion_right")
    engine.tile({"warm": frame}, "warm", AnalysisSettings(depth="aov"), Controls(), box, outputs, check=lambda: None)
    engine.forget("warm")


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3
