"""Window violations: what stands before the screen and is cut by the picture's left or right edge.

The edge of the picture is a window on the screen plane. Something in front of it that the edge cuts contradicts
itself; a floating window moves the edge forward, by a mask in one eye.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from host_bridge.core.frame import Array

LEAST_PCT = 0.1
"""Parallax in front of the screen that counts."""
LEAST_ROWS = 0.02
"""Share of the picture's height that must be cut in one stretch."""
_EDGES = ("left", "right")


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


def violations(parallax: Array) -> tuple[Violation, ...]:
    """The window violations of a frame.

    Something is cut by the left edge when the right eye's view of it would lie beyond that edge (x_R < 0), and by the
    right edge when it reaches the left view's last column.

    Args:
        parallax: (rows, columns) on the left grid, % of width, > 0 behind; NaN is nothing.
    """
    rows, columns = parallax.shape
    front = np.where(np.isfinite(parallax) & (parallax < -LEAST_PCT), parallax, 0.0)
    beyond = np.arange(columns) + front * (columns / 100.0) < 0
    at_edge = {"left": np.where(beyond, front, 0.0).min(axis=1), "right": front[:, -2:].min(axis=1)}
    found = []
    for edge in _EDGES:
        for first, last in _stretches(at_edge[edge] < 0):
            if last - first >= max(2, round(LEAST_ROWS * rows)):
                depth = float(np.percentile(at_edge[edge][first:last], 5))
                found.append(Violation(edge, depth, first / rows, last / rows))
    return tuple(found)


def _stretches(flags: Array) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@dataclass(frozen=True)
class FloatingWindow:
    """How far the window's edges move towards the audience.

    Attributes:
        left_pct, right_pct: (top, bottom) of each edge, % of picture width; the two differ in a slanted window.
    """

    left_pct: tuple[float, float] = (0.0, 0.0)
    right_pct: tuple[float, float] = (0.0, 0.0)

    @property
    def needed(self) -> bool:
        """Whether any edge moves."""
        return any((*self.left_pct, *self.right_pct))


def static_window(frames: Mapping[int, Sequence[Violation]]) -> FloatingWindow:
    """The window that answers every violation of a shot, slanted where only the upper or the lower half needs it."""
    return FloatingWindow(*(_edge(frames, edge) for edge in _EDGES))


def _edge(frames: Mapping[int, Sequence[Violation]], edge: str) -> tuple[float, float]:
    cuts = [v for found in frames.values() for v in found if v.edge == edge]
    if not cuts:
        return (0.0, 0.0)
    amount = round(max(-v.parallax_pct for v in cuts) + 0.049, 1)
    above = all(v.bottom <= 0.5 for v in cuts)
    below = all(v.top >= 0.5 for v in cuts)
    return (0.0 if below else amount, 0.0 if above else amount)


def dynamic_window(frames: Mapping[int, Sequence[Violation]], *, ease: int = 12) -> dict[int, FloatingWindow]:
    """A window for each frame that is there in time and moves gently.

    Args:
        frames: violations by frame number, of one shot.
        ease: frames over which an edge moves in and out; a raised cosine over them follows the maximum.
    """
    numbers = sorted(frames)
    found: dict[str, Array] = {}
    for edge in _EDGES:
        need = np.array([_edge({n: frames[n]}, edge) for n in numbers], np.float64)
        # The maximum over the reach of the smoothing keeps every need inside its answer.
        reach = np.lib.stride_tricks.sliding_window_view(np.pad(need, ((ease, ease), (0, 0)), "edge"), 2 * ease + 1, 0)
        wide = np.pad(reach.max(axis=-1), ((ease, ease), (0, 0)), "edge")
        weights = np.hanning(2 * ease + 3)[1:-1]
        smooth = np.lib.stride_tricks.sliding_window_view(wide, 2 * ease + 1, 0) @ (weights / weights.sum())
        found[edge] = smooth
    return {
        n: FloatingWindow(*((float(found[e][i, 0]), float(found[e][i, 1])) for e in _EDGES))
        for i, n in enumerate(numbers)
    }
