"""The figures of a stereo frame and of a sequence, as the charts and the reports show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.review.pair import Pair
from host_bridge.review.windows import Seen, Violation, edges_of, violations
from host_bridge.shot.edges import Edges

HISTOGRAM_PCT = (-6.0, 6.0)
HISTOGRAM_BINS = 120
ON_SCREEN_PCT = 0.1
SAMPLES = 1 << 17
STILL_LEVELS = 3
"""Levels of 255 by which a pixel may change and still be the same thing."""


@dataclass(frozen=True)
class Figures:
    """What is measured of one frame; parallax in % of picture width, > 0 behind the screen.

    Attributes:
        number: frame number.
        near, p1, median, p99, far: parallax percentiles, nearest first; NaN where nothing is known.
        on_screen: share of the pixels within `ON_SCREEN_PCT` of the screen.
        filled: share of the made views' pixels that were filled; NaN where unknown.
        jitter: mean change of parallax since the frame before where the picture stands still, %; NaN without any.
        histogram: share of the pixels in each of `HISTOGRAM_BINS` bins over `HISTOGRAM_PCT`.
        violations: window violations.
        edges: what the picture's own edges cut.
    """

    number: int
    near: float = math.nan
    p1: float = math.nan
    median: float = math.nan
    p99: float = math.nan
    far: float = math.nan
    on_screen: float = math.nan
    filled: float = math.nan
    jitter: float = math.nan
    histogram: tuple[float, ...] = ()
    violations: tuple[Violation, ...] = field(default=())
    edges: Edges = field(default_factory=Edges)


def figures_of(pair: Pair, before: Pair | None = None) -> Figures:
    """The figures of a frame; percentiles and shares of a large one are those of a grid of about `SAMPLES` points.

    Args:
        pair: the frame.
        before: the frame before it in the same scene, for the jitter.
    """
    masks = [mask for mask in (pair.filled, pair.filled_left) if mask is not None]
    filled = sum(np.count_nonzero(mask) / mask.size for mask in masks) / len(masks) if masks else math.nan
    if pair.parallax is None:
        return Figures(pair.number, filled=filled)
    seen = Seen(pair.parallax, pair.right_parallax)
    near, far = seen.range_pct
    if near > far:
        return Figures(pair.number, filled=filled)
    step = max(1, round((pair.parallax.size / SAMPLES) ** 0.5))
    samples = pair.parallax[::step, ::step].ravel()
    finite = np.isfinite(samples)
    samples = samples if finite.all() else samples[finite]
    finite = samples if samples.size else np.array([near, far], np.float32)
    ranks = [round(share * (len(finite) - 1)) for share in (0.01, 0.5, 0.99)]
    p1, median, p99 = (float(v) for v in np.partition(finite, sorted(set(ranks)))[ranks])
    return Figures(
        number=pair.number,
        near=near,
        p1=p1,
        median=median,
        p99=p99,
        far=far,
        on_screen=float(np.count_nonzero(np.abs(finite) <= ON_SCREEN_PCT) / len(finite)),
        filled=filled,
        jitter=math.nan if before is None else jitter(pair, before),
        histogram=_histogram(finite),
        violations=violations(seen, pair.window),
        edges=edges_of(seen),
    )


def _histogram(samples: Array) -> tuple[float, ...]:
    low, high = HISTOGRAM_PCT
    bins = (samples - np.float32(low)) * np.float32(HISTOGRAM_BINS / (high - low))
    counts = np.bincount(bins.clip(0, HISTOGRAM_BINS - 1).astype(np.uint8), minlength=HISTOGRAM_BINS)
    return tuple(float(count) for count in counts / len(samples))


def jitter(pair: Pair, before: Pair) -> float:
    """Mean change of parallax since the frame before where the picture stands still, %; NaN where none does."""
    if before.parallax is None or pair.parallax is None or before.left.shape != pair.left.shape:
        return math.nan
    alike = np.maximum(pair.left, before.left) - np.minimum(pair.left, before.left) <= STILL_LEVELS
    still = alike[..., 0] & alike[..., 1] & alike[..., 2]
    now, then = (resized(p.parallax, *still.shape)[still] for p in (pair, before) if p.parallax is not None)
    moved = np.abs(now - then)
    moved = moved[np.isfinite(moved)]
    return float(moved.mean()) if moved.size else math.nan


def depth_jump(before: Figures, after: Figures) -> float:
    """How far the depth jumps at a cut: the change of the median parallax, % of width."""
    return abs(after.median - before.median)


def scenes(cuts: Sequence[int], numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last frame of each scene; `cuts` are the first frames of new ones."""
    starts = sorted({numbers[0], *(cut for cut in cuts if numbers[0] < cut <= numbers[-1])})
    ends = [*starts[1:], math.inf]
    found = []
    for start, end in zip(starts, ends, strict=True):
        inside = [n for n in numbers if start <= n < end]
        if inside:
            found.append((inside[0], inside[-1]))
    return found


def resized(parallax: Array, rows: int, columns: int) -> Array:
    """Parallax on a smaller grid by the nearest sample: a mean of two surfaces would lie on neither."""
    if parallax.shape == (rows, columns):
        return parallax
    down, across = parallax.shape[0] // rows, parallax.shape[1] // columns
    if parallax.shape == (rows * down, columns * across):
        return parallax[down // 2 :: down, across // 2 :: across].copy()
    y = ((np.arange(rows) + 0.5) * parallax.shape[0] / rows).astype(int)
    x = ((np.arange(columns) + 0.5) * parallax.shape[1] / columns).astype(int)
    return np.asarray(parallax[y].take(x, axis=1))
