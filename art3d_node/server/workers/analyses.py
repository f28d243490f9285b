"""What a device has computed, behind caches that are bounded in bytes: plates, depths, analyses, prepared frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from art3d_node import analysis
from art3d_node.estimate import RawDepth, estimate_depth, judge, source_name
from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.library import Library
from art3d_node.motion import Link, links
from art3d_node.plate import GIVEN, PlateTensors, picture_of
from art3d_node.prepared import Prepared, prepare
from art3d_node.server.memory.cache import ByteCache
from art3d_node.server.workers import devices
from art3d_node.server.workers.engine import Check, ms_since
from art3d_node.server.workers.interrupt import stoppable
from art3d_node.temporal import ALONE, Neighbour, Neighbourhood
from art3d_node.transfer import host_array
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings

T = TypeVar("T")
DEPTH_SHARE = 0.25
LEAST_DEPTHS_BYTES = 32 << 20  # a frame and its neighbours: with less, each is computed anew for every frame
TURNS_KEPT = 4  # settings of the knobs that are kept of one frame
PICTURES_KEPT = 4096


@dataclass(frozen=True)
class FrameRequest:
    """One request's frame, and what goes with it.

    Attributes:
        frames: the frame and its neighbours by key.
        key: the frame's own.
        check: raises to stop the work.
        ms: milliseconds of every stage that ran are noted here.
    """

    frames: Mapping[str, Frame]
    key: str
    settings: AnalysisSettings
    check: Check
    ms: dict[str, float]

    @property
    def frame(self) -> Frame:
        """The frame itself."""
        return self.frames[self.key]


class Analyses:
    """The caches of one device; for one thread at a time.

    Args:
        nbytes: bound of all of them together.
    """

    def __init__(self, library: Library, device: torch.device, nbytes: int) -> None:
        self._library, self._device = library, device
        # Raw depths are small and dear: they outlive the rest, so that rendering a shot finds what its survey made.
        self._depths: ByteCache[tuple[Any, ...], RawDepth] = ByteCache(
            max(int(nbytes * DEPTH_SHARE), LEAST_DEPTHS_BYTES if nbytes >= 2 * LEAST_DEPTHS_BYTES else 0)
        )
        self._pictures: ByteCache[str, Box] = ByteCache(PICTURES_KEPT)
        self._cache: ByteCache[tuple[Any, ...], Any] = ByteCache(nbytes - self._depths.budget_bytes)

    def __len__(self) -> int:
        return len(self._cache) + len(self._depths)

    def clear(self) -> None:
        """Drops everything."""
        self._cache.clear()
        self._depths.clear()

    def forget(self, key: str) -> None:
        """Drops what may refer to a frame's pixels; its analysis owns its memory and stays."""
        self._cache.drop_where(lambda name: name[1] == key and name[0] in ("plate", "prepared"))

    def figures(self) -> dict[str, Any]:
        """Size and hit rate."""
        both = (self._cache, self._depths)
        hits, misses = (sum(getattr(cache, name) for cache in both) for name in ("hits", "misses"))
        return {
            "analysis_bytes": sum(cache.used_bytes for cache in both),
            "analysis_count": sum(len(cache) for cache in both),
            "analysis_hit_rate": hits / max(1, hits + misses),
        }

    def prepared(self, request: FrameRequest, controls: Controls) -> Prepared:
        """A frame ready for its tiles: whatever of it is not cached is computed."""
        analysed = self._analysis(request)
        key, settings = request.key, request.settings

        def turned() -> Prepared:
            with stoppable(request.check):
                return prepare(plate.frame, analysed, controls, plate=plate)

        start = time.perf_counter()
        plate = self._plate(request.frame, key, settings)
        name = ("prepared", key, settings, controls, analysed.style_id)
        if name not in self._cache:
            # A turn is cheap to make again; those of a knob that is dragged would push other frames' analyses out, and
            # the memory of one that is dropped is at hand, its pages touched, for the next.
            self._cache.drop_where(lambda other: other[:3] == name[:3], keep=TURNS_KEPT - 1)
        found = self._once(name, turned, lambda made: made.nbytes)
        request.ms["prepare"] = ms_since(start)
        return found

    def _plate(self, frame: Frame, key: str, settings: AnalysisSettings) -> PlateTensors:
        picture = self._picture(frame, key, settings)
        make = lambda: PlateTensors.within(frame, picture, settings.proxy, self._device)  # noqa: E731
        return self._once(("plate", key, settings.proxy, picture), make, lambda plate: plate.nbytes)

    def _picture(self, frame: Frame, key: str, settings: AnalysisSettings) -> Box:
        """The active picture, which is looked for once."""
        if settings.picture is not None or settings.style == GIVEN:
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

    def _raw(self, request: FrameRequest, key: str, picture: Box) -> RawDepth:
        """The depth of the frame, or of a neighbour, before anything is made of it."""
        frame, settings, check = request.frames[key], request.settings, request.check
        is_given = settings.style == GIVEN
        depth = "" if is_given else source_name(frame, settings, self._library)
        if not is_given:
            for network in filter(None, (depth, judge(frame, settings, depth))):
                self._library.depth(network)  # loading must not be stopped half-way

        name = ("raw", key, picture, depth, settings.z_meaning, is_given)
        cached = self._depths.get(name)
        if cached is not None:
            return cached
        # A neighbour's plate is not kept, nor that of a proxy: its colour is seldom looked at.
        kept: PlateTensors | None = self._cache.get(("plate", key, 1, picture))
        plate = kept or PlateTensors.within(frame, picture, device=self._device)
        with stoppable(check):
            estimated = estimate_depth(frame, settings, self._library, plate=plate, check=check)
        self._depths.put(name, estimated, estimated.nbytes)
        return estimated

    def _analysis(self, request: FrameRequest) -> FrameAnalysis:
        frame, key, settings, check = request.frame, request.key, request.settings, request.check
        style = "" if settings.style == GIVEN else self._library.style(settings.style).id
        name = ("analysis", key, settings, style)
        found: FrameAnalysis | None = self._cache.get(name)
        if found is not None:
            return found
        start = time.perf_counter()
        plate = self._plate(frame, key, settings)
        picture = self._picture(frame, key, settings)
        raw = self._raw(request, key, picture)
        window = self._window(request, raw, picture)
        with stoppable(check):
            staged = analysis.stage(frame, raw, settings, self._library, window=window, plate=plate, check=check)
            devices.settle(self._device)
        self._cache.put(name, staged, staged.nbytes)
        request.ms["analysis"] = ms_since(start)
        return staged

    def _window(self, request: FrameRequest, raw: RawDepth, picture: Box) -> Neighbourhood:
        shot = request.settings.shot
        # Depth that was read from the plate looks at no picture, and needs no steadying.
        if shot is None or raw.look.numel() == 0:
            return ALONE

        def side(keys: tuple[str, ...]) -> list[Neighbour]:
            found, last, nearer = [], request.key, raw
            for other_key in keys:
                # Neighbours are looked at through the frame's own window, whatever their bars, so that pixels compare.
                data = request.frames[other_key].data
                other_depth = self._raw(request, other_key, picture if data.contains(picture) else data)
                # Motion joins pictures of one size; what lies beyond another one is out of reach too.
                if other_depth.grey.shape != nearer.grey.shape:
                    break
                link = self._link(last, nearer, other_key, other_depth, picture)
                request.check()
                found.append(Neighbour(other_depth.grey, host_array(other_depth.inverse_depth), link))
                last, nearer = other_key, other_depth
            return found

        return Neighbourhood(side(shot.before), side(shot.after))

    def _link(self, key: str, raw: RawDepth, other_key: str, other_depth: RawDepth, picture: Box) -> Link:
        """The motion between two looks; the way back is kept with it, since the next frame's window needs that."""
        first, second = sorted((key, other_key))
        pair = self._once(
            ("links", first, second, picture),
            lambda: links(*(r.grey for r in ((raw, other_depth) if key == first else (other_depth, raw)))),
            lambda both: sum(link.nbytes for link in both),
        )
        return pair[0] if key == first else pair[1]
