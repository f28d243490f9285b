"""What single frames of a shot say: each analysed on its own, small, inside its bars."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from host_bridge.core.bars import NONE, Bars, inside
from host_bridge.core.frame import Array, Frame
from host_bridge.core.params import Controls
from host_bridge.shot.budget import unlimited
from host_bridge.shot.edges import EYE_SHARES, EdgeRows, edge_rows
from host_bridge.shot.signature import Glance, glance
from host_bridge.shot.steady import Floats, Measured
from host_bridge.shot.tile_source import TileSource
from host_bridge.wire.depth_values import varies
from host_bridge.wire.settings import PROXIES, AnalysisSettings

THUMB = (36, 64)
GIVEN = "given"
ASKED_AHEAD = 2
PROXY_PX = 512
NO_DEPTH = np.zeros((1, 1, 1), np.float32)
NOT_MEASURED = Measured(0.0, 1.0, 0.0, 0.0, np.zeros(THUMB), 0.0, (0.0, 0.0))


@dataclass(frozen=True)
class FrameSurvey:
    """What one frame says on its own.

    Attributes:
        number: frame number.
        size: width and height of its data window, px.
        glance: the frame from afar.
        bars: the bars inside which it was measured.
        measured: what was found there.
        source, model_id: of its depth.
        blank: the frame has no depth of its own.
        edges: what its left and right edge cut, for each hero eye; {} where nothing is known.
    """

    number: int
    size: tuple[int, int]
    glance: Glance
    bars: Bars
    measured: Measured
    source: str
    model_id: str
    blank: bool = False
    edges: Mapping[str, tuple[EdgeRows, EdgeRows]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Request:
    number: int
    size: tuple[int, int]
    glance: Glance
    bars: Bars
    part: tuple[slice, slice]
    width_px: int
    pending: Any


def look_at(
    frames: Iterable[tuple[int, Frame]],
    server: TileSource,
    settings: AnalysisSettings,
    bars: Sequence[Bars] | None = None,
) -> Iterator[FrameSurvey]:
    """What each frame says inside its own bars, or those given; the server works on the next ones meanwhile."""
    pending: deque[_Request] = deque()
    for index, (number, frame) in enumerate(frames):
        view = glance(frame)
        frame_bars = bars[index] if bars else NONE if settings.style == GIVEN else view.bars
        pending.append(_ask(server, settings, number, frame, view, frame_bars))
        if len(pending) > ASKED_AHEAD:
            yield _seen(server, pending.popleft())
    while pending:
        yield _seen(server, pending.popleft())


def _ask(
    server: TileSource, settings: AnalysisSettings, number: int, frame: Frame, view: Glance, bars: Bars
) -> _Request:
    # A few figures and a thumbnail need no whole plate, but what networks work at.
    step = min(PROXIES[1], max(1, max(frame.data.width, frame.data.height) // PROXY_PX))
    proxy, picture = frame.proxy(step), inside(frame.data, bars)
    asking = replace(settings, proxy=step, picture=picture)
    pending = None
    if settings.depth != "aov" or varies(frame.inside(picture).layers.get("depth", NO_DEPTH)):
        pending = server.submit(frame, asking, Controls(), proxy.data, ("inverse_depth", "disparity_left"))
    part = picture.sampled(frame.data, step)
    size = (frame.data.width, frame.data.height)
    return _Request(number, size, view, bars, part.slices(proxy.data), proxy.inside(part).picture_width, pending)


def _seen(server: TileSource, request: _Request) -> FrameSurvey:
    if request.pending is None:
        return FrameSurvey(request.number, request.size, request.glance, request.bars, NOT_MEASURED, "", "", blank=True)
    tile = server.result(request.pending)
    stats = tile.stats
    low, high = float(stats["iz_low"]), float(stats["iz_high"])
    shown = np.full(tile.planes["inverse_depth"].shape[:2], np.nan, np.float32)
    shown[request.part] = tile.planes["inverse_depth"][..., 0][request.part]
    normalised = _thumb(shown)
    fraction = tile.planes["disparity_left"][..., 0][request.part] / request.width_px
    disparity = _thumb(fraction)
    rows, columns = THUMB
    middle = disparity[rows // 3 : 2 * rows // 3, columns // 3 : 2 * columns // 3]
    measured = Measured(
        iz_low=low,
        iz_high=high,
        fit_scale=float(stats["fit_scale"]),
        fit_shift=float(stats["fit_shift"]),
        thumb=low + normalised * (high - low),
        subject=float(np.median(middle[np.isfinite(middle)])) if np.isfinite(middle).any() else 0.0,
        parallax=(float(stats["parallax_p1_pct"]), float(stats["parallax_p99_pct"])),
    )
    free, raw = unlimited(100.0 * fraction, Controls()) / 100.0, low + shown[request.part] * (high - low)
    return FrameSurvey(
        request.number,
        request.size,
        request.glance,
        request.bars,
        measured,
        str(stats["depth_source"]),
        str(stats["model_id"]),
        edges={hero: edge_rows(free, raw, hero) for hero in EYE_SHARES},
    )


def _thumb(plane: Array) -> Floats:
    """Means of the cells of a coarse grid, of what is finite; NaN where nothing is. Large planes are sampled."""
    rows, columns = THUMB
    step = max(1, min(plane.shape) // 256)
    samples = np.asarray(plane[::step, ::step], np.float64)
    finite = np.isfinite(samples)
    y = np.linspace(0, samples.shape[0], rows + 1).astype(int)[:-1]
    x = np.linspace(0, samples.shape[1], columns + 1).astype(int)[:-1]
    total, count = (
        np.add.reduceat(np.add.reduceat(part, y, axis=0), x, axis=1)
        for part in (np.where(finite, samples, 0.0), finite.astype(np.float64))
    )
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1.0), np.nan))
