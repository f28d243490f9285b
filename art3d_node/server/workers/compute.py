"""The engine of the real server: analysis and renderer behind byte-bounded caches."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node import native, renderer
from art3d_node.library import Library
from art3d_node.plane_memory import PLANES
from art3d_node.server.workers import devices
from art3d_node.server.workers.analyses import Analyses, FrameRequest
from art3d_node.server.workers.engine import Check, ms_since
from art3d_node.server.workers.interrupt import stoppable
from art3d_node.server.workers.matching import match
from art3d_node.server.workers.measuring import measure
from art3d_node.transfer import download
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.machine import cpus
from host_bridge.core.params import Controls
from host_bridge.core.warm_memory import kept_bytes
from host_bridge.wire.settings import AnalysisSettings

log = logging.getLogger(__name__)
Strips = tuple[Tensor, ...]  # of rows, from the top down

STRIP_PIXELS = 1 << 22
STRIP_ROWS = 1024


class Compute:
    """One device's engine.

    Args:
        device: its name, "cpu" or "cuda:0" and so on; on a GPU the pixels stay there from the upload to the result.
        analysis_bytes: bound of all caches together.
        open_paths: whether a client may name a depth source by its path; only where all clients are this user.
    """

    def __init__(self, device: str, analysis_bytes: int, *, open_paths: bool = False) -> None:
        self.device, self._device = device, torch.device(device)
        self.tiles_at_once = 1
        self._lock, self._rendering = threading.RLock(), 0  # of the caches; how many threads render
        self._library = Library(open_paths=open_paths, device=self._device)
        self.analyses = Analyses(self._library, self._device, analysis_bytes)

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
    ) -> tuple[Mapping[str, Strips], dict[str, Any]]:
        """Analyse, prepare and render one box; everything but the rendering comes from the cache when it is there.

        Raises:
            MemoryError: not even an empty cache leaves room for the work.
        """
        ask = partial(self._tile, FrameRequest(frames, key, settings, check, {}), controls, box, outputs)
        try:
            return ask()
        except (MemoryError, torch.OutOfMemoryError) as error:
            log.warning("%s: out of memory, so the caches are dropped: %s", self.device, str(error)[:200])
        # Here, and not above, nothing holds the first try's tensors any more.
        self._drop_caches()
        try:
            return ask()
        except (MemoryError, torch.OutOfMemoryError) as error:
            message = str(error)
        self._drop_caches()
        raise MemoryError(message)

    def _tile(
        self, request: FrameRequest, controls: Controls, box: Box, outputs: tuple[str, ...]
    ) -> tuple[Mapping[str, Strips], dict[str, Any]]:
        with self._lock:
            prepared = self.analyses.prepared(request, controls)
        start = time.perf_counter()
        with self._share_of_cores(), stoppable(request.check):
            strips = [renderer.render_box(prepared, strip, outputs) for strip in strips_of(box)]
            devices.settle(self._device)
        request.ms["render"] = ms_since(start)
        stats = dict(strips[0].stats)
        stats["ms"] = {**stats.get("ms", {}), **request.ms}
        return {name: tuple(strip.planes[name] for strip in strips) for name in strips[0].planes}, stats

    @contextmanager
    def _share_of_cores(self) -> Iterator[None]:
        """Lets this thread's kernels use the cores that those which render already leave to it, and torch one.

        torch's part of a box is a copy or two. A second thread of its own would look for more of them for milliseconds,
        on the core that the kernels need next.
        """
        with self._lock:
            self._rendering += 1
            share = max(1, native.cores() // self._rendering)
        native.set_threads(share)  # of this thread, as torch's
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
            with self._lock:
                self._rendering -= 1

    def write(self, plane: Strips, target: npt.NDArray[Any], *, left: int = 0) -> None:
        """Copies a plane into shared memory: as many columns from `left` on as there is room for."""
        first = 0
        for strip in plane:
            download(strip[:, left : left + target.shape[1]], target[first : first + strip.shape[0]])
            first += strip.shape[0]

    def _drop_caches(self) -> None:
        with self._lock:
            self.analyses.clear()
        PLANES.drop()
        devices.give_back(self._device)

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Check) -> dict[str, Any]:
        """The figures of a pair."""
        return measure(layers, check=check)

    def match(
        self, layers: Mapping[str, npt.NDArray[Any]], reach_pct: float, *, check: Check
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both eyes' disparities, and how the eyes differ."""
        return match(layers, reach_pct, check=check)

    def forget(self, key: str) -> None:
        """Drops what may refer to a frame's pixels; its analysis owns its memory and stays."""
        with self._lock:
            self.analyses.forget(key)

    def figures(self) -> dict[str, Any]:
        """The cache's size and hit rate, and the memory of a GPU."""
        return {**self.analyses.figures(), **devices.figures(self._device)}


def make(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Compute:
    """The engine of a device, warmed up.

    Raises:
        BadInputError: the device cannot be used.
    """
    memory_bytes = devices.take(device)
    torch.set_num_threads(cpus())
    PLANES.keep(kept_bytes())
    engine = Compute(device, devices.room(memory_bytes, analysis_bytes), open_paths=open_paths)
    _warm_up(engine)
    engine.tiles_at_once = devices.tiles_at_once(memory_bytes)
    return engine


def strips_of(box: Box) -> list[Box]:
    """A large box in strips of rows, rendered one by one, so that the memory of the work is bounded.

    Every strip renders some rows of its neighbours again, so none is lower than `STRIP_ROWS`.
    """
    rows = max(STRIP_ROWS, STRIP_PIXELS // max(1, box.width))
    count = max(1, round(box.height / rows))
    cuts = [box.y0 + box.height * index // count for index in range(count + 1)]
    return [Box(box.x0, top, box.x1, bottom) for top, bottom in itertools.pairwise(cuts)]


def _warm_up(engine: Compute) -> None:
    """Renders one small frame, so that the first artist waits for nothing that first use loads or compiles.

    Its Z has a gap and its alpha an outline, so that what mends them runs too.
    """
    ramp = np.linspace(0.1, 1.0, 64 * 64, dtype=np.float32).reshape(64, 64, 1)
    z = 1.0 + ramp
    z[20:24, 30:33] = np.nan
    box = Box.of_size(64, 64)
    frame = Frame(box, box, {"color": np.repeat(ramp, 4, 2), "depth": z}, ("R", "G", "B", "A"))
    outputs = ("right", "disparity_left", "disparity_right", "occlusion_right")
    for depth in ("aov", "mini"):
        settings = AnalysisSettings(depth=depth)
        engine.tile({"warm": frame}, "warm", settings, Controls(), box, outputs, check=lambda: None)
    engine.forget("warm")
