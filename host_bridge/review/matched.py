"""Pairs that bring no disparity: the server matches them, and says how their eyes differ.

Convention:
    Parallax in % of picture width, > 0 behind the screen. Differences are right minus left.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from host_bridge.client.tile import Tile
from host_bridge.core.bars import find_bars
from host_bridge.core.frame import Array, narrowed
from host_bridge.core.geometry import Box
from host_bridge.review.figures import resized
from host_bridge.review.pair import Pair

Matcher = Callable[[Array, Array], Tile]
"""`Client.match` or the like: left and right (rows, columns, 3) uint8 → planes and stats."""
SWAPPED_SHARE = 0.55
"""Share of the telling stretches above which the eyes count as swapped; true pairs have 0.15 to 0.25."""


@dataclass(frozen=True)
class EyeFigures:
    """How the eyes of a pair differ; NaN and None where too little tells.

    Attributes:
        trusted: share of the pixels that both eyes tell a disparity of.
        vertical_px: vertical error in the middle, px of the whole picture.
        vertical_pct: the worst one of any corner, % of height.
        roll_deg, zoom_pct: of the right camera against the left one.
        colour_pct: median difference of red, green and blue, % of the code range.
        gain: ratio of contrasts.
        sharpness_stops: binary logarithm of the ratio of fine detail.
        swapped: whether the left eye is on the right.
        right_p1, right_median, right_p99: parallax percentiles on the right eye's grid.
    """

    trusted: float
    vertical_px: float
    vertical_pct: float
    roll_deg: float
    zoom_pct: float
    colour_pct: tuple[float, float, float]
    gain: float
    sharpness_stops: float
    swapped: bool | None
    right_p1: float = math.nan
    right_median: float = math.nan
    right_p99: float = math.nan


def active(pair: Pair) -> Pair:
    """The pair without the left eye's black bars. Where its file has no pixels is no bar: the picture is as wide."""
    grid, data = pair.grid, pair.shown
    picture = find_bars(pair.left[data.slices(grid)]).inside(data)
    box = narrowed(grid, data, picture)
    if box == grid:
        return pair if data == grid else replace(pair, parallax=_only(pair.parallax, data, grid))
    rows, columns = box.slices(grid)
    share = box.width / grid.width

    def inside(parallax: Array | None) -> Array | None:
        known = _only(parallax, data, grid)
        return None if known is None else np.asarray(known[rows, columns] / np.float32(share))

    masks = [None if m is None else resized(m, grid.height, grid.width)[rows, columns]
             for m in (pair.filled, pair.filled_left)]  # fmt: skip
    left, right = (np.ascontiguousarray(eye[rows, columns]) for eye in (pair.left, pair.right))
    return replace(pair, left=left, right=right, parallax=inside(pair.parallax), filled=masks[0],
                   full_width=round(pair.full_width * share), right_parallax=inside(pair.right_parallax),
                   filled_left=masks[1], data=picture.shift(-box.x0, -box.y0))  # fmt: skip


def _only(parallax: Array | None, data: Box, grid: Box) -> Array | None:
    """Parallax on the views' grid, unknown where the left eye's file has no pixels."""
    if parallax is None:
        return None
    known = resized(parallax, grid.height, grid.width)
    if data == grid:
        return known
    found = np.full_like(known, np.nan)
    found[data.slices(grid)] = known[data.slices(grid)]
    return found


def matched(pair: Pair, match: Matcher) -> tuple[Pair, EyeFigures]:
    """The pair with parallax, its own where it brings one, and how its eyes differ where their files have pixels.

    Raises:
        Art3DError: the server cannot match it.
    """
    rows, columns = pair.left.shape[:2]
    part = pair.shown.slices(pair.grid)
    tile = match(np.ascontiguousarray(pair.left[part]), np.ascontiguousarray(pair.right[part]))
    left, right = (np.full((rows, columns), np.nan, np.float32) for _ in range(2))
    for eye, plane in (("left", left), ("right", right)):
        plane[part] = tile.planes[f"disparity_{eye}"][..., 0] * np.float32(-100.0 / columns)
    found = _eyes(tile.stats, (pair.full_width or columns) / columns, rows, right)
    return (pair if pair.parallax is not None else replace(pair, parallax=left, right_parallax=right)), found


def _eyes(stats: Mapping[str, Any], full: float, rows: int, right: Array) -> EyeFigures:
    def number(value: Any) -> float:
        return math.nan if value is None else float(value)

    share = number(stats.get("swapped_share"))
    finite = right[np.isfinite(right)]
    spread = [float(v) for v in np.percentile(finite, (1, 50, 99))] if finite.size else [math.nan] * 3
    red, green, blue = (number(value) for value in stats["colour_pct"])
    return EyeFigures(
        trusted=number(stats["trusted"]),
        vertical_px=number(stats["vertical_px"]) * full,
        vertical_pct=100.0 * number(stats["vertical_worst_px"]) / rows,
        roll_deg=number(stats["roll_deg"]),
        zoom_pct=number(stats["zoom_pct"]),
        colour_pct=(red, green, blue),
        gain=number(stats["gain"]),
        sharpness_stops=number(stats["sharpness_stops"]),
        swapped=None if math.isnan(share) else share > SWAPPED_SHARE,
        right_p1=spread[0],
        right_median=spread[1],
        right_p99=spread[2],
    )
