"""Styles that change over frames, as text: `smooth;1001=immersive;1048=gentle:0.3,immersive:0.7`.

The interpolation comes first, then a blend (`core.blend`) for each key frame. Between keys the shares of the styles go
as any knob does, and a style that a key does not name has a share of 0 there. One text, so that whatever names a
style (a shot file, a recipe, a farm job) names one that moves as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from host_bridge.core.blend import MOST_PARTS, Part, parse_blend
from host_bridge.core.curve import INTERPOLATIONS, Curve
from host_bridge.core.errors import StyleError

_ANIMATED = re.compile(rf"(?:{'|'.join(INTERPOLATIONS)});")
_NO_SHARE = 1e-6
"""A share below which a style has no say."""
GIVEN = "given"


@dataclass(frozen=True)
class _Track:
    keys: tuple[tuple[float, tuple[Part, ...]], ...]
    curves: Mapping[str, Curve]

    def at(self, frame: float) -> str:
        shares = {name: curve.at(frame) for name, curve in self.curves.items()}
        present = {name: share for name, share in shares.items() if share > _NO_SHARE}
        if len(present) == 1:
            return next(iter(present))
        return ",".join(f"{name}:{share:.9g}" for name, share in present.items())


def animated_style(keys: Mapping[float, str], interpolation: str) -> str:
    """The text of a style that changes over frames.

    Args:
        keys: frame → a style, or a blend.
        interpolation: hold, linear or smooth.

    Raises:
        StyleError: no key, a blend that cannot be read, `given`, or more styles than a blend holds.
    """
    text = ";".join([interpolation, *(f"{frame:.12g}={keys[frame]}" for frame in sorted(keys))])
    _track(text)
    return text


def is_animated(text: str) -> bool:
    """Whether a style changes over frames."""
    return _ANIMATED.match(text) is not None


def style_at(text: str, frame: float) -> str:
    """The style or blend of one frame; a style that does not change is itself.

    Raises:
        StyleError: as `animated_style`.
    """
    return _track(text).at(frame) if is_animated(text) else text


def style_keys(text: str) -> tuple[tuple[float | None, tuple[Part, ...]], ...]:
    """Each key frame and its blend; one of no frame (None) for a style that does not change.

    Raises:
        StyleError: as `animated_style`.
    """
    return _track(text).keys if is_animated(text) else ((None, parse_blend(text)),)


def style_names(text: str) -> tuple[str, ...]:
    """The styles that a text needs, each once.

    Raises:
        StyleError: as `animated_style`.
    """
    return tuple(sorted({part.name for _, parts in style_keys(text) for part in parts}))


@lru_cache(maxsize=64)
def _track(text: str) -> _Track:
    interpolation, *found = text.split(";")
    keys = tuple(_key(key, text) for key in found)
    if not keys:
        raise _unusable("no key", text)
    names = sorted({part.name for _, parts in keys for part in parts})
    if len(names) > MOST_PARTS or GIVEN in names:
        raise _unusable(f"{len(names)} styles" if GIVEN not in names else f"{GIVEN!r} is no style to move to", text)
    frames = tuple(frame for frame, _ in keys)
    shares = [{part.name: part.share for part in parts} for _, parts in keys]
    curves = {name: Curve(frames, tuple(s.get(name, 0.0) for s in shares), interpolation) for name in names}
    return _Track(keys, curves)


def _key(key: str, text: str) -> tuple[float, tuple[Part, ...]]:
    frame, _, blend = key.partition("=")
    try:
        return float(frame), parse_blend(blend)
    except ValueError:
        raise _unusable(f"{frame!r} is not a frame number", text) from None


def _unusable(message: str, text: str) -> StyleError:
    remedy = f"name a style or a blend at each key frame, at most {MOST_PARTS} styles over all of them"
    return StyleError(message, where=f"style {text[:200]}", remedy=remedy)
