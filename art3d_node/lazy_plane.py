"""A plane of the whole frame that is computed where somebody looks."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

Part = tuple[slice, slice]

CELL_ROWS = 64
CELL_COLUMNS = 256
"""A cell of 2¹⁴ pixels stays in the processor's cache, and torch does not wake its threads for it."""


class LazyPlane:
    """(H, W) float32, made in cells; what nobody asked for costs no memory and holds anything.

    Args:
        shape: H, W.
        device: where it lies. A GPU makes it whole at the first look, which costs less than many small steps.
        compute: the values of one part.
    """

    def __init__(self, shape: tuple[int, int], device: torch.device, compute: Callable[[Part], Tensor]) -> None:
        self._plane = torch.empty(shape, dtype=torch.float32, device=device)
        self._compute = compute
        self._cell = (CELL_ROWS, CELL_COLUMNS) if device.type == "cpu" else (max(1, shape[0]), max(1, shape[1]))
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
        with self._lock:
            for y, x in zip(*np.nonzero(~self._done[cells]), strict=True):
                self._make(int(y) + cells[0].start, int(x) + cells[1].start)
        return self._plane

    def _make(self, y: int, x: int) -> None:
        rows, columns = self._cell
        part = slice(y * rows, (y + 1) * rows), slice(x * columns, (x + 1) * columns)
        self._plane[part] = self._compute(part)
        self._done[y, x] = True


def _cells(first: int, last: int, size: int, step: int) -> slice:
    first, last = min(max(first, 0), size - 1), min(max(last, 1), size)
    return slice(first // step, -(-last // step))
