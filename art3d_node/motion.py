"""Motion between the looks of neighbouring frames, and the path that a pixel takes over several of them.

Motion is DIS optical flow (Kroeger et al., ECCV 2016, OpenCV's implementation), always from one frame to the very
next: over such short steps it is right where a flow to a frame far away is lost. Steps add up to paths.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Look = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.uint8]

FLOW_WIDTH = 512
PHOTOMETRIC_LEVELS = 12.0
CONSISTENCY_PX = 1.0


@dataclass(frozen=True)
class Link:
    """The motion from one frame to a neighbouring one.

    Attributes:
        flow: (h, w, 2) float32, px of this small grid.
        trust: (h, w) float32, 0..1, 1 where the motion back leads home.
    """

    flow: Floats
    trust: Floats

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.flow.nbytes + self.trust.nbytes


def links(first: Grey, second: Grey) -> tuple[Link, Link]:
    """The motion from a frame to a neighbouring one, and back.

    Args:
        first, second: what `grey` made of two looks of one size.
    """
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    ahead, back = (np.asarray(engine.calc(a, b, None), np.float32) for a, b in ((first, second), (second, first)))
    return Link(ahead, _trust(ahead, back)), Link(back, _trust(back, ahead))


def _trust(ahead: Floats, back: Floats) -> Floats:
    miss = ahead + follow(back, ahead)
    return np.asarray(np.exp((np.square(miss[..., 0]) + np.square(miss[..., 1])) / -(CONSISTENCY_PX**2)), np.float32)


def extended(path: Link, link: Link) -> Link:
    """A path that goes one link further."""
    return Link(path.flow + follow(link.flow, path.flow), path.trust * follow(link.trust, path.flow))


def likeness(first: Grey, second: Grey, path: Link) -> Floats:
    """(h, w) how far a path is to be believed, 0..1: trusted all the way, to where the picture is alike."""
    change = np.abs(follow(second.astype(np.float32), path.flow) - first)
    smooth = np.asarray(cv2.GaussianBlur(change, (0, 0), 1.5), np.float32)
    return np.asarray(path.trust * np.exp(-np.square(smooth / PHOTOMETRIC_LEVELS)), np.float32)


def grey(look: Look) -> Grey:
    """The small grey picture that motion is found in, from a (h, w, 3) look."""
    scale = min(1.0, FLOW_WIDTH / look.shape[1])
    size = (max(16, round(look.shape[1] * scale)), max(16, round(look.shape[0] * scale)))
    return np.asarray(cv2.cvtColor(cv2.resize(look, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))


def scaled(flow: Floats, size: tuple[int, int]) -> Floats:
    """A flow on a grid of another (width, height)."""
    ratio = np.array([size[0] / flow.shape[1], size[1] / flow.shape[0]], np.float32)
    return np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR) * ratio)


def follow(image: Floats, flow: Floats) -> Floats:
    """An image seen along a flow."""
    position = flow + _places(flow.shape[0], flow.shape[1])
    return np.asarray(cv2.remap(image, position, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


@functools.lru_cache(4)
def _places(height: int, width: int) -> Floats:
    """(h, w, 2) x and y of every pixel."""
    y, x = np.indices((height, width), np.float32)
    return np.stack([x, y], axis=2)
