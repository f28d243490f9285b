"""What a frame holds at its side edges: the nearest parallax that each would cut, band by band.

Convention:
    Parallax in % of picture width, > 0 behind the screen. Bands divide the active picture's height evenly, top down.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from host_bridge.core.frame import Array

BANDS = 8
LEAST_ROWS = 0.02
"""Share of the picture's height that must be cut in one stretch."""
FAR_PCT = 100.0
EYE_SHARES = {"left": (1.0, 0.0), "none": (0.5, 0.5), "right": (0.0, 1.0)}
"""How much of the disparity the right and the left eye move, for each hero eye."""
DECIMALS = 4
_PART_ROWS = 64
"""Lines that are gone through at a time."""


@dataclass(frozen=True)
class Band:
    """The nearest thing at one edge in one band, with the knobs at rest and no depth budget.

    Attributes:
        parallax_pct: where it lies; `FAR_PCT` where nothing is known.
        depth_pct: the share of its disparity (> 0 in front) that is the style's global depth, s·iz.
        sculpt_pct: the share that the style sculpts locally.
    """

    parallax_pct: float = FAR_PCT
    depth_pct: float = 0.0
    sculpt_pct: float = 0.0


Side = tuple[Band, ...]
NOTHING: Side = (Band(),) * BANDS


@dataclass(frozen=True)
class EdgeRows:
    """What one edge cuts in each row of a picture.

    Attributes:
        disparity: (rows,) fraction of picture width; NaN where nothing is known.
        inverse_depth: (rows,) raw.
    """

    disparity: Array
    inverse_depth: Array


@dataclass(frozen=True)
class Layer:
    """A global layer over raw inverse depth: s·(raw − low)/(high − low) + t.

    Attributes:
        low, high: raw inverse depths that are 0 and 1.
        scale, shift: s and t, fractions of picture width.
    """

    low: float
    high: float
    scale: float
    shift: float

    def depth(self, raw: Array) -> Array:
        """s·iz, fractions of picture width."""
        span = self.high - self.low
        return np.asarray(self.scale * (raw - self.low) / span if span > 0.0 else np.full_like(raw, 0.5 * self.scale))


@dataclass(frozen=True)
class Edges:
    """Both side edges of a frame, `BANDS` bands each."""

    left: Side = field(default=NOTHING)
    right: Side = field(default=NOTHING)


def extremes(values: Array) -> tuple[float, float]:
    """The least and the most of what is finite; (∞, −∞) where nothing is."""
    # Both of a part while it lies in the cache.
    parts = [values[top : top + _PART_ROWS] for top in range(0, len(values), _PART_ROWS)] or [values]
    low = np.min([part.min(initial=np.inf) for part in parts])
    high = np.max([part.max(initial=-np.inf) for part in parts])
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = values[np.isfinite(values)]
        low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    return float(low), float(high)


def edge_rows(disparity: Array, inverse_depth: Array, hero: str = "left") -> tuple[EdgeRows, EdgeRows]:
    """What the left and the right edge cut in each row.

    The left edge cuts what the right eye's view would show beyond it (x_R < 0), and what reaches the plate's own edge;
    the right edge likewise for the left eye (x_L beyond the last column).

    Args:
        disparity: (rows, columns) on the hero grid, fractions of its width.
        inverse_depth: raw, on the same grid.
        hero: the eye that stays the plate, or "none" where each eye moves by half.
    """
    right_moves, left_moves = EYE_SHARES[hero]
    columns = disparity.shape[1]
    left = _cut(disparity, right_moves)
    right = columns - 1 - _cut(disparity[:, ::-1], left_moves)
    lines = np.arange(disparity.shape[0])
    found = [
        EdgeRows(disparity[lines, x].astype(np.float64), inverse_depth[lines, x].astype(np.float64))
        for x in (left, right)
    ]
    return found[0], found[1]


def _cut(disparity: Array, share: float) -> Array:
    """The column of the nearest thing in each row that an edge at column 0 cuts.

    Args:
        disparity: (rows, columns), fractions of the width.
        share: how much of it an eye moves towards the edge.
    """
    columns = disparity.shape[1]
    # Where no eye moves towards the edge, a soft outline beside it still is the thing that it cuts.
    least = 1 if share else 2
    # No farther from the edge than the nearest thing moves is anything cut by it.
    nearest = extremes(disparity)[1]
    reach = int(np.clip(np.ceil(share * nearest * columns), least, columns)) if np.isfinite(nearest) else least
    part = disparity[:, :reach]
    near = np.where(np.isfinite(part), part, -np.inf)
    cut = np.zeros(near.shape, bool)
    if share:
        cut[:] = np.arange(near.shape[1]) < share * near * columns
    cut[:, :least] = True
    return np.asarray(np.where(cut, near, -np.inf).argmax(axis=1))


def bands_of(rows: EdgeRows, frame_layer: Layer, shot_layer: Layer, zero_plane_pct: float = 0.0) -> Side:
    """The nearest thing of each band that a stretch of at least `LEAST_ROWS` of the height reaches.

    Args:
        rows: what the edge cuts.
        frame_layer: the layer that the frame was measured on.
        shot_layer: the layer that the shot fixes in its place.
        zero_plane_pct: the shot's own offset of the frame.
    """
    raw = np.nan_to_num(rows.inverse_depth)
    depth = shot_layer.depth(raw)
    sculpt = rows.disparity - frame_layer.depth(raw) - frame_layer.shift
    disparity = depth + shot_layer.shift + sculpt
    known = np.where(np.isfinite(disparity), disparity, -np.inf)
    opened = _opened(known)
    found = []
    for lines in np.array_split(np.arange(len(opened)), BANDS):
        if len(lines) == 0 or not np.isfinite(opened[lines]).any():
            found.append(Band())
            continue
        nearest = opened[lines].max()
        row = int(np.abs(known - nearest).argmin())
        values = (zero_plane_pct - 100.0 * nearest, 100.0 * depth[row], 100.0 * sculpt[row])
        # As the file has them, so that a shot just made and one just read are the same.
        found.append(Band(*(round(float(value), DECIMALS) + 0.0 for value in values)))
    return tuple(found)


def _opened(values: Array) -> Array:
    """A morphological opening: each value falls to the most that a whole stretch around it reaches."""
    count = len(values)
    reach = min(count, max(1, round(LEAST_ROWS * count)))
    padded = np.pad(_over_stretches(np.minimum, values, reach), (reach - 1, reach - 1), constant_values=-np.inf)
    return _over_stretches(np.maximum, padded, reach)


def _over_stretches(pick: np.ufunc, values: Array, reach: int) -> Array:
    """Of every stretch of `reach` values the least or the most: twice as long a stretch is the pick of two."""
    held = 1
    while held < reach:
        more = min(held, reach - held)
        values, held = pick(values[:-more], values[more:]), held + more
    return values


def as_text(side: Side) -> str:
    """A side as text: parallax, depth and sculpt of each band, from the top."""
    numbers = ((b.parallax_pct, b.depth_pct, b.sculpt_pct) for b in side)
    return ", ".join(" ".join(f"{value:.{DECIMALS}f}" for value in band) for band in numbers)


def read(text: str) -> Side:
    """A side from its text.

    Raises:
        ValueError: it is none.
    """
    values = [[float(value) for value in band.split()] for band in text.split(",")]
    if len(values) != BANDS or any(len(band) != 3 for band in values) or not np.isfinite(values).all():
        raise ValueError(f"an edge of {len(values)} bands: {text[:40]!r}")
    return tuple(Band(*band) for band in values)
