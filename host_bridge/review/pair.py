"""One frame of a stereo picture, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.frame import Array, Frame
from host_bridge.core.geometry import Box
from host_bridge.shot.signature import Glance, glance


@dataclass(frozen=True)
class Pair:
    """A left and a right view over the same display window.

    Attributes:
        number: frame number.
        left, right: (rows, columns, 3) uint8, display-referred.
        parallax: (rows, columns) float32 on the left grid, x_R − x_L in % of picture width, NaN where unknown; None
            when the source says nothing of disparity.
        filled: (rows, columns) bool on the right grid, where that eye sees what the plate hides; None as above.
        filled_left: likewise on the left grid, of a left view that was made.
        pixel_aspect: width of a pixel over its height.
        full_width: columns of the picture that the views are a proxy of; 0 where they are the picture.
        window: where a floating window put the picture's edges.
        data: the part of the left view, px, that its file has pixels for; None for all of it.
        right_parallax: as `parallax`, on the right grid, where what the right eye alone sees counts at the edges:
            unless the right view was made from the left one. Of a matched pair that too is unknown.
    """

    number: int
    left: Array
    right: Array
    parallax: Array | None = None
    filled: Array | None = None
    pixel_aspect: float = 1.0
    full_width: int = 0
    window: FloatingWindow = field(default_factory=FloatingWindow)
    right_parallax: Array | None = None
    filled_left: Array | None = None
    data: Box | None = None

    @property
    def grid(self) -> Box:
        """All pixels of a view."""
        return Box.of_size(self.left.shape[1], self.left.shape[0])

    @property
    def shown(self) -> Box:
        """The pixels of a view that its file has."""
        return self.data or self.grid

    @property
    def glance(self) -> Glance:
        """The left view from afar."""
        return glance(Frame(self.grid, self.grid, {"color": self.left}, ("R", "G", "B")))


def hidden(parallax: Array) -> Array:
    """Which pixels of the left view the right eye does not see.

    A pixel is hidden where another one, nearer by more than a pixel, lands on the same column of the right view, or
    where it leaves the picture.

    Args:
        parallax: (rows, columns), % of width on the left grid; unknown pixels hide nothing and are not hidden.

    Returns:
        (rows, columns) bool.
    """
    rows, columns = parallax.shape
    finite = np.isfinite(parallax)
    across = np.where(finite, parallax, np.float32(0.0)) * np.float32(columns / 100.0)
    landed = np.rint(np.arange(columns, dtype=np.float32) + across)
    inside = (landed >= 0) & (landed < columns) & finite
    at = np.where(inside, landed, np.float32(0.0)).astype(np.intp)
    at += np.arange(rows)[:, None] * columns
    # All that lands nowhere meets in one more cell: positions in one dimension are what NumPy is quick at.
    at[~inside] = rows * columns
    at, across = at.ravel(), across.ravel()
    nearest = np.full(rows * columns + 1, np.inf, np.float32)
    np.minimum.at(nearest, at, across)
    covered = (nearest.take(at) < across - np.float32(1.0)).reshape(parallax.shape) & inside
    return np.asarray((covered | ~inside) & finite)
