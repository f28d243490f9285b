"""The mixed pixels of the plate's outlines, as `mixed_cpu` finds them and `warp` takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from art3d_node.stereo.jit import ByteArray, FloatArray, IndexArray
from art3d_node.stereo.warp import MixedArrays

BandArrays = tuple[
    ByteArray,
    FloatArray,
    FloatArray,
    IndexArray,
    IndexArray,
    IndexArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    IndexArray,
]


@dataclass(frozen=True)
class Mixed:
    """The mixed pixels of some rows of the plate, row after row.

    Attributes:
        start: (rows,) index of each row's first entry.
        count: (rows,) entries of each row.
        column: (n,) plate column.
        alpha: (n,) share of the front surface, 0 .. 1.
        front: (n, C) colour of the front surface.
        back: (n, C) colour of the back surface.
        depths: (n, 2) disparity of front and back, px.
        other: (n, 2) plate row and column of the nearest pixel of the surface that the disparity does
            not name here.
    """

    start: IndexArray
    count: IndexArray
    column: IndexArray
    alpha: FloatArray
    front: FloatArray
    back: FloatArray
    depths: FloatArray
    other: IndexArray

    def rows(self, part: slice) -> MixedArrays:
        """What the kernels take for some of the rows."""
        return (
            self.start[part],
            self.count[part],
            self.column,
            self.alpha,
            self.front,
            self.back,
            self.depths,
            self.other,
        )


@dataclass(frozen=True)
class Band:
    """The pixels of the thin band around depth edges, before it is settled which are mixed.

    Attributes:
        kind: (n,) uint8, whole pixels from the edge on the back surface, and BAND + 1 more on the front one.
        noise: (n,) variance of a pixel's place between its two surfaces.
        spread: (n, 2, C) standard deviations of these surfaces' colours.
        mixed: all of them, with their place between the two surfaces for alpha and the mean colours for colours.
    """

    kind: ByteArray
    noise: FloatArray
    spread: FloatArray
    mixed: Mixed

    def rows(self, part: slice) -> BandArrays:
        """What the kernels take for some of the rows."""
        return self.kind, self.noise, self.spread, *self.mixed.rows(part)

    @classmethod
    def room(cls, count: IndexArray, channels: int) -> Band:
        """Make room for so many pixels of each row."""
        start, size = (np.cumsum(count) - count).astype(np.int32), int(count.sum())
        return cls(
            kind=np.empty(size, np.uint8),
            noise=np.empty(size, np.float32),
            spread=np.empty((size, 2, channels), np.float32),
            mixed=room(start, count, channels),
        )


def no_mixed(channels: int) -> Mixed:
    """What `find_mixed` is replaced by where edges are hard."""
    nothing = np.empty(0, np.int32)
    return room(nothing, nothing, channels)


def room(start: IndexArray, count: IndexArray, channels: int) -> Mixed:
    """Make room for the band pixels of some rows."""
    size = int(count.sum())
    return Mixed(
        start=start,
        count=count,
        column=np.empty(size, np.int32),
        alpha=np.empty(size, np.float32),
        front=np.empty((size, channels), np.float32),
        back=np.empty((size, channels), np.float32),
        depths=np.empty((size, 2), np.float32),
        other=np.empty((size, 2), np.int32),
    )
