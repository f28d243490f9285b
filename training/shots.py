"""One pass over a film: where its shots lie, and which part of the frame holds the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from host_bridge.core.bars import Bars, Found, find_bars, inside
from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.shot.bars import settled
from training.films import StereoFrame

BLACK = 24
"""Brightest code value, of 255, of a film that shows nothing."""

_RATE = 24.0  # nominal: the detector counts in frames
_CUT_WIDTH_PX = 192


@dataclass(frozen=True)
class Shot:
    """Frames start <= n < stop of one shot, and the box inside its bars, px of one eye."""

    number: int
    start: int
    stop: int
    picture: Box | None = None

    def samples(self, count: int) -> list[int]:
        """`count` frames spread evenly over the shot, away from its cuts; fewer where the shot is shorter."""
        length = self.stop - self.start
        count = min(count, length)
        return [self.start + int((k + 0.5) * length / count) for k in range(count)]


@dataclass(frozen=True)
class Scan:
    """What a first look at a film tells.

    Attributes:
        frames: how many there are.
        shots: in order, without gaps.
        picture: the box that holds the pictures of all shots, px of one eye.
    """

    frames: int
    shots: tuple[Shot, ...]
    picture: Box


def scan_film(pairs: Iterable[StereoFrame], *, where: str, min_shot_frames: int) -> Scan:
    """Find cuts and bars.

    Args:
        pairs: every frame of the film.
        where: the film's name, for errors.
        min_shot_frames: a shorter shot is joined with the one before.

    Raises:
        PlateError: the film has no frames, or is black throughout.
    """
    detector = AdaptiveDetector(min_scene_len=min_shot_frames)
    cuts: list[int] = []
    brightest, count = 0, 0
    found: list[Found] = []
    data = Box(0, 0, 0, 0)
    for count, pair in enumerate(pairs, start=1):
        height = max(2, pair.left.shape[0] * _CUT_WIDTH_PX // pair.left.shape[1])
        small = cv2.resize(pair.left, (_CUT_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        cuts += [c.frame_num for c in detector.process_frame(FrameTimecode(count - 1, _RATE), small[..., ::-1])]
        brightest = max(brightest, int(pair.left.max()), int(pair.right.max()))
        found.append(_of_both(find_bars(pair.left), find_bars(pair.right)))
        data = Box.of_size(pair.left.shape[1], pair.left.shape[0])
    if not count:
        raise PlateError("has no frames", where=where)
    if brightest <= BLACK:
        raise PlateError("is black throughout", where=where)
    cuts += [c.frame_num for c in detector.post_process(FrameTimecode(count - 1, _RATE))]
    edges = [0, *sorted({c for c in cuts if 0 < c < count}), count]
    scenes = list(pairwise(edges))
    bars = settled(found, scenes)
    pictures = [inside(data, _least(bars[a:b])) for a, b in scenes]
    shots = tuple(Shot(i, a, b, box) for i, ((a, b), box) in enumerate(zip(scenes, pictures, strict=True)))
    return Scan(count, shots, inside(data, _least(bars)))


def _of_both(left: Found, right: Found) -> Found:
    """The bars that hide what either eye's do; a floating window narrows one eye only."""
    bars, room = (tuple(map(pick, a, b)) for pick, a, b in ((max, left.bars, right.bars), (min, left.room, right.room)))
    sure = tuple(a and b for a, b in zip(left.sure, right.sure, strict=True))
    return Found(bars, sure, room)  # type: ignore[arg-type]


def _least(bars: Sequence[Bars]) -> Bars:
    """The bars that every frame has."""
    return min(b[0] for b in bars), min(b[1] for b in bars), min(b[2] for b in bars), min(b[3] for b in bars)
