"""What a film camera and a grade do to a traced view: air, defocus, motion blur, exposure, tone, colour."""

from __future__ import annotations

import cv2
import numpy as np

from training.mini.embree import View
from training.mini.render import defocused, haze


def filmed(view: View, rng: np.random.Generator, *, focus: float, blur: float) -> np.ndarray:
    """A view as an 8-bit frame ``(h, w, 3)``.

    Args:
        focus: the depth in focus, m. blur: diameter of the blur at infinity, as a share of the height; 0 = sharp.
    """
    rgb = view.colour.astype(np.float64)
    if rng.random() < 0.15:
        rgb = haze(rgb, view.iz, rng)
    if blur > 0:
        spread = np.abs(view.iz * focus - 1) * blur * len(rgb)
        rgb = defocused(rgb, np.minimum(spread, 24), view.iz > 1 / focus)
    if rng.random() < 0.12:
        rgb = _moved(rgb, rng)
    return _graded(rgb, rng)


def _moved(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A camera that moved while the shutter was open."""
    length = int(rng.integers(3, 12))
    kernel = np.zeros((length, length), np.float32)
    turn, middle = rng.uniform(0, np.pi), (length - 1) / 2
    reach = middle * np.array([np.cos(turn), np.sin(turn)])
    ends = [tuple(round(float(v)) for v in middle + sign * reach) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return np.asarray(cv2.filter2D(rgb, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT))


def _graded(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Exposure by what is bright, a shoulder, the colours of a grade, a vignette."""
    exposed = rgb / (np.quantile(rgb, rng.uniform(0.75, 0.97)) + 1e-6) * rng.uniform(0.45, 0.95)
    shown = np.clip(1.15 * exposed / (1 + 0.3 * np.maximum(exposed, 0)), 0, 1) ** (1 / 2.2)
    if rng.random() < 0.4:
        grey = shown.mean(2, keepdims=True)
        cold, warm = rng.normal(0, 0.04, 3) * [1, 0.4, 1], rng.normal(0, 0.04, 3) * [1, 0.4, 1]
        shown = shown + cold * (1 - grey) + warm * grey
    if rng.random() < 0.2:
        h, w = shown.shape[:2]
        y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
        shown = shown * (1 - rng.uniform(0.1, 0.4) * (x * x + y * y) / 2)[..., None]
    return np.asarray((np.clip(shown, 0, 1) * 255).astype(np.uint8))
