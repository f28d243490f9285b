"""Host images with every oddity the specification allows: depths, components, origins, padding, rows up or down."""

from __future__ import annotations

import ctypes as c
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
DEPTHS: dict[str, np.dtype[Any]] = {
    "OfxBitDepthByte": np.dtype("u1"),
    "OfxBitDepthShort": np.dtype("<u2"),
    "OfxBitDepthHalf": np.dtype("<f2"),
    "OfxBitDepthFloat": np.dtype("<f4"),
}
COMPONENTS = {4: "OfxImageComponentRGBA", 3: "OfxImageComponentRGB", 1: "OfxImageComponentAlpha"}


def depth_name(dtype: np.dtype[np.generic]) -> str:
    """The specification's name of a sample type."""
    return next(name for name, known in DEPTHS.items() if known == dtype)


@dataclass
class Picture:
    """Pixels in host memory.

    Attributes:
        bounds: pixel corners (x1, y1, x2, y2), half-open, y up.
        depth, components: the specification's names.
        padding: bytes after each row.
        negative: rows are stored from the top, so that row bytes are negative.
        uid: unique identifier; empty when the host gives none.
    """

    bounds: tuple[int, int, int, int]
    depth: str = "OfxBitDepthFloat"
    components: str = "OfxImageComponentRGBA"
    padding: int = 0
    negative: bool = False
    uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    guard: int = 64

    def __post_init__(self) -> None:
        self.dtype = DEPTHS[self.depth]
        self.channels = next(n for n, name in COMPONENTS.items() if name == self.components)
        self.width = self.bounds[2] - self.bounds[0]
        self.height = self.bounds[3] - self.bounds[1]
        self.stride = self.width * self.channels * self.dtype.itemsize + self.padding
        self.memory = np.full(self.guard * 2 + self.stride * self.height, 0xA5, np.uint8)

    @property
    def row_bytes(self) -> int:
        """As the plug-in sees it."""
        return int(-self.stride if self.negative else self.stride)

    @property
    def pointer(self) -> int:
        """Address of the lowest, leftmost pixel."""
        first = self.guard + (self.stride * (self.height - 1) if self.negative else 0)
        return self.memory.ctypes.data + first

    def _rows(self) -> Array:
        """(h, w, c) y down, a view of the memory."""
        rows = self.memory[self.guard : self.guard + self.stride * self.height].reshape(self.height, self.stride)
        used = rows[:, : self.stride - self.padding]
        view = used.view(self.dtype).reshape(self.height, self.width, self.channels)
        return np.asarray(view if self.negative else view[::-1])

    @property
    def array(self) -> Array:
        """A copy of the pixels, (h, w, c), y down."""
        return np.array(self._rows())

    def fill(self, array: Array) -> Picture:
        """Takes pixels, (h, w, c), y down."""
        self._rows()[...] = array
        return self

    def intact(self) -> bool:
        """Whether nothing was written beyond the pixels."""
        guards = np.concatenate([self.memory[: self.guard], self.memory[-self.guard :]])
        rows = self.memory[self.guard : -self.guard].reshape(self.height, self.stride)
        padding = rows[:, self.stride - self.padding :] if self.padding else guards[:0]
        return bool((guards == 0xA5).all() and (padding == 0xA5).all())


def picture(
    array: Array, *, origin: tuple[int, int] = (0, 0), padding: int = 0, negative: bool = False, uid: str | None = None
) -> Picture:
    """A picture holding (h, w, c) pixels, y down; `origin` is its lower left corner."""
    height, width, channels = array.shape
    x, y = origin
    made = Picture(
        (x, y, x + width, y + height),
        depth_name(array.dtype),
        COMPONENTS[channels],
        padding,
        negative,
        **({} if uid is None else {"uid": uid}),  # type: ignore[arg-type]
    )
    return made.fill(array)


def as_pointer(address: int) -> c.c_void_p:
    """An address for the plug-in."""
    return c.c_void_p(address)
