"""A frame seen from afar: enough to tell plates apart, to find cuts and to see black bars."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from host_bridge.core.bars import Bars, BarsFound, find_bars
from host_bridge.core.errors import ShotError
from host_bridge.core.frame import Array, Frame

Floats = npt.NDArray[np.float32]
GRID = (9, 16)
SAMPLE = (54, 96)
BINS = 16
CUT_FLOOR = 0.12
CUT_RATIO = 3.0
SAME_PLATE_LEVELS = 12.0


@dataclass(frozen=True)
class Glance:
    """One frame from afar.

    Attributes:
        grid: (9, 16, 3) mean display-like levels 0..1.
        histogram: (3 · 16,) colour histogram, sums to 3.
        found: the bars that this frame sees.
        lit: (top, bottom, left, right) of the picture inside the bars, parts of height and width.
        sample: (54, 96, 3) uint8, levels of single pixels.
        spread: of its square-root levels, from the 1st to the 99th percentile, those above white included.
    """

    grid: Floats
    histogram: Floats
    found: BarsFound
    lit: tuple[float, float, float, float]
    sample: npt.NDArray[np.uint8]
    spread: float

    @property
    def bars(self) -> Bars:
        """Black bars (top, bottom, left, right), px."""
        return self.found.bars

    @property
    def signature(self) -> str:
        """Luminance levels of the grid as hexadecimal bytes."""
        return _signature(self.grid).tobytes().hex()


def _signature(grid: Floats) -> npt.NDArray[np.uint8]:
    return np.asarray(np.rint(grid.mean(axis=2) * 255), np.uint8)


def glance(frame: Frame) -> Glance:
    """Looks at a frame from afar."""
    levels, (height, width) = _levels(frame), frame.layers["color"].shape[:2]
    found = find_bars(frame.layers["color"])
    bars = found.bars
    lit = (bars[0] / height, 1.0 - bars[1] / height, bars[2] / width, 1.0 - bars[3] / width)
    rows, columns = (np.arange(count) * size // count for count, size in zip(SAMPLE, levels.shape, strict=False))
    sample = np.rint(levels[np.ix_(rows, columns)] * 255).astype(np.uint8)
    return Glance(_cells(levels), _histogram(levels), found, lit, sample, _spread(frame))


def _levels(frame: Frame) -> Floats:
    """Every few pixels, square-root levels clamped to 0..1."""
    color = _some(frame, 256)
    color = np.repeat(color, 3, axis=2) if color.shape[2] < 3 else color
    return _levels_of_bytes()[color] if color.dtype == np.uint8 else _square_roots(color)


def _square_roots(color: Array) -> Floats:
    safe = np.nan_to_num(_linear(color), nan=0.0, posinf=1.0, neginf=0.0)
    return np.sqrt(np.clip(safe, 0.0, 1.0), dtype=np.float32)


@cache
def _levels_of_bytes() -> Floats:
    """Of each of the 256 codes: looking them up is several times faster than working them out by pixel."""
    return _square_roots(np.arange(256, dtype=np.uint8))


def _some(frame: Frame, least_px: int) -> Array:
    """Every few pixels of the colour, at least so many along the shorter side where it has them."""
    color = frame.layers["color"][..., :3]
    stride = max(1, min(color.shape[:2]) // least_px)
    return color[::stride, ::stride]


def _linear(color: Array) -> Floats:
    linear = color.astype(np.float32)
    if color.dtype.kind == "u":
        linear = np.square(linear / np.float32(np.iinfo(color.dtype).max), dtype=np.float32)
    return linear


def _spread(frame: Frame) -> float:
    levels = np.sqrt(np.maximum(np.nan_to_num(_linear(_some(frame, 64)), posinf=0.0, neginf=0.0), 0.0))
    low, high = np.percentile(levels, (1, 99))
    return float(high - low)


def _histogram(levels: Floats) -> Floats:
    bins = np.minimum(levels * BINS, BINS - 1).astype(np.uint8)
    bins += np.arange(3, dtype=np.uint8) * BINS
    counts = np.bincount(bins.ravel(), minlength=3 * BINS)
    return np.divide(counts, max(1, levels[..., 0].size), dtype=np.float32)


def _cells(levels: Floats) -> Floats:
    rows, columns = GRID
    height, width = levels.shape[:2]
    if not height or not width:
        return np.zeros((rows, columns, 3), np.float32)
    # Where a picture has fewer pixels than the grid has cells, a cell is the pixel that it begins in.
    y = np.linspace(0, height, rows + 1).astype(int)
    x = np.linspace(0, width, columns + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(levels, y[:-1], axis=0, dtype=np.float64), x[:-1], axis=1)
    pixels = np.maximum(np.diff(y), 1)[:, None] * np.maximum(np.diff(x), 1)
    return np.asarray(sums / pixels[..., None], np.float32)


def distance(a: Glance, b: Glance) -> float:
    """How different two frames look, 0..1: half the histogram's change, half the grid's.

    Black bars that come or go are no new scene: such frames are compared where both show a picture.
    """
    if a.bars == b.bars:
        return _difference((a.histogram, a.grid), (b.histogram, b.grid))
    inside = [pick(pair) for pick, pair in zip((max, min, max, min), zip(a.lit, b.lit, strict=True), strict=True)]
    top, bottom, left, right = (round(part * SAMPLE[side // 2]) for side, part in enumerate(inside))
    if bottom - top < 4 or right - left < 4:
        return _difference((a.histogram, a.grid), (b.histogram, b.grid))
    # A row beside the bars is half black when the bars end inside it.
    rows = slice(top + (top > 0), bottom - (bottom < SAMPLE[0]))
    columns = slice(left + (left > 0), right - (right < SAMPLE[1]))
    levels = [np.divide(one.sample[rows, columns], 255.0, dtype=np.float32) for one in (a, b)]
    first, second = ((_histogram(part), _cells(part)) for part in levels)
    return _difference(first, second)


def _difference(a: tuple[Floats, Floats], b: tuple[Floats, Floats]) -> float:
    """Of two (histogram, grid)."""
    colours = float(np.abs(a[0] - b[0]).sum()) / 6.0
    layout = min(1.0, 4.0 * float(np.abs(a[1] - b[1]).mean()))
    return 0.5 * colours + 0.5 * layout


def find_cuts(glances: list[Glance]) -> list[int]:
    """Indices at which a new scene begins.

    A cut is a step that is large by itself and `CUT_RATIO` times the steps around it, so that flashes of a moving
    camera do not count. A flash (one odd frame between two alike) is no cut.
    """
    steps = np.array([distance(a, b) for a, b in pairwise(glances)])
    cuts = []
    for index, step in enumerate(steps):
        around = np.delete(steps[max(0, index - 4) : index + 5], min(index, 4))
        usual = float(np.median(around)) if around.size else 0.0
        if step < CUT_FLOOR or step < CUT_RATIO * usual:
            continue
        flash = any(
            distance(glances[left], glances[right]) < 0.4 * step
            for left, right in ((index, index + 2), (index - 1, index + 1))
            if left >= 0 and right < len(glances)
        )
        if not flash:
            cuts.append(index + 1)
    return cuts


def validate_same_plate(frame: Frame, signature: str, *, where: str) -> None:
    """Proves that a shot analysis was made from this frame.

    Raises:
        ShotError: the frame looks different.
    """
    own = _signature(_cells(_levels(frame))).ravel().astype(np.float32)
    try:
        recorded = np.frombuffer(bytes.fromhex(signature), np.uint8).astype(np.float32)
    except ValueError:
        recorded = np.zeros(0, np.float32)
    if own.shape != recorded.shape or float(np.abs(own - recorded).mean()) > SAME_PLATE_LEVELS:
        raise ShotError(
            "the shot file was made from another plate", where=where, remedy="analyse this plate with `art3d analyse`"
        )
