"""The active picture: what lies inside black bars, found in one frame from its pixels alone.

Seen from a border, every line of the picture is dark for a while. Where there is a bar, most lines end their dark run
at the same pixel, with a step, after a run that is as flat as the border itself. The dark parts of a picture end
raggedly or grow out of the dark slowly: a night, a vignette, a black coat at the edge are no bars.

Convention:
    Bars are (top, bottom, left, right), px. Darkness is measured in 8-bit codes of the sRGB curve.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import numpy.typing as npt

from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box

Bars = tuple[int, int, int, int]
Sides = tuple[bool, bool, bool, bool]
Floats = npt.NDArray[np.float32]
Runs = npt.NDArray[np.int64]
Edge = tuple[int, bool]

NONE: Bars = (0, 0, 0, 0)
BLACKEST_CODE = 20.0  # a bar is no lighter: video black taken for full range is 16
LINES, SAMPLES = 128, 4  # across a side, and pixels averaged into each
DEEPEST = 0.78  # of a side; what is left between two bars is at least LEAST of it
LEAST = 0.2
LEAST_PX = 8
# What is lit, in codes above the border: past what codecs leave beside an edge, past a little of that, past a trace.
LIMITS = (20.0, 6.0, 0.75)
NOISE_SIGMAS, NOISIEST_CODES = 4.0, 1.6
CLEAR, FLAT = 2.5, 0.3  # in those codes: how light a picture is beside its bar at least, how uneven a bar may be
# A frame whose lights are darker is a night: there, a bar that no other one faces is ground or sky.
DAY_CODES, DAY_RANK = 90.0, 95
SPREAD = 4.0  # standard errors of a mean
RINGING_PX = 6
TOGETHER, THIN_TOGETHER, PAIRED, THIN_PX = 0.5, 0.7, 0.2, 3  # parts of the lines that must end at a bar's edge
EARLY = 0.35  # parts that may end before it: a logo, subtitles
SLACK_PX = 2
_GROWTH = 64


@dataclass(frozen=True)
class BarsFound:
    """What one frame says of its bars.

    Attributes:
        bars: (top, bottom, left, right), px.
        sure: for each side, whether its bar, or that there is none, is seen; a dark border without an edge is neither.
        room: for each side, px that a bar could be wide without hiding any of what is lit.
    """

    bars: Bars
    sure: Sides
    room: Bars

    def inside(self, data: Box) -> Box:
        """The active picture in a data window."""
        return inside(data, self.bars)


def inside(data: Box, bars: Bars) -> Box:
    """A data window without its bars."""
    top, bottom, left, right = bars
    return Box(data.x0 + left, data.y0 + top, data.x1 - right, data.y1 - bottom)


def display_codes(picture: Array) -> Array:
    """Pixels to look for bars in where values count as display codes: integers as they are, floats 0..1 in 8 bits."""
    return picture if picture.dtype.kind == "u" else (np.nan_to_num(picture).clip(0.0, 1.0) * 255.0).astype(np.uint8)


def bars_of(picture: Box, data: Box) -> Bars:
    """The bars that `inside` would take off a data window to leave a picture."""
    return picture.y0 - data.y0, data.y1 - picture.y1, picture.x0 - data.x0, data.x1 - picture.x1


def active_picture(frame: Frame) -> Box:
    """The part of a frame's data window inside its bars; the whole window when there are none."""
    return find_bars(frame.layers["color"]).inside(frame.data) if "color" in frame.layers else frame.data


def find_bars(color: Array) -> BarsFound:
    """The bars of one picture.

    Args:
        color: (rows, columns, C); floats are scene-linear, integers display codes. The first three channels count.
    """
    rows, columns = color.shape[:2]
    views = (color, color[::-1], color.transpose(1, 0, 2), color[:, ::-1].transpose(1, 0, 2))
    sides = [_Side(view) for view in views]
    # Lines that run inside another side's bar never end: they say nothing of this one.
    first = [side.edge(0, side.across)[0] for side in sides]
    spans = [(first[2], columns - first[3])] * 2 + [(first[0], rows - first[1])] * 2
    edges = [side.edge(*span) for side, span in zip(sides, spans, strict=True)]
    for a, b, size in ((0, 1, rows), (2, 3, columns)):
        edges[a], edges[b] = _paired(sides[a], sides[b], edges[a], edges[b], spans[a])
        if size - edges[a][0] - edges[b][0] < max(LEAST * size, LEAST_PX):
            edges[a] = edges[b] = (0, False)
    sure = [is_sure for _, is_sure in edges]
    return BarsFound(
        _four([edge for edge, _ in edges]), (sure[0], sure[1], sure[2], sure[3]), _four([side.room for side in sides])
    )


def _paired(a: _Side, b: _Side, at_a: Edge, at_b: Edge, span: tuple[int, int]) -> tuple[Edge, Edge]:
    """Two bars that face each other: alike, they need less evidence; one without its like needs more."""
    if at_a[0] and not at_b[0] and not at_b[1]:
        at_b = b.edge(*span, like=at_a[0])
    elif at_b[0] and not at_a[0] and not at_a[1]:
        at_a = a.edge(*span, like=at_b[0])
    if abs(at_a[0] - at_b[0]) > SLACK_PX:
        at_a, at_b = ((0, False) if edge > THIN_PX and not a.day else (edge, sure) for edge, sure in (at_a, at_b))
    return at_a, at_b


def _four(values: list[int]) -> Bars:
    return values[0], values[1], values[2], values[3]


def codes(color: Array) -> Floats:
    """The brightest channel as an 8-bit code of the sRGB curve (IEC 61966-2-1), 0..255."""
    top = reduce(np.maximum, np.moveaxis(color[..., :3], -1, 0))  # many times faster than max over so short an axis
    if color.dtype.kind == "u":
        return np.asarray(top * np.float32(255.0 / np.iinfo(color.dtype).max), np.float32)
    x = np.clip(np.nan_to_num(top.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    bright = 1.055 * np.power(np.maximum(x, 0.0031308), np.float32(1 / 2.4)) - 0.055
    return np.asarray(255.0 * np.where(x <= 0.0031308, 12.92 * x, bright), np.float32)


class _Side:
    """One border: the dark runs of its lines, from the border inwards.

    Args:
        view: (depth, across, C), the border is row 0.
    """

    def __init__(self, view: Array) -> None:
        self.depth, self.across = view.shape[:2]
        self._view = view
        self._count = min(LINES, self.across)
        self._columns = np.arange(self._count * SAMPLES) * self.across // (self._count * SAMPLES)
        self._place = (np.arange(self._count) + 0.5) * self.across / self._count
        self._seen = self._codes(0, 1)
        border = self._seen[0]
        self.level = float(np.median(border))
        steps = np.sort(np.abs(np.diff(border)))[: max(1, int(0.95 * (self._count - 1)))]
        self.noise = float(np.sqrt(np.mean(np.square(steps)) / 2.0)) if len(steps) else 0.0
        self.dark = self.level <= BLACKEST_CODE and self.noise <= NOISIEST_CODES
        self._runs: dict[float, Runs] = {}

    def _codes(self, first: int, end: int) -> Floats:
        part = codes(self._view[first:end, self._columns])
        return np.asarray(part.reshape(len(part), self._count, SAMPLES).mean(axis=2), np.float32)

    def _measured(self, limit: float) -> Runs:
        """How long each line stays within `limit` codes of the border's level; `depth` where it does so throughout."""
        if limit not in self._runs:
            self._runs[limit] = self._run(max(NOISE_SIGMAS * self.noise, limit))
        return self._runs[limit]

    def _run(self, limit: float) -> Runs:
        most = max(1, int(self.depth * DEEPEST))
        while True:
            is_lit = self._seen > self.level + limit
            ended = is_lit.any(axis=0)
            if len(self._seen) >= most or ended.mean() > 0.98:
                break
            self._see(2 * len(self._seen))
        runs = np.where(ended, is_lit.argmax(axis=0), self.depth)
        self._see(int(runs[ended].max(initial=0)) + 12)
        return np.asarray(runs, np.int64)

    def _see(self, end: int) -> None:
        end, seen_count = min(max(end, _GROWTH), self.depth), len(self._seen)
        if end > seen_count:
            self._seen = np.concatenate([self._seen, self._codes(seen_count, end)])

    @cached_property
    def day(self) -> bool:
        """Whether the frame holds lights, and no night."""
        step = max(1, min(self.depth, self.across) // _GROWTH)
        return float(np.percentile(codes(self._view[::step, ::step]), DAY_RANK)) >= DAY_CODES

    @property
    def room(self) -> int:
        """px that a bar could be wide while at most `EARLY` of the lines end before it."""
        return (
            int(np.sort(self._measured(LIMITS[0]))[min(self._count - 1, int(EARLY * self._count))]) if self.dark else 0
        )

    def edge(self, first: int, end: int, *, like: int = 0) -> Edge:
        """Width of the bar, px, and whether it, or its absence, is certain.

        Args:
            first, end: the lines first <= x < end tell.
            like: the width of the bar that faces this side; one of the same width is looked for.
        """
        if not self.dark:
            return 0, True
        lines = np.flatnonzero((self._place >= first) & (self._place < end))
        if len(lines) < 4:
            return 0, False
        for limit in LIMITS:
            runs = self._measured(limit)[lines]
            if float((runs == 0).mean()) > EARLY:
                return 0, True
            edge = self._bar(runs, lines, like, limit)
            if edge:
                return edge, True
        return 0, False

    def _bar(self, runs: Runs, lines: Runs, like: int, limit: float) -> int:
        at = like or self._together(runs)
        near = np.abs(runs - at) <= SLACK_PX
        needed_share = PAIRED if like else THIN_TOGETHER if at <= THIN_PX else TOGETHER
        if not at or near.mean() < needed_share or (runs < at - SLACK_PX).mean() > EARLY:
            return 0
        edge = self._sharpened(at, lines[near], limit)
        return edge if not like or abs(edge - like) <= SLACK_PX else 0

    def _together(self, runs: Runs) -> int:
        """The run at which most lines end; 0 where none does."""
        ended = runs[(runs > 0) & (runs < int(self.depth * DEEPEST))]
        if not len(ended):
            return 0
        around = np.convolve(np.bincount(ended), np.ones(2 * SLACK_PX + 1, int))
        middle = int(around.argmax()) - SLACK_PX
        return int(np.median(ended[np.abs(ended - middle) <= SLACK_PX]))

    def _sharpened(self, at: int, lines: Runs, limit: float) -> int:
        """The edge of a bar near `at`, px; 0 where the dark ends without a step, or is not flat."""
        codes = self._seen[:, lines]
        profile = codes.mean(axis=1) - self.level
        low = max(0, at - SLACK_PX - 1)
        if at + 8 > len(profile):
            return 0
        light = float(np.median(profile[at + 1 : at + 7]))
        edge = low + int((profile[low : at + 7] >= 0.5 * light).argmax())
        if edge < 1 or light < CLEAR * limit or (edge <= THIN_PX and profile[edge - 1] > 0.3 * light):
            return 0
        start = max(0, edge - 2)
        before = float(profile[start])
        after, beyond = float(profile[edge + 1 : edge + 3].mean()), float(profile[edge + 4 : edge + 7].mean())
        # A slope that came out of the dark would be there already, a little before the edge.
        expected = after - (beyond - after) / 3.5 * (edge + 1.5 - start)
        step = expected - before >= 0.5 * after and after - before > self.noise
        return edge if step and self._even(codes[: max(1, edge - RINGING_PX)], FLAT * limit) else 0

    def _even(self, bar: Floats, allowed: float) -> bool:
        """Whether the rows and the lines of a bar (rows, lines) differ by no more than noise, or what is allowed."""
        rows, lines = bar.shape
        down, across = bar.mean(axis=1) - self.level, bar.mean(axis=0) - self.level
        return bool(
            np.abs(down).max() <= allowed + SPREAD * self.noise / lines**0.5
            and np.median(np.abs(across)) <= allowed + SPREAD * self.noise / rows**0.5
        )
