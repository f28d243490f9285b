"""What is wrong with a stereo frame, by name: what `art3d measure` lists and a pipeline can stop at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from host_bridge.core.errors import BadInputError
from host_bridge.review.figures import Figures
from host_bridge.review.matched import EyeFigures
from host_bridge.review.targets import Target

FAULTS: Mapping[str, tuple[float, str]] = {
    "swapped": (0.0, "the left eye is on the right"),
    "vertical": (0.5, "vertical error of the worst corner, % of height"),
    "colour": (4.0, "difference of red, green or blue, or of contrast, %"),
    "sharpness": (0.5, "difference of fine detail, stops"),
    "window": (0.5, "something cut by a side edge before the screen, % of width"),
    "comfort": (0.0, "parallax beyond a target's limits, % of width"),
    "jump": (1.0, "jump of the median parallax at a cut, % of width"),
    "unmatched": (5.0, "less of the picture that tells a disparity, %"),
}
"""Name → the limit beyond which it is one, and what is compared."""


def parse_faults(text: str | None) -> dict[str, float]:
    """Faults and their limits of `--fail-on`: names with or without `=LIMIT`, or `any`, separated by commas.

    None asks nothing.

    Raises:
        BadInputError: no such fault, none at all, or a limit that is no number ≥ 0.
    """
    found: dict[str, float] = {}
    if text is None:
        return found
    words = [part.strip() for part in text.split(",") if part.strip()]
    if not words:
        raise BadInputError("names no fault", where="--fail-on", remedy=f"there are any, {', '.join(FAULTS)}")
    for word in words:
        name, equals, limit = word.partition("=")
        if name == "any" and not equals:
            found |= {each: FAULTS[each][0] for each in FAULTS if each not in found}
            continue
        if name not in FAULTS:
            raise BadInputError(
                f"no fault {name!r}",
                where="--fail-on",
                remedy=f"there are any, {', '.join(FAULTS)}, each also as NAME=LIMIT",
            )
        try:
            found[name] = float(limit) if equals else FAULTS[name][0]
        except ValueError:
            found[name] = math.nan
        if not 0 <= found[name] < math.inf:
            raise BadInputError(f"no limit {limit!r} of {name}", where="--fail-on", remedy="give a number from 0 on")
    return found


def sizes(figures: Figures, eyes: EyeFigures, jump_pct: float, targets: Sequence[Target]) -> dict[str, float]:
    """How large each fault of a frame is, in the unit of its limit; NaN where nothing is known.

    Args:
        figures, eyes: of the frame.
        jump_pct: of the median parallax at a cut before it; NaN elsewhere.
        targets: screens whose limits count.
    """
    differences = [abs(value) for value in eyes.colour_pct] + [100.0 * abs(eyes.gain - 1.0)]
    cut = [-violation.parallax_pct for violation in figures.violations]
    beyond = [max(t.limits_pct[0] - figures.p1, figures.p99 - t.limits_pct[1]) for t in targets]
    return {
        "swapped": math.nan if eyes.swapped is None else float(eyes.swapped),
        "vertical": eyes.vertical_pct if eyes.trusted > 0 else math.nan,
        "colour": max(differences),
        "sharpness": abs(eyes.sharpness_stops),
        "window": max(cut, default=0.0),
        "comfort": max(beyond, default=math.nan),
        "jump": jump_pct,
        "unmatched": 100.0 * eyes.trusted,
    }


def found(measured: Mapping[str, float], limits: Mapping[str, float]) -> list[str]:
    """The faults whose size is beyond its limit, in the table's order; what is not known is none."""
    return [
        name
        for name in FAULTS
        if name in limits and (measured[name] < limits[name] if name == "unmatched" else measured[name] > limits[name])
    ]
