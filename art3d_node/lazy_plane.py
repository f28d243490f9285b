"""A plane of the whole frame that is computed where somebody looks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node.transfer import roomy

Part = tuple[slice, slice]

CELL_ROWS = 64
CELL_COLUMNS = 64


class LazyPlane:
    """(H, W) float32, made in cells; what nobody asked for costs no memory and holds anything.

    Args:
        shape: H, W.
        device: where it lies. A GPU makes it whole at the first look, which costs less than many small steps.
        compute: writes the values of one part into the plane that it is given.
    """

    def __init__(self, shape: tuple[int, int], device: torch.device, compute: Callable[[Part, Tensor], None]) -> None:
        on_host = device.type == "cpu"
        self._plane = roomy(shape) if on_host else torch.empty(shape, dtype=torch.float32, device=device)
        self._compute = compute
        self._cell = (CELL_ROWS, CELL_COLUMNS) if on_host else (max(1, shape[0]), max(1, shape[1]))
        self._done = np.zeros([-(-size // step) for size, step in zip(shape, self._cell, strict=True)], np.bool_)
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes that it holds when all of it is made."""
        return self._plane.numel() * self._plane.element_size()

    def over(self, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
        """The plane, of which at least first <= y < last and first <= x < last are made.

        A range outside the plane stands for its nearest row or column.
        """
        cells = tuple(_cells(*span, size, step) for span, size, step in
                      zip((rows, columns), self._plane.shape, self._cell, strict=True))  # fmt: skip
        # A cell is made in steps, in place: whoever made it again would show them to those who read it.
        with self._lock:
            missing = ~self._done[cells]
            # One call makes all that lies side by side and above one another: its price is paid once.
            for top, bottom in _alike(missing):
                for x, end in _runs(missing[top]):
                    down = slice(top + cells[0].start, bottom + cells[0].start)
                    self._make(down, slice(x + cells[1].start, end + cells[1].start))
        return self._plane

    def _make(self, down: slice, along: slice) -> None:
        """Make a rectangle of cells."""
        part = tuple(
            slice(cells.start * step, min(cells.stop * step, size))
            for cells, step, size in zip((down, along), self._cell, self._plane.shape, strict=True)
        )
        self._compute((part[0], part[1]), self._plane)
        self._done[down, along] = True


def _alike(missing: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last of every run of rows that lack the same cells."""
    change = np.flatnonzero((missing[1:] != missing[:-1]).any(axis=1)) + 1
    borders = [0, *(int(row) for row in change), len(missing)]
    return list(itertools.pairwise(borders))


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one past the last index of every run of true values."""
    change = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(first), int(end)) for first, end in change.reshape(-1, 2)]


def _cells(first: int, last: int, size: int, step: int) -> slice:
    first, last = min(max(first, 0), size - 1), min(max(last, 1), size)
    return slice(first // step, -(-last // step))
