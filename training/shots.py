"""One pass over a film: where its shots lie, and which part of the frame holds the picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from host_bridge.errors import PlateError
from host_bridge.geometry import Box
from training.films import StereoFrame

BLACK = 24
"""Brightest code value, of 255, that still counts as a black bar: codecs ring a little into the bars."""

_LARGEST_BAR = 0.35
_RATE = 24.0  # nominal: the detector counts in frames
_CUT_WIDTH_PX = 192


@dataclass(frozen=True)
class Shot:
    """Frames start <= n < stop of one shot."""

    number: int
    start: int
    stop: int

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
        picture: the box inside the bars, px of one eye.
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
    brightest: npt.NDArray[np.uint8] | None = None
    count = 0
    for count, pair in enumerate(pairs, start=1):
        height = max(2, pair.left.shape[0] * _CUT_WIDTH_PX // pair.left.shape[1])
        small = cv2.resize(pair.left, (_CUT_WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        cuts += [c.frame_num for c in detector.process_frame(FrameTimecode(count - 1, _RATE), small[..., ::-1])]
        light = np.maximum(pair.left, pair.right)
        brightest = light if brightest is None else np.maximum(brightest, light, out=brightest)
    if brightest is None:
        raise PlateError("has no frames", where=where)
    cuts += [c.frame_num for c in detector.post_process(FrameTimecode(count - 1, _RATE))]
    edges = [0, *sorted({c for c in cuts if 0 < c < count}), count]
    shots = tuple(Shot(i, a, b) for i, (a, b) in enumerate(pairwise(edges)))
    return Scan(count, shots, picture_box(brightest.max(-1), where=where))


def picture_box(brightest: npt.NDArray[np.uint8], *, where: str) -> Box:
    """The box inside black bars.

    Args:
        brightest: (H, W) largest code value that each pixel of either eye ever had.
        where: the film's name, for errors.

    Raises:
        PlateError: nothing is brighter than black.
    """
    rows, columns = (np.percentile(brightest, 99, axis=axis) > BLACK for axis in (1, 0))
    if not rows.any() or not columns.any():
        raise PlateError("is black throughout", where=where)
    y0, y1 = _inside(rows)
    x0, x1 = _inside(columns)
    return Box(x0, y0, x1, y1)


def _inside(lit: npt.NDArray[np.bool_]) -> tuple[int, int]:
    found = np.flatnonzero(lit)
    first, last = int(found[0]), int(found[-1]) + 1
    limit = int(len(lit) * _LARGEST_BAR)
    return (first if first <= limit else 0), (last if len(lit) - last <= limit else len(lit))
