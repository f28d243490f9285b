"""The engine of the real server: analysis and renderer behind byte-bounded caches."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node import analysis, native, renderer
from art3d_node.analysis import FrameAnalysis, RawDepth
from art3d_node.estimate import judge, source_name
from art3d_node.library import Library
from art3d_node.motion import Link, links
from art3d_node.plate import Plate, picture_of
from art3d_node.renderer import Prepared
from art3d_node.server.memory.cache import ByteCache
from art3d_node.server.workers import devices
from art3d_node.server.workers.interrupt import stoppable
from art3d_node.server.workers.measuring import measure
from art3d_node.temporal import ALONE, Neighbour, Window
from art3d_node.transfer import download, host_array
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.machine import cpus
from host_bridge.core.params import Controls
from host_bridge.wire.messages import AnalysisSettings

log = logging.getLogger(__name__)
Check = Callable[[], None]
T = TypeVar("T")
Strips = tuple[Tensor, ...]  # of rows, from the top down

DEPTH_SHARE = 0.25
TURNS_KEPT = 4  # settings of the knobs that are kept of one frame
PICTURES_KEPT = 4096
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
        # Raw depths are small and dear: they outlive the rest, so that rendering a shot finds what its survey made.
        self._depths: ByteCache[tuple[Any, ...], RawDepth] = ByteCache(int(analysis_bytes * DEPTH_SHARE))
        self._pictures: ByteCache[str, Box] = ByteCache(PICTURES_KEPT)
        self._cache: ByteCache[tuple[Any, ...], Any] = ByteCache(analysis_bytes - self._depths.budget_bytes)

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
        ask = partial(self._tile, frames, key, settings, controls, box, outputs, check)
        try:
            return ask()
        except (MemoryError, torch.OutOfMemoryError) as error:
            log.warning("%s: out of memory, so the caches are dropped: %s", self.device, str(error)[:200])
        # Here, and not above, nothing holds the first try's tensors any more.
        self._drop_caches()
        try:
            return ask()
        except (MemoryError, torch.OutOfMemoryError) as error:
            why = str(error)
        self._drop_caches()
        raise MemoryError(why)

    def _tile(
        self,
        frames: Mapping[str, Frame],
        key: str,
        settings: AnalysisSettings,
        controls: Controls,
        box: Box,
        outputs: tuple[str, ...],
        check: Check,
    ) -> tuple[Mapping[str, Strips], dict[str, Any]]:
        ms: dict[str, float] = {}
        with self._lock:
            analysed = self._analysis(frames, key, settings, check, ms)
            prepared = self._prepared(frames[key], key, analysed, settings, controls, check, ms)
        start = time.perf_counter()
        with self._share_of_cores(), stoppable(check):
            strips = [renderer.render_box(prepared, strip, outputs) for strip in strips_of(box)]
            devices.settle(self._device)
        ms["render"] = _ms_since(start)
        stats = dict(strips[0].stats)
        stats["ms"] = {**stats.get("ms", {}), **ms}
        return {name: tuple(strip.planes[name] for strip in strips) for name in strips[0].planes}, stats

    @contextmanager
    def _share_of_cores(self) -> Iterator[None]:
        """Lets this thread use the cores that those which render already leave to it."""
        with self._lock:
            self._rendering += 1
            share = max(1, native.cores() // self._rendering)
        # Both count for the thread that says it. Where others are at work, a second one would be waited for.
        native.set_threads(share)
        if torch.get_num_threads() != share:
            torch.set_num_threads(share)
        try:
            yield
        finally:
            with self._lock:
                self._rendering -= 1

    def write(self, plane: Strips, target: npt.NDArray[np.float32], *, left: int = 0) -> None:
        """Copies a plane into shared memory: as many columns from `left` on as there is room for."""
        first = 0
        for strip in plane:
            download(strip[:, left : left + target.shape[1]], target[first : first + strip.shape[0]])
            first += strip.shape[0]

    def _drop_caches(self) -> None:
        with self._lock:
            self._cache.clear()
            self._depths.clear()
        devices.give_back(self._device)

    def _plate(self, frame: Frame, key: str, settings: AnalysisSettings) -> Plate:
        picture = self._picture(frame, key, settings)
        make = lambda: Plate.within(frame, picture, settings.proxy, self._device)  # noqa: E731
        return self._once(("plate", key, settings.proxy, picture), make, lambda plate: plate.nbytes)

    def _picture(self, frame: Frame, key: str, settings: AnalysisSettings) -> Box:
        """The active picture, which is looked for once."""
        if settings.picture is not None or settings.style == analysis.GIVEN:
            return picture_of(frame, settings)
        found = self._pictures.get(key)
        if found is None:
            found = picture_of(frame, settings)
            self._pictures.put(key, found, 1)
        return found

    def _once(self, name: tuple[Any, ...], make: Callable[[], T], size: Callable[[T], int]) -> T:
        found: T | None = self._cache.get(name)
        if found is None:
            found = make()
            self._cache.put(name, found, size(found))
        return found

    def _raw(self, frame: Frame, key: str, picture: Box, settings: AnalysisSettings, check: Check) -> RawDepth:
        given = settings.style == analysis.GIVEN
        depth = "" if given else source_name(frame, settings, self._library)
        if not given:
            for network in filter(None, (depth, judge(frame, settings, depth))):
                self._library.depth(network)  # loading must not be stopped half-way

        name = ("raw", key, picture, depth, settings.z_meaning, given)
        known = self._depths.get(name)
        if known is not None:
            return known
        # A neighbour's plate is not kept, nor that of a proxy: its colour is seldom looked at.
        kept: Plate | None = self._cache.get(("plate", key, 1, picture))
        plate = kept or Plate.within(frame, picture, device=self._device)
        with stoppable(check):
            made = analysis.estimate_depth(frame, settings, self._library, plate=plate, check=check)
        self._depths.put(name, made, made.nbytes)
        return made

    def _analysis(
        self, frames: Mapping[str, Frame], key: str, settings: AnalysisSettings, check: Check, ms: dict[str, float]
    ) -> FrameAnalysis:
        style = "" if settings.style == analysis.GIVEN else self._library.style(settings.style).id
        name = ("analysis", key, settings, style)
        found: FrameAnalysis | None = self._cache.get(name)
        if found is not None:
            return found
        start = time.perf_counter()
        plate = self._plate(frames[key], key, settings)
        picture = self._picture(frames[key], key, settings)
        raw = self._raw(frames[key], key, picture, settings, check)
        window = self._window(frames, key, raw, picture, settings, check)
        with stoppable(check):
            made = analysis.stage(frames[key], raw, settings, self._library, window=window, plate=plate, check=check)
            devices.settle(self._device)
        self._cache.put(name, made, made.nbytes)
        ms["analysis"] = _ms_since(start)
        return made

    def _window(
        self,
        frames: Mapping[str, Frame],
        key: str,
        raw: RawDepth,
        picture: Box,
        settings: AnalysisSettings,
        check: Check,
    ) -> Window:
        shot = settings.shot
        # Depth that was read from the plate looks at no picture, and needs no steadying.
        if shot is None or raw.look.numel() == 0:
            return ALONE

        def side(keys: tuple[str, ...]) -> list[Neighbour]:
            found, last, nearer = [], key, raw
            for other in keys:
                # Neighbours are looked at through the frame's own window, whatever their bars, so that pixels compare.
                data = frames[other].data
                there = self._raw(frames[other], other, picture if data.contains(picture) else data, settings, check)
                # Motion joins pictures of one size; what lies beyond another one is out of reach too.
                if there.grey.shape != nearer.grey.shape:
                    break
                link = self._link(last, nearer, other, there, picture)
                check()
                found.append(Neighbour(there.grey, host_array(there.inverse_depth), link))
                last, nearer = other, there
            return found

        return Window(side(shot.before), side(shot.after))

    def _link(self, key: str, raw: RawDepth, other: str, there: RawDepth, picture: Box) -> Link:
        """The motion between two looks; the way back is kept with it, since the next frame's window needs that."""
        first, second = sorted((key, other))
        pair = self._once(
            ("links", first, second, picture),
            lambda: links(*(r.grey for r in ((raw, there) if key == first else (there, raw)))),
            lambda both: sum(link.nbytes for link in both),
        )
        return pair[0] if key == first else pair[1]

    def _prepared(
        self,
        frame: Frame,
        key: str,
        analysed: FrameAnalysis,
        settings: AnalysisSettings,
        controls: Controls,
        check: Check,
        ms: dict[str, float],
    ) -> Prepared:
        def prepare() -> Prepared:
            with stoppable(check):
                return renderer.prepare(plate.frame, analysed, controls, plate=plate)

        start = time.perf_counter()
        plate = self._plate(frame, key, settings)
        name = ("prepared", key, settings, controls, analysed.style_id)
        if name not in self._cache:
            # A turn is cheap to make again; those of a knob that is dragged would push other frames' analyses out, and
            # the memory of one that is dropped is at hand, its pages touched, for the next.
            self._cache.drop_where(lambda other: other[:3] == name[:3], keep=TURNS_KEPT - 1)
        prepared = self._once(name, prepare, lambda prepared: prepared.nbytes)
        ms["prepare"] = _ms_since(start)
        return prepared

    def measure(self, layers: Mapping[str, npt.NDArray[Any]], *, check: Check) -> dict[str, Any]:
        """The figures of a pair."""
        return measure(layers, check=check)

    def forget(self, key: str) -> None:
        """Drops what may refer to a frame's pixels; its analysis owns its memory and stays."""
        with self._lock:
            self._cache.drop_where(lambda name: name[1] == key and name[0] in ("plate", "prepared"))

    def figures(self) -> dict[str, Any]:
        """The cache's size and hit rate, and the memory of a GPU."""
        both = (self._cache, self._depths)
        hits, misses = (sum(getattr(cache, name) for cache in both) for name in ("hits", "misses"))
        return {
            "analysis_bytes": sum(cache.used_bytes for cache in both),
            "analysis_count": sum(len(cache) for cache in both),
            "analysis_hit_rate": hits / max(1, hits + misses),
            **devices.figures(self._device),
        }


def make(device: str, analysis_bytes: int, *, open_paths: bool = False) -> Compute:
    """The engine of a device, warmed up.

    Raises:
        BadInputError: the device cannot be used.
    """
    own = devices.take(device)
    torch.set_num_threads(cpus())
    engine = Compute(device, devices.room(own, analysis_bytes), open_paths=open_paths)
    _warm_up(engine)
    engine.tiles_at_once = devices.tiles_at_once(own)
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
    """Renders one small frame, so that the first artist does not wait for loading and compiling.

    Its Z has a gap and its alpha an outline, so that what mends them is compiled too.
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


def _ms_since(start: float) -> float:
    return (time.perf_counter() - start) * 1e3
