"""A depth script: knobs that change over frames, in a small JSON file.

    {"format": "art3d-controls", "version": 1, "interpolation": "smooth",
     "keys": {"depth_gain": {"1001": 1.0, "1048": 1.6}, "style": {"1001": "immersive", "1048": "gentle"}}}

Between keys a knob goes as `core.curve` says, and the style as `core.style_track` says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from host_bridge.core.curve import INTERPOLATIONS, Curve
from host_bridge.core.errors import BadInputError
from host_bridge.core.params import BY_NAME, Controls
from host_bridge.core.regular import read_json
from host_bridge.core.style_track import animated_style

FORMAT = "art3d-controls"
VERSION = 1
_WORDS = {"format", "version", "interpolation", "keys"}
SCRIPT_BYTES = 16 << 20


@dataclass(frozen=True)
class DepthScript:
    """Knobs that change over frames.

    Attributes:
        curves: by knob name.
        style: the style that changes over frames (`core.style_track`); "" where the script names none.
    """

    curves: Mapping[str, Curve]
    style: str = ""

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
        StyleError: a style that is none.
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
    if strange := sorted(body.keys() - _WORDS):
        raise BadInputError(f"{strange[0]!r} is no word of a depth script", where=where,
                            remedy=f"these are: {', '.join(sorted(_WORDS))}")  # fmt: skip
    interpolation = body.get("interpolation", "smooth")
    if interpolation not in INTERPOLATIONS:
        raise BadInputError(
            f"interpolation is {interpolation!r}", where=where, remedy=f"choose {', '.join(INTERPOLATIONS)}"
        )
    keys = dict(body["keys"])
    styles = _points("style", keys.pop("style"), where) if "style" in keys else []
    curves = {name: _curve(name, values, interpolation, where) for name, values in keys.items()}
    return DepthScript(curves, animated_style(dict(styles), interpolation) if styles else "")


def _curve(name: str, keys: Any, interpolation: str, where: str) -> Curve:
    knob = BY_NAME.get(name)
    if knob is None or not knob.animates or name not in {f.name for f in fields(Controls)}:
        animated = ", ".join(["style", *(k.name for k in BY_NAME.values() if k.animates)])
        raise BadInputError(f"{name!r} is not a knob that animates", where=where, remedy=f"these do: {animated}")
    points = _points(name, keys, where)
    return Curve(tuple(f for f, _ in points), tuple(float(value) for _, value in points), interpolation)


def _points(name: str, keys: Any, where: str) -> list[tuple[float, Any]]:
    """Frame and value of each key, frames rising.

    Raises:
        BadInputError: no keys, a key that is no frame number, or a value that the knob does not take.
    """
    if not isinstance(keys, dict) or not keys:
        raise BadInputError(f"{name} has no keys", where=where, remedy='write {"frame": value, …}')
    try:
        points = sorted(((float(frame), BY_NAME[name].check(value)) for frame, value in keys.items()), key=_frame)
    except ValueError as error:
        raise BadInputError(f"{name} has a key that is not a frame number: {error}", where=where) from error
    if not all(math.isfinite(frame) for frame, _ in points) or len({frame for frame, _ in points}) < len(points):
        raise BadInputError(f"{name} has a key twice, or one that is not a frame number", where=where)
    return points


def _frame(point: tuple[float, Any]) -> float:
    return point[0]
