"""How a disparity feels to an audience: the parallax it spans and whether that is within the depth budget.

Convention:
    Parallax = −disparity, % of picture width, > 0 behind the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor

COMFORT_FRONT_PCT = 1.0
COMFORT_BEHIND_PCT = 2.0
"""Beyond these, % parallax, a verdict warns: common practice for cinema and television."""

Verdict = Literal["comfortable", "strong", "over budget", "flat", "empty"]
_FLAT_PCT = 1e-3
_SAMPLES = 1 << 17


@dataclass(frozen=True)
class ParallaxRange:
    """The parallax of a frame, % of picture width, > 0 behind the screen.

    Attributes:
        nearest, farthest: extremes.
        p1, p50, p99: percentiles; p1 is near the front.
    """

    nearest: float
    p1: float
    p50: float
    p99: float
    farthest: float


def parallax_range(disparity: Tensor, *, width: float) -> ParallaxRange | None:
    """The parallax that a disparity spans; None when no value is finite.

    A large frame is read on a regular grid of about 131072 points.

    Args:
        disparity: (H, W), x_L − x_R in px or fractions.
        width: picture width in that unit.
    """
    step = max(1, round((disparity.numel() / _SAMPLES) ** 0.5))
    values = disparity[::step, ::step].detach().cpu().numpy().ravel()
    finite = np.isfinite(values)
    values = values if finite.all() else values[finite]
    if values.size == 0:
        return None
    with np.errstate(over="ignore"):
        values = values * np.float32(-100.0 / width)
    ranks = [0, *(round(share * (values.size - 1)) for share in (0.01, 0.5, 0.99)), values.size - 1]
    ordered = np.sort(values)  # of float32 in vector registers: a seventh of the time of a partition at five ranks
    ordered = np.nan_to_num(ordered[ranks])
    return ParallaxRange(*(float(value) for value in ordered))


def verdict(span: ParallaxRange | None, *, budget_front_pct: float, budget_behind_pct: float) -> Verdict:
    """The depth-budget verdict: one pixel in a hundred on either side may stray.

    Returns:
        "over budget" outside the budget, "strong" outside −1 … +2 % parallax, else "comfortable"; "flat" where all
        of it lies at one depth, "empty" when there is no disparity.
    """
    if span is None:
        return "empty"
    if span.farthest - span.nearest < _FLAT_PCT:
        return "flat"
    if span.p1 < -budget_front_pct or span.p99 > budget_behind_pct:
        return "over budget"
    if span.p1 < -COMFORT_FRONT_PCT or span.p99 > COMFORT_BEHIND_PCT:
        return "strong"
    return "comfortable"
