"""One picture into another over some frames: dissolves and wipes.

All is seen in means of large cells, where detail that moves does not pass for the way to the next picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from host_bridge.shot.signature import Glance, distance

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int_]

FRAMES = (4, 30)
APART, FAR_APART = 0.25, 0.4  # distance of scenes; of scenes that nobody takes for one that moved
MOVED, MOVED_FAR = 2.0, 1.3  # in parts of what moves in as many frames: how far scenes are apart, and such scenes
MIXED, MIX_PACE = 0.26, 0.2
WIPED, WIPE_PACE = 0.14, 0.25
"""Of the way between two scenes: how far from it the frames lie on average, and how far from an even pace at most.
Motion leaves the way of a mix by 0.27 to 0.53."""
OUTSIDE, ROUNDS = 3, 4  # frames beside what was found, looked at so many times


def dissolves(glances: Sequence[Glance], taken: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last frame of each dissolve and wipe.

    Args:
        glances: the frames from afar.
        taken: frames that belong to another transition.
    """
    cells = np.stack([g.grid.reshape(-1) for g in glances])
    products = Products(cells, FRAMES[1] + 2 * (ROUNDS + 1) * OUTSIDE)
    index = 1
    while index < len(cells) - FRAMES[0]:
        best = 0
        for length in range(FRAMES[0], FRAMES[1] + 1):
            after = index + length
            if after >= len(cells) or taken[index - 1 : after + 1].any():
                break
            if _leads(glances, cells, products, index - 1, after):
                best = length
        if best:
            first, last = _settled(products, index, index + best - 1)
            yield first, last
            index = last + 1
        index += 1


class Products:
    """Scalar products of frames that are near each other in time.

    Args:
        frames: (n, values).
        reach: how many frames apart the two of a product may be.
    """

    def __init__(self, frames: Floats, reach: int) -> None:
        self.count = len(frames)
        self._band = np.zeros((min(reach, self.count - 1) + 1, self.count), np.float32)
        for apart, row in enumerate(self._band):
            row[: self.count - apart] = np.einsum("ij,ij->i", frames[: self.count - apart], frames[apart:])

    def of(self, a: Ints, b: Ints | int) -> Floats:
        """Of frames `a` and `b`, one by one."""
        return np.asarray(self._band[np.abs(a - b), np.minimum(a, b)])


def _leads(glances: Sequence[Glance], cells: Floats, products: Products, a: int, b: int) -> bool:
    """Whether the frames between `a` and `b` lead from one scene to another."""
    share, beside = _shares(products, a, b, np.arange(a + 1, b))
    uneven = np.abs(share - np.arange(1, b - a) / (b - a)).max()
    if uneven > max(MIX_PACE, WIPE_PACE) or (np.diff(share) > 0).mean() <= 0.8:
        return False
    if uneven < MIX_PACE and beside.mean() < MIXED:
        return _apart(glances, a, b, MOVED_FAR)
    return uneven < WIPE_PACE and _beside_wipe(cells, a, b) < WIPED and _apart(glances, a, b, MOVED)


def _beside_wipe(cells: Floats, a: int, b: int) -> float:
    """How far the frames between `a` and `b` are from showing, in each cell, one of the two."""
    between = cells[a + 1 : b]
    nearest = np.minimum(np.abs(between - cells[a]), np.abs(between - cells[b]))
    way = float(np.linalg.norm(cells[b] - cells[a]))
    return float(np.linalg.norm(nearest, axis=1).mean()) / max(way, 1e-6)


def _apart(glances: Sequence[Glance], a: int, b: int, moved_far: float) -> bool:
    """Whether two frames differ as scenes do, and more than those as far apart on either side: motion is no dissolve.

    Where the film begins or ends too soon, what moves in fewer frames stands for it.
    """
    step, length = distance(glances[a], glances[b]), b - a
    if step <= APART:
        return False
    moved = moved_far if step > FAR_APART else MOVED
    for side, room in ((a, min(length, a)), (b, min(length, len(glances) - 1 - b))):
        other = a - room if side == a else b + room
        if room and step <= moved * distance(glances[side], glances[other]) * length / room:
            return False
    return True


def _shares(products: Products, a: int, b: int, between: Ints) -> tuple[Floats, Floats]:
    """How far along the way from frame `a` to `b` frames lie, and how far beside it, both in parts of the way."""
    start, across = products.of(np.array([a, a]), np.array([a, b]))
    way = start + products.of(np.array([b]), b)[0] - 2.0 * across
    if way <= 1e-6:
        return np.zeros(len(between), np.float32), np.ones(len(between), np.float32)
    from_start = products.of(between, a)
    share = (products.of(between, b) - from_start - across + start) / way
    size = products.of(between, between) + start - 2.0 * from_start
    return share, np.sqrt(np.maximum(size / way - np.square(share), 0.0))


def _settled(products: Products, first: int, last: int) -> tuple[int, int]:
    """The ends, looked for again from those that were found, until they stay."""
    for _ in range(ROUNDS):
        ends = _ends(products, first, last)
        if ends == (first, last):
            break
        first, last = ends
    return first, last


def _ends(products: Products, first: int, last: int) -> tuple[int, int]:
    """The first and last frame: the even ramp that fits best, seen from a little outside."""
    a, b = max(0, first - OUTSIDE), min(products.count - 1, last + OUTSIDE)
    between = np.arange(a, b + 1)
    share, _ = _shares(products, a, b, between)
    best, ends = np.inf, (first, last)
    for start in range(a + 1, b):
        for stop in range(start + FRAMES[0] - 1, b):
            ramp = np.clip((between - start + 1) / (stop - start + 2), 0.0, 1.0)
            miss = float(np.square(share - ramp).sum())
            if miss < best:
                best, ends = miss, (start, stop)
    return ends
