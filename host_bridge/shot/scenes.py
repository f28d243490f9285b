"""Scenes between transitions, a person's word on cuts, and what frames between two scenes take from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from host_bridge.core.errors import BadInputError
from host_bridge.shot.file import ShotEntry
from host_bridge.shot.transitions import Transition

FLAT_SPANS = 1e6  # a range so wide that all depth of a blank frame lies in its middle


@dataclass(frozen=True)
class Cuts:
    """What a person says, in frame numbers.

    Attributes:
        only: first frames of new scenes, which take the place of all cuts that are found; None leaves those.
        more: cuts to add.
        none: frames at which nothing changes, whatever is found there.
    """

    only: tuple[int, ...] | None = None
    more: tuple[int, ...] = ()
    none: tuple[int, ...] = ()


NO_EDITS = Cuts()


@dataclass(frozen=True)
class Scene:
    """Frames start <= index < stop: one scene, or the way from one to the next."""

    start: int
    stop: int
    kind: Literal["scene", "fade", "dissolve"] = "scene"
    blank: tuple[int, int] = field(default=(0, 0))


def edited(found: Sequence[Transition], cuts: Cuts, numbers: Sequence[int]) -> list[Transition]:
    """The transitions as a person wants them.

    Args:
        found: as they were found.
        cuts: what the person says.
        numbers: frame number of each index.

    Raises:
        BadInputError: a cut at a frame that is not in the shot, or at its first.
    """
    at = {number: index for index, number in enumerate(numbers)}
    starts = (*(cuts.only or ()), *cuts.more)
    for number in (*starts, *cuts.none):
        if at.get(number, -1) < (0 if number in cuts.none else 1):
            raise BadInputError(
                f"no scene can begin at frame {number}: the shot holds {numbers[0]}-{numbers[-1]}",
                where="--cut, --no-cut or --cuts",
                remedy="name the first frame of a scene, as the plate counts",
            )
    kept = [t for t in found if not (cuts.only is not None and t.kind == "cut")]
    for number in cuts.none:
        kept = [t for t in kept if not t.first <= at[number] <= t.last]
    for number in starts:
        kept = [t for t in kept if t.kind == "flash" or not t.first <= at[number] <= t.last]
        kept.append(Transition("cut", at[number], at[number], by="user"))
    return sorted(kept, key=lambda t: t.first)


def scenes_of(changes: Sequence[Transition], count: int) -> list[Scene]:
    """The scenes and the ways between them, in order, without gaps."""
    found: list[Scene] = []
    start = 0
    for change in changes:
        if change.kind == "flash":
            continue
        if change.first > start:
            found.append(Scene(start, change.first))
        start = change.first
        if change.kind in ("fade", "dissolve"):
            kind: Literal["fade", "dissolve"] = "fade" if change.kind == "fade" else "dissolve"
            found.append(Scene(change.first, change.last + 1, kind, change.blank))
            start = change.last + 1
    if start < count:
        found.append(Scene(start, count))
    return found


def between_scenes(
    scenes: Sequence[Scene], settled: Mapping[int, Sequence[ShotEntry]], own: Sequence[ShotEntry]
) -> list[ShotEntry]:
    """Every frame's entry: those of the scenes, and on the way from one to the next those of both.

    A fade holds the range of the scene that it shows, black and white frames are flat and on the screen, and across a
    dissolve the ranges mix as the pictures do.

    Args:
        scenes: all of them.
        settled: index of a scene → the entries of its frames.
        own: what each frame says on its own.
    """
    entries: list[ShotEntry] = []
    for index, scene in enumerate(scenes):
        if index in settled:
            entries += settled[index]
            continue
        before = next((settled[i][-1] for i in range(index - 1, -1, -1) if i in settled), None)
        after = next((settled[i][0] for i in range(index + 1, len(scenes)) if i in settled), None)
        for at in range(scene.start, scene.stop):
            entries.append(replace(_between(scene, at, before, after, own[at]), scene=index))
    return entries


def _between(scene: Scene, at: int, before: ShotEntry | None, after: ShotEntry | None, own: ShotEntry) -> ShotEntry:
    first, last = before or after or own, after or before or own
    if scene.kind == "dissolve":
        return _mixed(first, last, (at - scene.start + 1) / (scene.stop - scene.start + 1), own)
    if scene.blank[0] <= at < scene.blank[1]:
        wide = FLAT_SPANS * max(own.iz_high - own.iz_low, 1e-3)
        middle = 0.5 * (own.iz_low + own.iz_high)
        return replace(own, iz_low=middle - wide, iz_high=middle + wide, fit_scale=0.0, fit_shift=0.0)
    return _mixed(first, last, 0.0 if at < scene.blank[0] else 1.0, own)


def _mixed(a: ShotEntry, b: ShotEntry, share: float, own: ShotEntry) -> ShotEntry:
    return replace(
        own,
        iz_low=a.iz_low + share * (b.iz_low - a.iz_low),
        iz_high=a.iz_high + share * (b.iz_high - a.iz_high),
        fit_scale=a.fit_scale + share * (b.fit_scale - a.fit_scale),
        fit_shift=a.fit_shift + share * (b.fit_shift - a.fit_shift),
    )
