"""Window violations: what stands before the screen and is cut by the picture's left or right edge.

The edge of the picture is a window on the screen plane. Something in front of it that the edge cuts contradicts
itself; a floating window moves the edge forward, by a mask in one eye.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.frame import Array
from host_bridge.core.params import Controls
from host_bridge.shot.edges import LEAST_ROWS, Edges, Layer, bands_of, edge_rows, extremes
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


def violations(
    parallax: Array, window: FloatingWindow | None = None, right_parallax: Array | None = None
) -> tuple[Violation, ...]:
    """The window violations of a frame.

    Something is cut by the left edge when the right eye's view of it would lie beyond that edge (x_R < 0), and by the
    right edge when it reaches the left view's last column. In a pair that was matched nothing is known of what the
    right eye does not see: there the left edge cuts what reaches the right view's first column.

    Args:
        parallax: (rows, columns) on the left grid, % of width, > 0 behind; NaN is nothing.
        window: where the picture's edges are, when a floating window moved them: what lies behind one is not cut.
        right_parallax: of a matched pair, as `parallax` on the right grid.
    """
    rows, columns = parallax.shape
    left, right = (_edge_pct(ends, rows) for ends in ((window.left_pct, window.right_pct) if window else _AT_REST))
    # No farther from the left edge than the nearest thing reaches in front of the screen is anything cut by it.
    nearest = min(0.0, extremes(parallax)[0])
    reach = int(np.clip(np.ceil(-nearest * columns / 100.0), 1, columns))
    first, last = _or_far(parallax[:, :reach]), _or_far(parallax[:, -2:])
    x = np.arange(reach)
    beyond = (x + first * (columns / 100.0) < 0) & (x >= left[:, None] * (columns / 100.0))
    cut = {"left": np.where(beyond, first, np.inf).min(axis=1), "right": last.min(axis=1)}
    if right_parallax is not None:
        cut["left"] = np.minimum(cut["left"], _or_far(right_parallax[:, :2]).min(axis=1))
    at_edge = {
        edge: np.where(cut[edge] < -(pct + LEAST_PCT), cut[edge], 0.0)
        for edge, pct in zip(_EDGES, (left, right), strict=True)
    }
    found = []
    for edge in _EDGES:
        for top, bottom in _stretches(at_edge[edge] < 0):
            if bottom - top >= max(2, round(LEAST_ROWS * rows)):
                depth = float(np.percentile(at_edge[edge][top:bottom], 5))
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


def edges_of(parallax: Array) -> Edges:
    """What the picture's edges cut in a frame, band by band; parallax as for `violations`."""
    rows = edge_rows(parallax * np.float32(-0.01), np.broadcast_to(np.float32(0.0), parallax.shape))
    return Edges(*(bands_of(side, FLAT, FLAT) for side in rows))
