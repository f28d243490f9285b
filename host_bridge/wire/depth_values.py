"""What the values of a depth channel mean, as far as a server and its clients must agree on it.

Convention:
    A Z Meaning is `distance` (far is large), `inverse` (1/distance: near is large, 0 is far away), `far-is-white` or
    `near-is-white` (a picture of depth, any scale and offset, 0 is a value like any other).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from host_bridge.core.frame import Array

FAR_SENTINEL = 1e9
"""Depths from here on are a renderer's way to write "nothing there"."""
CERTAIN_AGREEMENT = 0.2
"""Rank correlation below which an order of depth says nothing about another one."""
_FLAT = 1e-5
_NORMALISED_FLOOR = 0.02
_ONE_SIGN = 0.01


@dataclass(frozen=True)
class Evidence:
    """What one frame says about the meaning of its Z. Agreements are rank correlations, −1 … 1, with a network's order.

    Attributes:
        larger_is_near: agreement of the stored values.
        smaller_is_near: agreement of distances: by their size, 0 and infinity the farthest.
        low, high: lowest and highest finite value.
        zeros, far: whether there are zeros; infinities or far sentinels.
        larger_surface_is_near: agreement of the sizes of values that are neither 0 nor a far sentinel; None from a
            server that does not say it.
    """

    larger_is_near: float
    smaller_is_near: float
    low: float
    high: float
    zeros: bool
    far: bool
    larger_surface_is_near: float | None = None

    def to_wire(self) -> dict[str, Any]:
        """Plain fields."""
        return asdict(self)

    @staticmethod
    def from_wire(fields: Mapping[str, Any]) -> Evidence:
        """The evidence of a tile's statistics.

        Raises:
            KeyError, TypeError, ValueError: these are no evidence.
        """
        agreements = (float(fields["larger_is_near"]), float(fields["smaller_is_near"]))
        bounds, surface = (float(fields["low"]), float(fields["high"])), fields.get("larger_surface_is_near")
        return Evidence(
            *agreements,
            *bounds,
            bool(fields["zeros"]),
            bool(fields["far"]),
            None if surface is None else float(surface),
        )


@dataclass(frozen=True)
class Decision:
    """What a Z was taken to mean.

    Attributes:
        meaning: one of the knob Z Meaning, never "auto".
        agreement: its rank correlation with the network's order, a mean over frames.
    """

    meaning: str
    agreement: float

    @property
    def certain(self) -> bool:
        """Whether the network's order tells; otherwise the meaning is a guess by the values alone."""
        return self.agreement >= CERTAIN_AGREEMENT


def decide(frames: Sequence[Evidence]) -> Decision:
    """The meaning that agrees best with the order of depth over all frames.

    Only the order says which way Z grows. Among meanings that grow the same way, the values choose: what fills 0..1 is
    a picture of depth, anything else a distance or its inverse; values of both signs have a scale and an offset.

    Zeros are far away as a distance and as its inverse. That an object stands before them says nothing of which it is,
    so an order counts no more than it holds among what was hit.
    """
    if not frames:
        raise ValueError("no frame to decide by")
    larger, smaller = (float(np.mean([getattr(f, n) for f in frames])) for n in ("larger_is_near", "smaller_is_near"))
    low, high = min(f.low for f in frames), max(f.high for f in frames)
    far, zeros = any(f.far for f in frames), any(f.zeros for f in frames)
    size = max(abs(low), abs(high))
    if low < -_ONE_SIGN * size and high > _ONE_SIGN * size:
        ways = {"near-is-white": larger, "far-is-white": -larger}
    elif high <= _ONE_SIGN * size:
        # A camera that looks down −Z: the size counts.
        ways = {"distance": smaller, "inverse": -larger}
    elif 0.5 <= high <= 1.0 and low <= _NORMALISED_FLOOR * high and not far:
        ways = {"far-is-white": -larger, "near-is-white": larger, "distance": smaller}
    else:
        ways = {"distance": smaller, "inverse": larger}
    if "distance" in ways and not far:
        ways = {way: min(agreement, _among_surfaces(way, frames)) for way, agreement in ways.items()}
    best = max(ways, key=lambda way: ways[way])
    if ways[best] < CERTAIN_AGREEMENT and "distance" in ways:
        best = "inverse" if zeros and not far and low >= 0.0 and high <= 1.0 else "distance"
        return Decision(best, ways.get(best, larger))
    return Decision(best, ways[best])


def _among_surfaces(way: str, frames: Sequence[Evidence]) -> float:
    """The agreement of a meaning over what was hit, a mean over frames; 1 where an older server does not say it."""
    known = [f.larger_surface_is_near for f in frames if f.larger_surface_is_near is not None]
    if len(known) < len(frames):
        return 1.0
    larger = float(np.mean(known))
    return larger if way in ("inverse", "near-is-white") else -larger


def varies(pixels: Array) -> bool:
    """Whether a depth holds more than one value; infinities and far sentinels count as one: far away."""
    return _has_two(pixels[::16, ::16]) or _has_two(pixels)


def _has_two(values: Array) -> bool:
    size = np.abs(values, dtype=np.float32)  # a half is never 1e9
    near, far = size < FAR_SENTINEL, size >= FAR_SENTINEL
    values_near = values[near]
    if values_near.size == 0:
        return False
    low, high = float(values_near.min()), float(values_near.max())
    if high - low > _FLAT * max(abs(low), abs(high)):
        return True
    # Zero is a renderer's far away, as its infinities are: one surface before nothing is a depth.
    return bool(far.any()) and not math.isclose(high, 0.0, abs_tol=1e-12)
