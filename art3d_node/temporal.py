"""Steady depth: a frame's inverse depth averaged with its neighbours' along the motion.

The window is fixed and centred on the frame (never "what was rendered before"), so that a frame is the same in any
chunk. Motion is DIS optical flow (Kroeger et al., ECCV 2016, OpenCV's implementation) between the small look images.
A neighbour counts where its picture agrees after the motion and where forward and backward motion agree, so that
moving things are not smeared and uncovered ground does not average with what covered it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

PHOTOMETRIC_LEVELS = 12.0
CONSISTENCY_PX = 1.0
DEPTH_TOLERANCE = 0.16
FLOW_WIDTH = 512


@dataclass(frozen=True)
class Neighbour:
    """One frame of the window.

    Attributes:
        look: (h, w, 3) uint8, display-referred.
        raw: (h', w') raw inverse depth, float32.
        distance: frames away, 1 or more.
    """

    look: npt.NDArray[np.uint8]
    raw: Floats
    distance: int


def steady(look: npt.NDArray[np.uint8], raw: Floats, neighbours: Sequence[Neighbour]) -> Floats:
    """The frame's inverse depth, steadied.

    Args:
        look: (h, w, 3) uint8, the frame's own look.
        raw: (h', w') its raw inverse depth.
        neighbours: the frames of the window, any order.

    Returns:
        (h', w') float32 in the frame's own raw scale.
    """
    if not neighbours:
        return raw
    size = (raw.shape[1], raw.shape[0])
    here = _grey(look)
    spread = float(np.subtract(*np.percentile(raw, (95, 5)))) + 1e-12
    total, weight = raw.astype(np.float32).copy(), np.ones_like(raw, np.float32)
    for other in neighbours:
        there = _grey(other.look)
        if there.shape != here.shape:
            continue
        flow, trust = _motion(here, there)
        moved = _follow(cv2.resize(other.raw, size, interpolation=cv2.INTER_LINEAR), _scaled(flow, size))
        trust = cv2.resize(trust, size, interpolation=cv2.INTER_LINEAR)
        moved = _aligned(moved, raw, trust)
        # A depth edge that moved a little differently must not be averaged into a ramp.
        trust = trust * np.exp(-(((moved - raw) / (DEPTH_TOLERANCE * spread)) ** 2))
        trust *= np.exp(-0.5 * (other.distance / max(n.distance for n in neighbours) / 0.8) ** 2)
        total += trust * moved
        weight += trust
    return np.asarray(total / weight, np.float32)


def _grey(look: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    scale = min(1.0, FLOW_WIDTH / look.shape[1])
    size = (max(16, round(look.shape[1] * scale)), max(16, round(look.shape[0] * scale)))
    return np.asarray(cv2.cvtColor(cv2.resize(look, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY))


def _motion(here: npt.NDArray[np.uint8], there: npt.NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Flow from `here` to `there`, px, and how far to trust it, 0..1."""
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    forward, backward = engine.calc(here, there, None), engine.calc(there, here, None)
    back = _follow(backward, forward)
    miss = np.linalg.norm(forward + back, axis=2)
    change = cv2.GaussianBlur(np.abs(_follow(there.astype(np.float32), forward) - here), (0, 0), 1.5)
    trust = np.exp(-((miss / CONSISTENCY_PX) ** 2)) * np.exp(-((change / PHOTOMETRIC_LEVELS) ** 2))
    return np.asarray(forward), np.asarray(trust, np.float32)


def _scaled(flow: Floats, size: tuple[int, int]) -> Floats:
    ratio = np.array([size[0] / flow.shape[1], size[1] / flow.shape[0]], np.float32)
    return np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_LINEAR) * ratio)


def _follow(image: Floats, flow: Floats) -> Floats:
    y, x = np.indices(flow.shape[:2], np.float32)
    grid_x, grid_y = x + flow[..., 0], y + flow[..., 1]
    return np.asarray(cv2.remap(image, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _aligned(moved: Floats, raw: Floats, trust: Floats) -> Floats:
    """`moved` in the scale and shift of `raw`: networks know inverse depth only up to both (Huber weights)."""
    x, y, base = moved.ravel(), raw.ravel(), trust.ravel() + 1e-6
    weights, a, b = base, 1.0, 0.0
    for _ in range(3):
        total = float(weights.sum())
        mean_x, mean_y = float(weights @ x) / total, float(weights @ y) / total
        variance = float(weights @ (x - mean_x) ** 2) / total
        if variance < 1e-12:
            return moved
        a = float(weights @ ((x - mean_x) * (y - mean_y))) / total / variance
        b = mean_y - a * mean_x
        residual = np.abs(a * x + b - y)
        limit = 1.4826 * float(np.median(residual)) + 1e-9
        weights = base * np.minimum(1.0, 1.5 * limit / np.maximum(residual, 1e-9))
    return np.asarray(a * moved + b, np.float32) if a > 0 else moved
