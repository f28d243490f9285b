"""The arithmetic of a steady shot: normalisation, smoothed s and t, hand-overs at cuts.

A network's inverse depth is known up to a scale and shift that jump from frame to frame. Two measurements fix them:
the frame's own percentiles (right on average, jittery) and the affine change between neighbouring frames (exact from
frame to frame, drifting). A complementary filter takes the first's slow part and the second's fast part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FEWEST_CELLS = 4
# Frames that are smoothed at a time: their weights for a scene of a quarter of an hour take 180 MB.
_ROWS = 1024


@dataclass(frozen=True)
class Measured:
    """What the analysis of one frame on its own found.

    Attributes:
        iz_low, iz_high: the frame's own robust range of raw inverse depth.
        fit_scale, fit_shift: s and t against inverse depth normalised by that range, fractions of picture width.
        thumb: (h, w) coarse raw inverse depth, the same grid for every frame; NaN in black bars.
        subject: disparity of the middle of the picture, fraction of picture width.
        parallax: (low, high) robust parallax, %.
    """

    iz_low: float
    iz_high: float
    fit_scale: float
    fit_shift: float
    thumb: Floats
    subject: float
    parallax: tuple[float, float]


def gaussian(values: Floats, sigma: float) -> Floats:
    """Smooths along the first axis; the ends are weighted by what is there, so that constants stay constant.

    A `sigma` of 0 frames leaves everything as it is.
    """
    if sigma == 0:
        return values.copy()
    # Taken from the first value on, so that a constant stays the same to the last bit.
    above, smooth, at = values - values[0], np.empty(values.shape), np.arange(len(values))
    for start in range(0, len(values), _ROWS):
        rows = slice(start, start + _ROWS)
        weights = np.exp(-0.5 * ((at[rows, None] - at[None]) / sigma) ** 2)
        smooth[rows] = values[0] + (weights / weights.sum(axis=1, keepdims=True)) @ above
    return smooth


def affine_between(source: Floats, target: Floats) -> tuple[float, float]:
    """Robust a > 0, b with a·source + b ≈ target.

    Reweighted least squares (Huber weights) find what belongs together. a is then the ratio of the deviations: the
    slope of a regression between two noisy maps is too small, and over a chain of frames that adds up.
    """
    both = np.isfinite(source) & np.isfinite(target)
    if np.count_nonzero(both) < FEWEST_CELLS:
        return 1.0, 0.0
    x, y = source[both], target[both]
    weights = np.ones_like(x)
    a, ratio, b = 1.0, 1.0, 0.0
    for _ in range(5):
        total = weights.sum()
        mean_x, mean_y = (weights @ x) / total, (weights @ y) / total
        variance = weights @ (x - mean_x) ** 2
        if variance <= 1e-12 * total:
            return 1.0, float(mean_y - mean_x)
        a = float((weights * (x - mean_x)) @ (y - mean_y) / variance)
        ratio = float(np.sqrt(weights @ (y - mean_y) ** 2 / variance))
        b = float(mean_y - ratio * mean_x)
        residual = np.abs(a * (x - mean_x) + mean_y - y)
        scale = 1.4826 * float(np.median(residual)) + 1e-12
        weights = np.minimum(1.0, 1.5 * scale / np.maximum(residual, 1e-12))
    return (ratio, b) if a > 0.0 else (1.0, float(np.median(y) - np.median(x)))


def normalisation(frames: list[Measured], *, metric: bool, sigma: float) -> Floats:
    """The raw inverse depths that become 0 and 1 in every frame of one scene.

    Args:
        frames: measurements of one scene in order.
        metric: the depth is true (a renderer's Z), so that one range fits the whole scene.
        sigma: frames over which the slow part is smoothed.

    Returns:
        (n, 2) low and high per frame.
    """
    ranges = np.array([(m.iz_low, m.iz_high) for m in frames])
    if metric or len(frames) == 1:
        return np.repeat(np.median(ranges, axis=0)[None], len(frames), axis=0)
    chain = np.empty_like(ranges)
    chain[0] = ranges[0]
    for index in range(1, len(frames)):
        a, b = affine_between(frames[index - 1].thumb, frames[index].thumb)
        chain[index] = a * chain[index - 1] + b
    # Low and width are filtered relative to the chain's own width: the network's scale may change a hundredfold.
    width = np.maximum(chain[:, 1] - chain[:, 0], 1e-12)
    relative = np.stack([(ranges[:, 0] - chain[:, 0]) / width, np.log((ranges[:, 1] - ranges[:, 0]) / width)], axis=1)
    slow = gaussian(relative, sigma)
    low = chain[:, 0] + slow[:, 0] * width
    return np.stack([low, low + np.exp(slow[:, 1]) * width], axis=1)


def handover(jump_pct: float, frames_before: int, frames_after: int, length: int) -> tuple[Floats, Floats]:
    """Zero-plane offsets in % parallax that let the subject meet half-way across a cut.

    Args:
        jump_pct: parallax of the subject after the cut minus before it, %.
        frames_before, frames_after: lengths of the two scenes.
        length: frames over which the offset eases in and out.

    Returns:
        Offsets of the last frames before and the first frames after, in frame order; 0 far from the cut.
    """

    def ease(count: int) -> Floats:
        x = np.clip(1.0 - np.arange(min(count, length)) / max(1, length), 0.0, 1.0)
        return np.asarray(x * x * (3.0 - 2.0 * x))

    return 0.5 * jump_pct * ease(frames_before)[::-1], -0.5 * jump_pct * ease(frames_after)


def suggest(parallax: Floats, scale_pct: float, *, comfort: tuple[float, float]) -> tuple[float, float, str]:
    """Depth gain and zero plane that bring a shot's parallax inside the comfort range.

    The gain acts on s·iz only: the far end (iz = 0) stays, the near end moves by (1 − gain)·s.

    Args:
        parallax: (n, 2) robust low and high per frame, %.
        scale_pct: the shot's s, % of picture width.
        comfort: (front, behind) limits, %, such as (-1, 2).

    Returns:
        Gain, offset in % parallax, and the reason in words.
    """
    low, high = float(parallax[:, 0].min()), float(parallax[:, 1].max())
    range_text = f"parallax {low:+.2f}..{high:+.2f} %"
    limits = f"{comfort[0]:+g}..{comfort[1]:+g} %"
    if low >= comfort[0] and high <= comfort[1]:
        return 1.0, 0.0, f"{range_text} is inside {limits}: nothing to change"
    excess = (high - low) - (comfort[1] - comfort[0])
    gain = 1.0 if excess <= 0 else max(0.0, 1.0 - excess / max(scale_pct, 1e-9))
    near = low + (1.0 - gain) * scale_pct
    offset = min(max(0.0, comfort[0] - near), comfort[1] - high) if high <= comfort[1] else comfort[1] - high
    return (
        round(gain, 3),
        round(offset, 3),
        f"{range_text} leaves {limits}: gain {gain:.2f}, zero plane {offset:+.2f} %",
    )
