"""Where one scene becomes another, and how: cuts, fades, dissolves; and flashes, which are no change of scene.

Every frame is seen from afar (`signature.Glance.sample`). A fade is a picture that goes to black or comes out of it; a
dissolve is a frame on the straight line between two others, further along it from frame to frame; a flash is a few
lighter frames between two that are alike. What is left and still steps is a cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from host_bridge.shot.file import ShotTransition
from host_bridge.shot.signature import Glance, distance, find_cuts

Kind = Literal["cut", "fade", "dissolve", "flash"]
Floats = npt.NDArray[np.float32]

BLACK_LEVEL, BLACK_RANK = 0.08, 99  # square-root level that so many percent of a black frame lie below
FADE_FRAMES, FADE_STEP, FADE_ALIKE = 60, 0.015, 0.8
FLASH_FRAMES, FLASH_RISE = 4, 0.08
DISSOLVE_FRAMES = (4, 30)
STRAY, UNEVEN = 0.42, 0.16  # of a dissolve's way: how far beside it, and how far from an even pace
APART, MOVED = 0.16, 2.0  # distance of scenes; in parts of what moves in as many frames
OUTSIDE = 3  # frames beside what was found of a dissolve
SKIP = 3  # of the samples' rows and columns


@dataclass(frozen=True)
class Transition:
    """A change of scene, or a flash.

    Attributes:
        kind: a fade is a way to black, black frames and a way out of them, of which two may be missing.
        first, last: indices of the frames that belong to neither scene alone; of a cut, the first frame of the new
            scene.
        black: first and one past the last black frame of a fade.
        by: whose it is, "found" or "user".
    """

    kind: Kind
    first: int
    last: int
    black: tuple[int, int] = (0, 0)
    by: str = "found"

    def numbered(self, numbers: Sequence[int]) -> ShotTransition:
        """The same in frame numbers."""
        return ShotTransition(self.kind, numbers[self.first], numbers[self.last], self.by)


def find_transitions(glances: Sequence[Glance]) -> list[Transition]:
    """All transitions in order; none overlaps another."""
    if len(glances) < 2:
        return []
    frames = np.stack([g.sample[::SKIP, ::SKIP].reshape(-1) for g in glances]).astype(np.float32) / 255.0
    taken = np.zeros(len(glances), bool)
    found = _fades(frames, taken)
    found += _flashes(glances, frames, taken)
    found += _dissolves(glances, frames, taken)
    found += _cuts(glances, taken)
    return sorted(found, key=lambda t: t.first)


def _take(found: Transition, taken: npt.NDArray[np.bool_]) -> Transition:
    taken[found.first : found.last + 1] = True
    return found


def _fades(frames: Floats, taken: npt.NDArray[np.bool_]) -> list[Transition]:
    black = np.percentile(frames, BLACK_RANK, axis=1) < BLACK_LEVEL
    found = []
    for start, stop in _runs(black):
        first, last = _ramp(frames, start, -1), _ramp(frames, stop - 1, +1)
        if stop - start < len(frames):
            found.append(_take(Transition("fade", first, last, (start, stop)), taken))
    return found


def _ramp(frames: Floats, edge: int, step: int) -> int:
    """The last frame, away from the black one at `edge`, of the way between black and picture."""
    level = frames.mean(axis=1)
    at = edge
    for _ in range(FADE_FRAMES):
        beyond = at + step
        further = beyond + step
        if not 0 <= further < len(frames):
            break
        rises = level[further] - level[beyond] > max(FADE_STEP * level[further], 1e-3)
        if not rises or _alike(frames[beyond], frames[further]) < FADE_ALIKE:
            break
        at = beyond
    return at


def _alike(a: Floats, b: Floats) -> float:
    """Correlation of two pictures, blind to their light."""
    a, b = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size > 1e-6 else 1.0


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    change = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return [(int(a), int(b)) for a, b in change.reshape(-1, 2)]


def _flashes(glances: Sequence[Glance], frames: Floats, taken: npt.NDArray[np.bool_]) -> list[Transition]:
    level, found, index = frames.mean(axis=1), [], 1
    while index < len(frames) - 1:
        length = _flash(glances, level, taken, index)
        if length:
            found.append(_take(Transition("flash", index, index + length - 1), taken))
        index += max(1, length)
    return found


def _flash(glances: Sequence[Glance], level: Floats, taken: npt.NDArray[np.bool_], first: int) -> int:
    """Frames of the flash that begins here; 0 where none does."""
    if taken[first - 1] or level[first] - level[first - 1] < FLASH_RISE:
        return 0
    for length in range(1, FLASH_FRAMES + 1):
        after = first + length
        if after >= len(level) or taken[first : after + 1].any():
            return 0
        lit = level[first:after].min() - max(level[first - 1], level[after]) > 0.5 * FLASH_RISE
        step = distance(glances[first - 1], glances[first])
        if lit and distance(glances[first - 1], glances[after]) < 0.4 * step:
            return length
    return 0


def _dissolves(glances: Sequence[Glance], frames: Floats, taken: npt.NDArray[np.bool_]) -> list[Transition]:
    found: list[Transition] = []
    products = frames @ frames.T
    # Its ends are seen in means of large cells: detail that moves would pass for the way to the next picture.
    cells = np.stack([g.grid.reshape(-1) for g in glances])
    smooth = cells @ cells.T
    index = 1
    while index < len(frames) - DISSOLVE_FRAMES[0]:
        best = 0
        for length in range(DISSOLVE_FRAMES[0], DISSOLVE_FRAMES[1] + 1):
            after = index + length
            if after >= len(frames) or taken[index - 1 : after + 1].any():
                break
            if _apart(glances, index - 1, after) and _on_the_way(products, index - 1, after):
                best = length
        if best:
            first, last = _ends(smooth, index, index + best - 1)
            found.append(_take(Transition("dissolve", first, last), taken))
            index = last + 1
        index += 1
    return found


def _apart(glances: Sequence[Glance], a: int, b: int) -> bool:
    """Whether two frames differ as scenes do, more than those as far apart on either side: motion is no dissolve."""
    step, length = distance(glances[a], glances[b]), b - a
    if step <= APART:
        return False
    before = distance(glances[max(0, a - length)], glances[a])
    after = distance(glances[b], glances[min(len(glances) - 1, b + length)])
    return step > MOVED * max(before, after)


def _shares(products: Floats, a: int, b: int, between: npt.NDArray[np.int_]) -> tuple[Floats, Floats]:
    """How far along the way from frame `a` to `b` frames lie, and how far beside it, both in parts of the way."""
    way = products[a, a] + products[b, b] - 2.0 * products[a, b]
    if way <= 1e-6:
        return np.zeros(len(between), np.float32), np.ones(len(between), np.float32)
    ahead = products[between, b] - products[between, a] - products[a, b] + products[a, a]
    size = products[between, between] + products[a, a] - 2.0 * products[between, a]
    share = ahead / way
    return share, np.sqrt(np.maximum(size / way - np.square(share), 0.0))


def _on_the_way(products: Floats, a: int, b: int) -> bool:
    share, beside = _shares(products, a, b, np.arange(a + 1, b))
    even = np.arange(1, b - a) / (b - a)
    return bool(beside.mean() < STRAY and np.abs(share - even).max() < UNEVEN and (np.diff(share) > 0).mean() > 0.8)


def _ends(products: Floats, first: int, last: int) -> tuple[int, int]:
    """The dissolve's own first and last frame: the even ramp that fits best, seen from a little outside."""
    a, b = max(0, first - OUTSIDE), min(len(products) - 1, last + OUTSIDE)
    between = np.arange(a, b + 1)
    share, _ = _shares(products, a, b, between)
    best, ends = np.inf, (first, last)
    for start in range(a + 1, b):
        for stop in range(start + DISSOLVE_FRAMES[0] - 1, b):
            ramp = np.clip((between - start + 1) / (stop - start + 2), 0.0, 1.0)
            miss = float(np.square(share - ramp).sum())
            if miss < best:
                best, ends = miss, (start, stop)
    return ends


def _cuts(glances: Sequence[Glance], taken: npt.NDArray[np.bool_]) -> list[Transition]:
    """Cuts between frames that lie side by side; a fade or a dissolve between two scenes is none."""
    clear = [index for index in range(len(glances)) if not taken[index]]
    cuts = find_cuts([glances[index] for index in clear])
    return [Transition("cut", clear[k], clear[k]) for k in cuts if clear[k] - clear[k - 1] == 1]
