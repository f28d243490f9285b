"""The disparities of a stereo pair, and how its eyes differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from art3d_node.server.workers.interrupt import stoppable
from art3d_node.stereo import matching
from art3d_node.stereo.eyes import EyeDifference, eye_difference
from art3d_node.stereo.rectify import corrected, largest, vertical_disparity, vertical_error, vertical_rest
from host_bridge.core.errors import BadInputError

CORRECTABLE_SHARE = 0.025  # of the width: a vertical error up to this is taken out before rows are matched


def match(
    layers: Mapping[str, npt.NDArray[Any]], reach_pct: float, *, check: Callable[[], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Planes `disparity_left` and `disparity_right` (rows, columns, 1), px, NaN where not valid, and figures.

    A slight vertical error is taken out of the right eye first: its disparities lie on its corrected rows.

    Args:
        layers: `left` and `right`, (rows, columns, 3) uint8.
        reach_pct: largest parallax that is searched, % of width.
        check: called between steps, and inside at any time; raises to stop.

    Raises:
        BadInputError: an eye is missing, not of 8 bits, or of another size.
    """
    eyes = [layers.get(name) for name in ("left", "right")]
    if any(eye is None or eye.dtype != np.uint8 or eye.ndim != 3 or eye.shape[2] != 3 for eye in eyes):
        raise BadInputError("a pair needs a left and a right view of 8 bits", remedy="send both as uint8 colours")
    left, right = (np.ascontiguousarray(eye) for eye in eyes if eye is not None)
    if left.shape != right.shape:
        raise BadInputError("the eyes differ in size", remedy="match pictures of one size")
    width = left.shape[1]
    with stoppable(check):
        error = vertical_error(vertical_disparity(left, right))
        if largest(error, width, left.shape[0]) <= CORRECTABLE_SHARE * width:
            right = corrected(right, error)
        else:
            error = np.zeros(3)
        check()
        found = matching.match(left, right, reach_px=max(1, math.ceil(reach_pct / 100 * width)))
        check()
        planes = {
            f"disparity_{name}": np.where(valid, d, np.float32(np.nan))[..., None]
            for name, d, valid in zip(("left", "right"), found.disparity, found.valid, strict=True)
        }
        error = error + vertical_rest(left, right, found.disparity[0], found.valid[0])
        difference = eye_difference(left, right, found)
    middle = float(error @ (1.0, width / 2, left.shape[0] / 2))
    figures = {
        "trusted": min(float(valid.mean()) for valid in found.valid),
        "vertical_px": middle,
        "vertical_worst_px": largest(error, width, left.shape[0]),
        "roll_deg": math.degrees(math.atan(float(error[1]))),
        "zoom_pct": 100.0 * float(error[2]),
        **_plain(difference),
    }
    return planes, figures


def _plain(difference: EyeDifference) -> dict[str, Any]:
    """The eyes' differences as they travel: what is not known is null."""

    def finite_or_none(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "colour_pct": [finite_or_none(value) for value in difference.colour_pct],
        "gain": finite_or_none(difference.gain),
        "sharpness_stops": finite_or_none(difference.sharpness_stops),
        "swapped_share": finite_or_none(difference.swapped_share),
        "swapped_votes": difference.swapped_votes,
    }
