"""Boxes, windows and tiles: the one place where coordinates change their convention.

Convention:
    `Box` is half-open with y down: it holds the pixels x0 <= x < x1, y0 <= y < y1 of one grid.
    EXR windows are inclusive with y down. OpenFX rectangles are half-open with y up. Both flip here only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Box:
    """A half-open rectangle of pixels, y down. An empty box has no pixels; its corners may be anything.

    Attributes:
        x0, y0: first column and row, px.
        x1, y1: one past the last column and row, px.
    """

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns, px; 0 when empty."""
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        """Rows, px; 0 when empty."""
        return max(0, self.y1 - self.y0)

    @property
    def empty(self) -> bool:
        """Whether the box holds no pixel."""
        return self.width == 0 or self.height == 0

    def intersect(self, other: Box) -> Box:
        """The pixels that both boxes hold."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    def union(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box adds nothing."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def contains(self, other: Box) -> bool:
        """Whether every pixel of `other` lies in this box."""
        return other.empty or self.intersect(other) == other

    def shift(self, dx: int, dy: int) -> Box:
        """The box moved by whole pixels."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def grow(self, dx: int, dy: int) -> Box:
        """The box with `dx` columns and `dy` rows more on each side."""
        return Box(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def every(self, step: int) -> Box:
        """The box in the grid of every `step`-th pixel; as large as an array of this box is with that stride."""
        x0, y0 = self.x0 // step, self.y0 // step
        return Box(x0, y0, x0 - (-self.width // step), y0 - (-self.height // step))

    def sampled(self, within: Box, step: int) -> Box:
        """This part of `within` in the grid of its every `step`-th pixel, as `within.every(step)` counts them."""
        origin = within.every(step)
        x0, y0 = (-(-offset // step) for offset in (self.x0 - within.x0, self.y0 - within.y0))
        x1, y1 = (-(-offset // step) for offset in (self.x1 - within.x0, self.y1 - within.y0))
        return Box(x0, y0, x1, y1).shift(origin.x0, origin.y0)

    def slices(self, within: Box) -> tuple[slice, slice]:
        """Row and column slices of this box in an array that covers `within`.

        Raises:
            ValueError: this box reaches outside `within`.
        """
        if not within.contains(self):
            raise ValueError(f"{self} reaches outside {within}")
        return (
            slice(self.y0 - within.y0, self.y1 - within.y0),
            slice(self.x0 - within.x0, self.x1 - within.x0),
        )

    def tiles(self, width: int, height: int) -> Iterator[Box]:
        """The box cut into tiles of at most `width` × `height` px, row by row.

        Raises:
            ValueError: a tile side below 1 px.
        """
        if width < 1 or height < 1:
            raise ValueError(f"a tile needs at least 1×1 px, not {width}×{height}")
        for y in range(self.y0, self.y1, height):
            for x in range(self.x0, self.x1, width):
                yield Box(x, y, min(x + width, self.x1), min(y + height, self.y1))

    def as_tuple(self) -> tuple[int, int, int, int]:
        """`(x0, y0, x1, y1)`."""
        return self.x0, self.y0, self.x1, self.y1

    @staticmethod
    def of_size(width: int, height: int) -> Box:
        """The box of a whole picture whose first pixel is (0, 0)."""
        return Box(0, 0, width, height)

    @staticmethod
    def from_exr(x_min: int, y_min: int, x_max: int, y_max: int) -> Box:
        """The box of an EXR window (inclusive corners)."""
        return Box(x_min, y_min, x_max + 1, y_max + 1)

    def to_exr(self) -> tuple[int, int, int, int]:
        """Inclusive EXR corners `(x_min, y_min, x_max, y_max)`."""
        return self.x0, self.y0, self.x1 - 1, self.y1 - 1

    def flipped(self, height: int) -> Box:
        """The same pixels when rows are counted from the other side of a picture of `height` px.

        Its own inverse: OpenFX to Art3D and back.
        """
        return Box(self.x0, height - self.y1, self.x1, height - self.y0)
