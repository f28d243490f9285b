"""Where stereo is watched, and how much parallax is comfortable there.

Convention:
    Parallax in % of picture width, > 0 behind the screen. Distances in metres, vergence and focus in dioptres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

EYES_M = 0.065
"""Distance between the eyes that divergence is judged by, the adult mean of the literature."""
SKY_EXCURSION_PCT = (-2.5, 4.0)
# Linear fits of the zone of comfort: focus = slope * vergence + offset, both in dioptres. Shibata, Kim, Hoffman,
# Banks, "The zone of comfort", Journal of Vision 11(8):11, 2011, figure 23.
_FAR, _NEAR = (1.129, 0.442), (1.035, -0.626)

Verdict = Literal["comfortable", "too near", "too far", "too near and too far", "no depth"]


@dataclass(frozen=True)
class Target:
    """A screen and a seat.

    Attributes:
        id: short name for options and files.
        name: for people.
        width_m: width of the picture.
        distance_m: from the eyes to the screen; of a headset, to where its optics focus.
        budget_pct: a broadcaster's or studio's own limits, or None.
    """

    id: str
    name: str
    width_m: float
    distance_m: float
    budget_pct: tuple[float, float] | None = None

    def parallax_pct(self, vergence_m: float) -> float:
        """Parallax of a point that the eyes converge on at a distance, by similar triangles."""
        return 100.0 * EYES_M * (1.0 - self.distance_m / vergence_m) / self.width_m

    def degrees(self, parallax_pct: float) -> float:
        """Visual angle of a parallax at this seat."""
        return math.degrees(math.atan(parallax_pct / 100.0 * self.width_m / self.distance_m))

    @property
    def divergence_pct(self) -> float:
        """Parallax beyond which the eyes would have to turn outwards."""
        return 100.0 * EYES_M / self.width_m

    @property
    def limits_pct(self) -> tuple[float, float]:
        """The most negative and the most positive comfortable parallax: the tightest of all rules that apply."""
        focus = 1.0 / self.distance_m
        near = self.parallax_pct(_NEAR[0] / (focus - _NEAR[1]))
        far_vergence = (focus - _FAR[1]) / _FAR[0]
        far = self.parallax_pct(1.0 / far_vergence) if far_vergence > 0 else self.divergence_pct
        if self.budget_pct is not None:
            near, far = max(near, self.budget_pct[0]), min(far, self.budget_pct[1])
        return near, min(far, self.divergence_pct)


TARGETS = (
    Target("cinema", "Cinema, 12 m", 10.0, 12.0),
    Target("home-cinema", "Home cinema, 3 m", 2.5, 3.0),
    Target("tv", 'Television, 55"', 1.218, 2.5, SKY_EXCURSION_PCT),
    Target("tablet", "Tablet", 0.24, 0.4),
    Target("headset", "Headset, 60° screen", 2.31, 2.0),
)


@dataclass(frozen=True)
class FrameRange:
    """The parallax of a frame.

    Attributes:
        number: frame number.
        near_pct, far_pct: parallax that one pixel in a hundred exceeds on either side; NaN where nothing is known.
    """

    number: int
    near_pct: float
    far_pct: float


@dataclass(frozen=True)
class Judgement:
    """How frames do at one target.

    Attributes:
        target: where they are watched.
        verdict: of all frames together.
        failing: frame number → by how many % of the width it exceeds the limits.
        gain: Global Depth that brings the range within the limits, 1 where it fits.
        zero_plane_pct: Zero Plane to add, after the gain, that brings it between them; 0 where it lies there.
    """

    target: Target
    verdict: Verdict
    failing: dict[int, float]
    gain: float
    zero_plane_pct: float


def judge(frames: Iterable[FrameRange], target: Target) -> Judgement:
    """Holds frames against a target's limits."""
    measured = [f for f in frames if math.isfinite(f.near_pct) and math.isfinite(f.far_pct)]
    if not measured:
        return Judgement(target, "no depth", {}, 1.0, 0.0)
    low, high = target.limits_pct
    failing = {f.number: max(low - f.near_pct, f.far_pct - high) for f in measured}
    failing = {number: excess for number, excess in failing.items() if excess > 0}
    near, far = min(f.near_pct for f in measured), max(f.far_pct for f in measured)
    verdict: Verdict = "comfortable"
    if near < low or far > high:
        verdict = "too near and too far" if near < low and far > high else "too near" if near < low else "too far"
    gain = min(1.0, (high - low) / (far - near)) if far > near else 1.0
    # Global Depth scales about the far end.
    near = far + gain * (near - far)
    shift = max(low - near, 0.0) + min(high - far, 0.0)
    return Judgement(target, verdict, failing, gain, shift)
