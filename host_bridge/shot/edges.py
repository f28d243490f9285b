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
DECIMALS = 4


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
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    if not (np.isfinite(low) and np.isfinite(high)):
        finite = values[np.isfinite(values)]
        low, high = finite.min(initial=np.inf), finite.max(initial=-np.inf)
    return float(low), float(high)


def edge_rows(disparity: Array, inverse_depth: Array) -> tuple[EdgeRows, EdgeRows]:
    """What the left and the right edge cut in each row.

    Something is cut by the left edge when the right eye's view of it would lie beyond that edge (x_R < 0), and by the
    right edge when it reaches the left view's last columns.

    Args:
        disparity: (rows, columns) on the left grid, fractions of its width.
        inverse_depth: raw, on the same grid.
    """
    rows, columns = disparity.shape
    # No farther from the left edge than the nearest thing reaches in front of the screen is anything cut by it.
    nearest = extremes(disparity)[1]
    reach = int(np.clip(np.ceil(nearest * columns), 1, columns)) if np.isfinite(nearest) else 1
    first, last = (np.where(np.isfinite(part), part, -np.inf) for part in (disparity[:, :reach], disparity[:, :-3:-1]))
    beyond = np.arange(reach) < first * columns
    beyond[:, 0] = True
    lines = np.arange(rows)
    found = []
    for x in (np.where(beyond, first, -np.inf).argmax(axis=1), columns - 1 - last.argmax(axis=1)):
        found.append(EdgeRows(disparity[lines, x].astype(np.float64), inverse_depth[lines, x].astype(np.float64)))
    return found[0], found[1]


def bands_of(rows: EdgeRows, own: Layer, shot: Layer, zero_plane_pct: float = 0.0) -> Side:
    """The nearest thing of each band that a stretch of at least `LEAST_ROWS` of the height reaches.

    Args:
        rows: what the edge cuts.
        own: the layer that the frame was measured on.
        shot: the layer that the shot fixes in its place.
        zero_plane_pct: the shot's own offset of the frame.
    """
    raw = np.nan_to_num(rows.inverse_depth)
    depth = shot.depth(raw)
    sculpt = rows.disparity - own.depth(raw) - own.shift
    disparity = depth + shot.shift + sculpt
    opened = _opened(np.where(np.isfinite(disparity), disparity, -np.inf))
    found = []
    for lines in np.array_split(np.arange(len(opened)), BANDS):
        if len(lines) == 0 or not np.isfinite(opened[lines]).any():
            found.append(Band())
            continue
        nearest = opened[lines].max()
        row = int(np.nanargmin(np.abs(disparity - nearest)))
        values = (zero_plane_pct - 100.0 * nearest, 100.0 * depth[row], 100.0 * sculpt[row])
        # As the file has them, so that a shot just made and one just read are the same.
        found.append(Band(*(round(float(value), DECIMALS) + 0.0 for value in values)))
    return tuple(found)


def _opened(values: Array) -> Array:
    """A morphological opening: each value falls to the most that a whole stretch around it reaches."""
    windows, count = np.lib.stride_tricks.sliding_window_view, len(values)
    reach = min(count, max(1, round(LEAST_ROWS * count)))
    low = windows(values, reach).min(axis=1)
    padded = np.pad(low, (reach - 1, reach - 1), constant_values=-np.inf)
    return np.asarray(windows(padded, reach).max(axis=1))


def said(side: Side) -> str:
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
