"""Where one scene becomes another, and how: cuts, fades, dissolves; and flashes, which are no change of scene.

Every frame is seen from afar (`signature.Glance.sample`). A fade is a picture that goes to black or white or comes out
of it; a dissolve is frames on the straight line between two others, further along it from frame to frame, and a wipe
counts as one; a flash is lighter frames between two that are alike. What is left and still steps is a cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from host_bridge.shot.dissolves import dissolves
from host_bridge.shot.fades import BLANK_LEVEL, alike, fades, pales
from host_bridge.shot.file import ShotTransition
from host_bridge.shot.signature import Glance, distance, find_cuts

Kind = Literal["cut", "fade", "dissolve", "flash"]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

FLASH_FRAMES, FLASH_RISE, FLASH_ALIKE = 4, 0.08, 0.35
WHITE = 0.98
ALIKE_AGAIN = 0.4  # of the step to a flash: how far the frames on its two sides differ at most
SHORTEST_SCENE = 3  # frames beside a fade or a dissolve
MOVE_FRAMES = 2  # between the steps of one fast move
SKIP = 3  # of the samples' rows and columns
CHUNK, CONTEXT = 1024, 160  # frames looked at in one go, and around each that is decided


@dataclass(frozen=True)
class Transition:
    """A change of scene, or a flash.

    Attributes:
        kind: a fade is a way to black or white, blank frames and a way out of them, of which two may be missing.
        first, last: indices of the frames that belong to neither scene alone; of a cut, the first frame of the new
            scene, which may begin with a flash.
        blank: first and one past the last frame of a fade that is all black or all white.
        by: whose it is, "found" or "user".
    """

    kind: Kind
    first: int
    last: int
    blank: tuple[int, int] = (0, 0)
    by: str = "found"

    def moved(self, offset: int) -> Transition:
        """The same, `offset` frames later."""
        blank = (self.blank[0] + offset, self.blank[1] + offset) if any(self.blank) else self.blank
        return replace(self, first=self.first + offset, last=self.last + offset, blank=blank)

    def numbered(self, numbers: Sequence[int]) -> ShotTransition:
        """The same in frame numbers."""
        return ShotTransition(self.kind, numbers[self.first], numbers[self.last], self.by)


class Finder:
    """Finds the transitions of a film while its frames come in; it holds no more of them than it still needs.

    What is decided of a frame hangs on the `CONTEXT` frames around it, so that the pieces give what the whole gives.
    """

    def __init__(self) -> None:
        self._glances: list[Glance] = []
        self._dropped = 0
        self._decided = 0
        self._due = CHUNK + 2 * CONTEXT
        self._found: list[Transition] = []

    def add(self, glance: Glance) -> None:
        """The next frame."""
        self._glances.append(glance)
        if len(self._glances) >= self._due:
            self._decide(self._dropped + len(self._glances) - CONTEXT)

    def finish(self) -> list[Transition]:
        """All transitions in order; none overlaps another, but for a flash that a scene begins with.

        A film that is black or white throughout is one fade.
        """
        self._decide(self._dropped + len(self._glances))
        return self._found

    def _decide(self, until: int) -> None:
        """Decides on all frames before `until` but those of a transition that goes on there."""
        found = [one.moved(self._dropped) for one in _found_in(self._glances)]
        last = self._dropped + len(self._glances)
        until = last if until == last else min([until, *(one.first for one in found if one.last >= until)])
        self._found += [one for one in found if self._decided <= one.first < until]
        self._decided = until
        drop = max(0, until - CONTEXT - self._dropped)
        del self._glances[:drop]
        self._dropped += drop
        self._due = len(self._glances) + CHUNK


def find_transitions(glances: Iterable[Glance]) -> list[Transition]:
    """All transitions in order; none overlaps another."""
    finder = Finder()
    for glance in glances:
        finder.add(glance)
    return finder.finish()


def _found_in(glances: Sequence[Glance]) -> list[Transition]:
    if not glances:
        return []
    frames = np.stack([g.sample[::SKIP, ::SKIP].reshape(-1) for g in glances]).astype(np.float32) / 255.0
    taken = np.zeros(len(glances), bool)
    found: list[Transition] = []
    for kind in (_fades, _whites, _flashes, _dissolves, _cuts):
        for one in kind(glances, frames, taken):
            taken[one.first : one.last + 1] = True
            found.append(one)
    return _whole_ways(sorted(found, key=lambda t: (t.first, t.kind == "flash")))


def _whole_ways(found: Sequence[Transition]) -> list[Transition]:
    """What changes within a few frames of a fade, or steps beside a dissolve, is a part of it: no scene is that short.

    Between pictures that stand still, the first or last step of a dissolve looks like a cut.
    """
    merged: list[Transition] = []
    for one in found:
        last = merged[-1] if merged else None
        if last is None or one.first - last.last > SHORTEST_SCENE or "flash" in (last.kind, one.kind):
            merged.append(one)
        elif last.kind == "fade":
            merged[-1] = replace(last, last=one.first - 1 if one.kind == "cut" else one.last)
        elif one.kind == "fade" or (last.kind, one.kind) == ("cut", "dissolve"):
            merged[-1] = replace(one, first=last.first)
        elif (last.kind, one.kind) == ("dissolve", "cut"):
            merged[-1] = replace(last, last=one.first - 1)
        else:
            merged.append(one)
    return merged


def _fades(glances: Sequence[Glance], frames: Floats, _: Flags) -> Iterator[Transition]:
    for first, last, blank in fades(frames, _plain(glances)):
        yield Transition("fade", first, last, blank)


def _plain(glances: Sequence[Glance]) -> Flags:
    return np.array([g.spread < BLANK_LEVEL for g in glances])


def _whites(glances: Sequence[Glance], frames: Floats, taken: Flags) -> Iterator[Transition]:
    """Dips to white; one that comes back to where it left is a flash, however long it lasts."""
    for first, last, blank in fades(1.0 - frames, _plain(glances)):
        if taken[first : last + 1].any():
            continue
        back = first > 0 and last + 1 < len(frames) and _come_back(glances, first, last + 1, blank[0])
        yield Transition("flash", first, last) if back else Transition("fade", first, last, blank)


def _come_back(glances: Sequence[Glance], first: int, after: int, bright: int) -> bool:
    """Whether the frames before `first` and from `after` on are of one scene, and `bright` stands out from it."""
    step = distance(glances[first - 1], glances[bright])
    return distance(glances[first - 1], glances[after]) < ALIKE_AGAIN * step


def _flashes(glances: Sequence[Glance], frames: Floats, taken: Flags) -> Iterator[Transition]:
    level, index = frames.mean(axis=1), 1
    while index < len(frames) - 1:
        length = _flash(glances, level, taken, index)
        if length:
            yield Transition("flash", index, index + length - 1)
        index += max(1, length)


def _flash(glances: Sequence[Glance], level: Floats, taken: Flags, first: int) -> int:
    """Frames of the flash that begins here; 0 where none does."""
    if taken[first - 1] or level[first] - level[first - 1] < FLASH_RISE:
        return 0
    for length in range(1, FLASH_FRAMES + 1):
        after = first + length
        if after >= len(level) or taken[first : after + 1].any():
            return 0
        is_bright = level[first:after].min() - max(level[first - 1], level[after]) > 0.5 * FLASH_RISE
        if is_bright and _come_back(glances, first, after, first):
            return length
    return 0


def _dissolves(glances: Sequence[Glance], frames: Floats, taken: Flags) -> Iterator[Transition]:
    end = len(frames) - 1
    for first, last in dissolves(glances, taken):
        if first == 1 and pales(frames[last + 1 :: -1]):
            yield Transition("fade", 0, last)
        elif last == end - 1 and pales(frames[first - 1 :]):
            yield Transition("fade", first, end)
        else:
            yield Transition("dissolve", first, last)


def _cuts(glances: Sequence[Glance], frames: Floats, taken: Flags) -> Iterator[Transition]:
    """Cuts between frames that lie side by side; a fade or a dissolve between two scenes is none.

    Steps that follow on each other are one fast move: a whip pan, a snap zoom, a fast wipe, or something that passes
    close by. It leads to another picture as a dissolve does, or to the one before, which is no change.
    """
    clear = [index for index in range(len(glances)) if not taken[index]]
    steps = [clear[k] for k in find_cuts([glances[index] for index in clear]) if clear[k] - clear[k - 1] == 1]
    for first, after, step in _flashes_beside(frames, taken, steps):
        steps.remove(step)
        yield Transition("flash", first, after - 1)
    for run in _together(steps):
        first, last = run[0], run[-1]
        if first == last:
            yield Transition("cut", first, first)
        elif distance(glances[first - 1], glances[last]) > ALIKE_AGAIN * distance(glances[first - 1], glances[first]):
            yield Transition("dissolve", first, last - 1)


def _flashes_beside(frames: Floats, taken: Flags, steps: Sequence[int]) -> list[tuple[int, int, int]]:
    """Flashes on the first or last frames of a scene: first frame, one past the last, and the step that is no cut.

    A few frames between two steps, or between one and an end of the film, which are a lighter picture of the scene on
    one side, belong to it. Beside a fade they are a step of its way to white.
    """
    found, end = list[tuple[int, int, int]](), len(frames)
    left = set(steps)
    for first, after in pairwise([0, *steps, end]):
        near_other = taken[max(0, first - 1 - SHORTEST_SCENE) : after + 1 + SHORTEST_SCENE].any()
        if after - first > FLASH_FRAMES or near_other or not left.issuperset({first, after} - {0, end}):
            continue
        for step, like, next_to_it in ((after, after, after - 1), (first, first - 1, first)):
            if 0 < step < end and _lit(frames[first:after], frames[next_to_it], frames[like]):
                left.remove(step)
                found.append((first, after, step))
                break
    return found


def _lit(flash: Floats, nearest: Floats, frame: Floats) -> bool:
    """Whether all frames of a flash are lighter than a frame of the scene, and the nearest shows the same picture.

    Where the flash is white, the frame is cut off at the level that got there.
    """
    if flash.mean(axis=1).min() - frame.mean() < FLASH_RISE:
        return False
    white_share = float((nearest < WHITE).mean())
    return alike(np.minimum(frame, np.quantile(frame, white_share)), nearest) >= FLASH_ALIKE


def _together(steps: Sequence[int]) -> list[list[int]]:
    """Steps, those in one list that are no more than `MOVE_FRAMES` apart."""
    runs: list[list[int]] = []
    for step in steps:
        if runs and step - runs[-1][-1] <= MOVE_FRAMES:
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs
