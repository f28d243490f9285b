"""Window violations: what stands before the screen and is cut by the picture's left or right edge.

The edge of the picture is a window on the screen plane. Something in front of it that the edge cuts contradicts
itself; a floating window moves the edge forward, by a mask in one eye.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.frame import Array
from host_bridge.core.params import Controls
from host_bridge.shot.edges import LEAST_ROWS, EdgeRows, Edges, Layer, bands_of, extremes
from host_bridge.shot.floating import LEAST_PCT, widest

FLAT = Layer(0.0, 1.0, 0.0, 0.0)
AS_MEASURED = Controls(depth_budget="none")
"""Knobs that leave parallax as it was measured."""
_EDGES = ("left", "right")
_AT_REST = ((0.0, 0.0), (0.0, 0.0))


@dataclass(frozen=True)
class Violation:
    """One cut in one frame.

    Attributes:
        edge: "left" or "right".
        parallax_pct: the nearest parallax among the cut rows, below 0; one row in twenty may be nearer.
        top, bottom: the cut rows, as shares of the height.
    """

    edge: str
    parallax_pct: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Seen:
    """What a frame's parallax is, as each eye sees it; % of width, > 0 behind, NaN is nothing.

    Attributes:
        left: (rows, columns) on the left grid.
        right: on the right grid, where the source tells that too; None elsewhere.
    """

    left: Array
    right: Array | None = None

    @cached_property
    def range_pct(self) -> tuple[float, float]:
        """The nearest and the farthest parallax on the left grid; (∞, −∞) where nothing is known."""
        return extremes(self.left)

    @cached_property
    def reach_px(self) -> tuple[int, int]:
        """From each edge, how far inside something that it cuts can lie: as far as the nearest thing moves."""
        grids = (self.left,) if self.right is None else (self.left, self.right)
        ranges = (self.range_pct, *(extremes(grid) for grid in grids[1:]))
        nearest = [max(0.0, -near) * g.shape[1] / 100.0 for g, (near, _) in zip(grids, ranges, strict=True)]
        reach = [int(np.clip(np.ceil(px), 1, self.left.shape[1])) for px in nearest]
        return reach[0], reach[-1]

    @cached_property
    def cut_at_rest(self) -> tuple[Array, Array]:
        """What `cut_rows` says of the picture's own edges."""
        return cut_rows(self)


def cut_rows(seen: Seen, window: FloatingWindow | None = None) -> tuple[Array, Array]:
    """The nearest parallax that the left and the right edge cut in each row; ∞ where they cut nothing.

    An edge cuts what the other eye's view would show beyond it: x_R < 0 for what the left eye sees, x_L past the last
    column for what the right one sees. It also cuts what reaches it, for an eye whose further side nobody knows.

    Args:
        seen: a frame.
        window: where the picture's edges are, when a floating window moved them: what lies behind one is not cut.
    """
    rows = seen.left.shape[0]
    left, right = (_edge_pct(ends, rows) for ends in ((window.left_pct, window.right_pct) if window else _AT_REST))
    reach_left, reach_right = seen.reach_px
    cut_left = _beyond(seen.left[:, :reach_left], left, seen.left.shape[1])
    cut_right = _or_far(seen.left[:, -2:]).min(axis=1)
    if seen.right is not None:
        # Seen in a mirror, the right edge is to the right eye what the left one is to the left eye.
        mirrored = seen.right[:, : -reach_right - 1 : -1]
        cut_left = np.minimum(cut_left, _or_far(seen.right[:, :2]).min(axis=1))
        cut_right = np.minimum(cut_right, _beyond(mirrored, right, seen.right.shape[1]))
    return cut_left, cut_right


def _beyond(near_edge: Array, edge_pct: Array, columns: int) -> Array:
    """The nearest parallax in each row that ends beyond an edge at column 0; ∞ without any."""
    parallax, x = _or_far(near_edge), np.arange(near_edge.shape[1])
    beyond = (x + parallax * (columns / 100.0) < 0) & (x >= edge_pct[:, None] * (columns / 100.0))
    return np.asarray(np.where(beyond, parallax, np.inf).min(axis=1))


def violations(seen: Seen, window: FloatingWindow | None = None) -> tuple[Violation, ...]:
    """The window violations of a frame, `window` as for `cut_rows`."""
    rows = seen.left.shape[0]
    ends = (window.left_pct, window.right_pct) if window else _AT_REST
    found = []
    both = seen.cut_at_rest if ends == _AT_REST else cut_rows(seen, window)
    for edge, cut, at in zip(_EDGES, both, ends, strict=True):
        before = cut < -(_edge_pct(at, rows) + LEAST_PCT)
        for top, bottom in _stretches(before):
            if bottom - top >= max(2, round(LEAST_ROWS * rows)):
                depth = float(np.percentile(cut[top:bottom], 5))
                found.append(Violation(edge, depth, top / rows, bottom / rows))
    return tuple(found)


def _or_far(parallax: Array) -> Array:
    return np.where(np.isfinite(parallax), parallax, np.inf)


def _edge_pct(ends: tuple[float, float], rows: int) -> Array:
    """How far an edge lies in front of the screen in each row."""
    return np.asarray(ends[0] + (ends[1] - ends[0]) * (np.arange(rows) + 0.5) / rows)


def _stretches(flags: Array) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def proposed(frames: Iterable[Edges]) -> FloatingWindow:
    """The window that answers what the edges cut in all frames of a shot, slanted where only one end needs it."""
    return widest(frames, AS_MEASURED)


def edges_of(seen: Seen) -> Edges:
    """What the picture's own edges cut in a frame, band by band."""
    cut = (np.where(np.isfinite(rows), rows, np.nan) * -0.01 for rows in seen.cut_at_rest)
    return Edges(*(bands_of(EdgeRows(rows, np.zeros_like(rows)), FLAT, FLAT) for rows in cut))
