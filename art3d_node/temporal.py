"""Steady depth: a frame's inverse depth settled with its neighbours' along the motion.

The window is fixed and centred on the frame (never "what was rendered before"), so that a frame is the same in any
chunk. Each neighbour's depth is brought along the motion and to the frame's own scale and shift; a pixel then has up to
nine opinions. Fine detail takes their weighted median, which keeps an edge sharp where some of them put it a pixel
beside; broad regions take the mean, which is steadier.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from art3d_node import native
from art3d_node.motion import Floats, Grey, Link, extended, follow, likeness, scaled

# The fall of weight with distance, in parts of the window; and the size of a "broad" region, in parts of the width.
DISTANCE_SIGMA = 0.8
BROAD_WIDTHS = 1 / 40
_SAMPLES = 1 << 14


@dataclass(frozen=True)
class Neighbour:
    """One frame of the window.

    Attributes:
        grey: (h, w) uint8, what `motion.grey` makes of its look.
        raw: (h', w') raw inverse depth, float32.
        link: the motion to it from the frame beside it that is one nearer to the window's middle.
    """

    grey: Grey
    raw: Floats
    link: Link


@dataclass(frozen=True)
class Neighbourhood:
    """The frames that steady one: those before and those after it, nearest first."""

    before: Sequence[Neighbour] = ()
    after: Sequence[Neighbour] = ()

    @property
    def reach(self) -> int:
        """How many frames away the farthest is."""
        return max(len(self.before), len(self.after))


ALONE = Neighbourhood()


def steady(grey: Grey, raw: Floats, window: Neighbourhood) -> Floats:
    """The frame's inverse depth, steadied.

    Args:
        grey: (h, w) uint8, of the frame's own look.
        raw: (h', w') its raw inverse depth.
        window: its neighbours.

    Returns:
        (h', w') float32 in the frame's own raw scale.
    """
    if not window.reach:
        return raw
    values, weights = [raw.astype(np.float32)], [np.ones(raw.shape, np.float32)]
    for side in (window.before, window.after):
        for distance, (moved, trust) in enumerate(_opinions(grey, raw, side), 1):
            values.append(moved)
            weights.append(trust * np.float32(np.exp(-0.5 * (distance / window.reach / DISTANCE_SIGMA) ** 2)))
    median, mean = np.empty_like(values[0]), np.empty_like(values[0])
    native.settle_opinions(np.stack(values), np.stack(weights), median, mean)
    sigma = BROAD_WIDTHS * raw.shape[1]
    return np.asarray(median + cv2.GaussianBlur(mean - median, (0, 0), sigma), np.float32)


def _opinions(grey: Grey, raw: Floats, side: Sequence[Neighbour]) -> Iterator[tuple[Floats, Floats]]:
    """What each neighbour of one side says of every pixel, and how far to believe it."""
    size = (raw.shape[1], raw.shape[0])
    path: Link | None = None
    for other in side:
        if other.grey.shape != grey.shape:
            return
        path = other.link if path is None else extended(path, other.link)
        trust = cv2.resize(likeness(grey, other.grey, path), size, interpolation=cv2.INTER_LINEAR)
        resized = cv2.resize(other.raw, size, interpolation=cv2.INTER_LINEAR)
        yield _aligned(follow(resized, scaled(path.flow, size)), raw, np.asarray(trust)), np.asarray(trust)


def _aligned(moved: Floats, raw: Floats, trust: Floats) -> Floats:
    """`moved` in the scale and shift of `raw`: networks know inverse depth only up to both.

    Huber weights find what belongs together; the scale is then the ratio of the deviations, since the slope of a
    regression between two noisy maps is too small.
    """
    step = max(1, round((raw.size / _SAMPLES) ** 0.5))
    x, y, base = (plane[::step, ::step].ravel() for plane in (moved, raw, trust + np.float32(1e-6)))
    weights = base
    for _ in range(3):
        total = float(weights.sum())
        mean_x, mean_y = float(weights @ x) / total, float(weights @ y) / total
        variance = float(weights @ np.square(x - mean_x)) / total
        if variance < 1e-12:
            return moved
        slope = float(weights @ ((x - mean_x) * (y - mean_y))) / total / variance
        residual = np.abs(slope * (x - mean_x) + mean_y - y)
        limit = 1.4826 * float(np.median(residual)) + 1e-9
        ratio = float(np.sqrt(float(weights @ np.square(y - mean_y)) / total / variance))
        weights = base * np.minimum(1.0, 1.5 * limit / np.maximum(residual, 1e-9))
    return np.asarray(ratio * (moved - mean_x) + mean_y, np.float32) if slope > 0 else moved
