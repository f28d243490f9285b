"""Styles mixed by weight, as text: `immersive:0.7,gentle:0.3`. A style's own name is a blend of one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from host_bridge.core.errors import StyleError

MOST_PARTS = 4
_PART, _WEIGHT = ",", ":"


@dataclass(frozen=True)
class Part:
    """One style of a blend and its share, 0 < share ≤ 1; the shares of a blend sum to 1."""

    name: str
    share: float


def parse_blend(text: str) -> tuple[Part, ...]:
    """The parts of a blend, by name, so that one blend has one order; a plain name is one part.

    Raises:
        StyleError: a part without a weight, a weight that is none, a style named twice, or too many.
    """
    if _PART not in text and _WEIGHT not in text:
        return (Part(text, 1.0),)
    weights: dict[str, float] = {}
    for part in text.split(_PART):
        name, _, weight = (piece.strip() for piece in part.rpartition(_WEIGHT))
        if not name or name in weights:
            raise _unusable(f"{part.strip()!r} is not NAME:WEIGHT" if not name else f"{name} stands twice", text)
        weights[name] = _weight(weight, text)
    total = sum(weights.values())
    if len(weights) > MOST_PARTS or not total > 0:
        raise _unusable(f"{len(weights)} styles" if total > 0 else "nothing has any weight", text)
    return tuple(Part(name, weights[name] / total) for name in sorted(weights) if weights[name] > 0)


def _weight(text: str, blend: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight <= 1e6:
        raise _unusable(f"{text!r} is not a weight", blend)
    return weight


def _unusable(message: str, text: str) -> StyleError:
    remedy = f"write NAME:WEIGHT,NAME:WEIGHT, at most {MOST_PARTS} styles and weights from 0"
    return StyleError(message, where=f"--style {text[:200]}", remedy=remedy)
