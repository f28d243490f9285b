"""A depth script: knobs that change over frames, in a small JSON file.

    {"format": "art3d-controls", "version": 1, "interpolation": "smooth",
     "keys": {"depth_gain": {"1001": 1.0, "1048": 1.6}, "zero_plane": {"1001": 0.0, "1024": -0.5}}}

Before the first and after the last key a knob holds its value, as hosts do. Between keys `hold` steps, `linear`
goes straight and `smooth` is the cubic through the keys with tangents along their neighbours (Catmull-Rom on uneven
keys, flat at the ends), which is what Nuke calls smooth.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError
from host_bridge.core.params import BY_NAME, Controls
from host_bridge.core.regular import read_json

FORMAT = "art3d-controls"
VERSION = 1
SCRIPT_BYTES = 16 << 20
INTERPOLATIONS = ("hold", "linear", "smooth")


@dataclass(frozen=True)
class Curve:
    """Keys of one knob.

    Attributes:
        frames: key frames, rising.
        values: one per key, in the knob's unit.
        interpolation: hold, linear or smooth.
    """

    frames: tuple[float, ...]
    values: tuple[float, ...]
    interpolation: str

    def at(self, frame: float) -> float:
        """The value at a frame."""
        index = bisect_right(self.frames, frame) - 1
        if index < 0:
            return self.values[0]
        if index >= len(self.frames) - 1:
            return self.values[-1]
        if self.interpolation == "hold":
            return self.values[index]
        span = self.frames[index + 1] - self.frames[index]
        x = (frame - self.frames[index]) / span
        start, end = self.values[index], self.values[index + 1]
        if self.interpolation == "linear":
            return start + x * (end - start)
        slope_start, slope_end = self._slope(index) * span, self._slope(index + 1) * span
        return (
            (2 * x**3 - 3 * x**2 + 1) * start
            + (x**3 - 2 * x**2 + x) * slope_start
            + (3 * x**2 - 2 * x**3) * end
            + (x**3 - x**2) * slope_end
        )

    def _slope(self, index: int) -> float:
        if index in (0, len(self.frames) - 1):
            return 0.0
        rise = self.values[index + 1] - self.values[index - 1]
        return rise / (self.frames[index + 1] - self.frames[index - 1])


@dataclass(frozen=True)
class DepthScript:
    """Curves by knob name."""

    curves: Mapping[str, Curve]

    def at(self, frame: float, base: Controls) -> Controls:
        """The controls of one frame: `base` with every scripted knob at its value, held inside its limits."""
        values: dict[str, Any] = {}
        for name, curve in self.curves.items():
            knob = BY_NAME[name]
            values[name] = min(max(curve.at(frame), knob.minimum), knob.maximum)
        return replace(base, **values)


def load_depth_script(path: Path) -> DepthScript:
    """Reads and proves a depth script.

    Raises:
        BadInputError: unreadable, not a depth script, an unknown or unanimated knob, a value outside its limits.
    """
    where = str(path)
    try:
        body = read_json(path, limit_bytes=SCRIPT_BYTES)
    except OSError as error:
        raise BadInputError(f"the depth script cannot be read: {error.strerror}", where=where) from error
    except ValueError as error:
        raise BadInputError(f"the depth script is not JSON: {error}", where=where) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT or not isinstance(body.get("keys"), dict):
        raise BadInputError("this is not a depth script", where=where, remedy=f'begin with {{"format": "{FORMAT}"')
    if body.get("version") != VERSION:
        raise BadInputError(
            f"the depth script has version {body.get('version')}", where=where, remedy="write version 1"
        )
    interpolation = body.get("interpolation", "smooth")
    if interpolation not in INTERPOLATIONS:
        raise BadInputError(
            f"interpolation is {interpolation!r}", where=where, remedy=f"choose {', '.join(INTERPOLATIONS)}"
        )
    return DepthScript({name: _curve(name, keys, interpolation, where) for name, keys in body["keys"].items()})


def _curve(name: str, keys: Any, interpolation: str, where: str) -> Curve:
    knob = BY_NAME.get(name)
    if knob is None or not knob.animates or name not in {f.name for f in fields(Controls)}:
        known = ", ".join(k.name for k in BY_NAME.values() if k.animates)
        raise BadInputError(f"{name!r} is not a knob that animates", where=where, remedy=f"these do: {known}")
    if not isinstance(keys, dict) or not keys:
        raise BadInputError(f"{name} has no keys", where=where, remedy='write {"frame": value, …}')
    try:
        points = sorted((float(frame), float(knob.check(value))) for frame, value in keys.items())
    except ValueError as error:
        raise BadInputError(f"{name} has a key that is not a frame number: {error}", where=where) from error
    if not all(math.isfinite(frame) for frame, _ in points) or len({frame for frame, _ in points}) < len(points):
        raise BadInputError(f"{name} has a key twice, or one that is not a frame number", where=where)
    return Curve(tuple(f for f, _ in points), tuple(v for _, v in points), interpolation)
