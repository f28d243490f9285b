"""One pass over a film: where its shots lie, and which part of the frame holds the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from host_bridge.core.bars import Bars, BarsFound, find_bars, inside
from host_bridge.core.errors import PlateError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.shot.bars import settled
from host_bridge.shot.scenes import Scene, scenes_of
from host_bridge.shot.signature import glance
from host_bridge.shot.transitions import Finder
from training.films import StereoFrame

BLACK = 24
"""Brightest code value, of 255, of a film that shows nothing."""


@dataclass(frozen=True)
class Shot:
    """Frames start <= n < stop of one shot, and the box inside its bars, px of one eye.

    Frames between two shots, of a fade or a dissolve, belong to none; those of flashes are in `lit`.
    """

    number: int
    start: int
    stop: int
    picture: Box | None = None
    lit: tuple[int, ...] = ()

    def samples(self, count: int) -> list[int]:
        """`count` frames spread evenly over the shot, away from its cuts and flashes; fewer where it is shorter."""
        clear = [n for n in range(self.start, self.stop) if n not in self.lit]
        count = min(count, len(clear))
        return [clear[int((k + 0.5) * len(clear) / count)] for k in range(count)]


@dataclass(frozen=True)
class Scan:
    """What a first look at a film tells.

    Attributes:
        frames: how many there are.
        shots: in order; between them lie the frames of fades and dissolves.
        picture: the box that holds the pictures of all shots, px of one eye.
    """

    frames: int
    shots: tuple[Shot, ...]
    picture: Box


def scan_film(pairs: Iterable[StereoFrame], *, where: str, min_shot_frames: int) -> Scan:
    """Find the shots, by what `art3d analyse` takes for changes of scene, and their bars.

    Args:
        pairs: every frame of the film.
        where: the film's name, for errors.
        min_shot_frames: a cut that leaves a shorter shot is none.

    Raises:
        PlateError: the film has no frames, or is black throughout.
    """
    finder, found = Finder(), list[BarsFound]()
    brightest, data = 0, Box(0, 0, 0, 0)
    for pair in pairs:
        data = Box.of_size(pair.left.shape[1], pair.left.shape[0])
        left = glance(Frame(data, data, {"color": pair.left}))
        finder.add(left)
        brightest = max(brightest, int(pair.left.max()), int(pair.right.max()))
        found.append(_of_both(left.found, find_bars(pair.right)))
    if not found:
        raise PlateError("has no frames", where=where)
    if brightest <= BLACK:
        raise PlateError("is black throughout", where=where)
    changes = finder.finish()
    scenes = _long_enough(scenes_of(changes, len(found)), min_shot_frames)
    bars = settled(found, [(scene.start, scene.stop) for scene in scenes])
    flashes = [n for one in changes if one.kind == "flash" for n in range(one.first, one.last + 1)]
    shots = [
        Shot(
            0,
            s.start,
            s.stop,
            inside(data, _least(bars[s.start : s.stop])),
            tuple(n for n in flashes if s.start <= n < s.stop),
        )
        for s in scenes
        if s.kind == "scene"
    ]
    return Scan(len(found), tuple(replace(s, number=i) for i, s in enumerate(shots)), inside(data, _least(bars)))


def _long_enough(scenes: Sequence[Scene], fewest: int) -> list[Scene]:
    """The scenes, without cuts that leave one shorter than `fewest` frames."""
    kept: list[Scene] = []
    for scene in scenes:
        last = kept[-1] if kept else None
        cut = last is not None and last.kind == scene.kind == "scene"
        if last is not None and cut and min(last.stop - last.start, scene.stop - scene.start) < fewest:
            kept[-1] = replace(last, stop=scene.stop)
        else:
            kept.append(scene)
    return kept


def _of_both(left: BarsFound, right: BarsFound) -> BarsFound:
    """The bars that hide what either eye's do; a floating window narrows one eye only."""
    top, bottom, west, east = zip(left.sure, right.sure, strict=True)
    return BarsFound(
        bars=_each_side(max, left.bars, right.bars),
        sure=(all(top), all(bottom), all(west), all(east)),
        room=_each_side(min, left.room, right.room),
    )


def _each_side(pick: Callable[[int, int], int], a: Bars, b: Bars) -> Bars:
    return pick(a[0], b[0]), pick(a[1], b[1]), pick(a[2], b[2]), pick(a[3], b[3])


def _least(bars: Sequence[Bars]) -> Bars:
    """The bars that every frame has."""
    return min(b[0] for b in bars), min(b[1] for b in bars), min(b[2] for b in bars), min(b[3] for b in bars)
