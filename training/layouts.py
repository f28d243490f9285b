"""How two eyes share one frame, and how to tell."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from host_bridge.core.errors import BadInputError

LAYOUTS = ("sbs", "sbs-half", "tb", "tb-half", "frame-packed")
_PACKED_GAPS = {2205: 45, 1470: 30}  # HDMI 1.4: two 1080 or 720 line pictures and a gap
_HINTS = (
    (r"(?:^|[^a-z])(?:h-?sbs|half-?sbs|sbs-?half)(?:[^a-z]|$)", "sbs-half"),
    (r"(?:^|[^a-z])(?:h-?(?:tb|ou)|half-?(?:tb|ou)|tb-?half)(?:[^a-z]|$)", "tb-half"),
    (r"(?:^|[^a-z])(?:f?sbs|left[-_]right|lr|side[-_]by[-_]side)(?:[^a-z]|$)", "sbs"),
    (r"(?:^|[^a-z])(?:tb|ou|top[-_]bottom|over[-_]under)(?:[^a-z]|$)", "tb"),
)
_ALIKE = 0.5
_AHEAD = 0.1


def split(picture: npt.NDArray[Any], layout: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Left and right eye of a packed frame; half-size eyes stay as stored, for all else counts in widths."""
    h, w = picture.shape[:2]
    if layout.startswith("sbs"):
        return picture[:, : w // 2], picture[:, w - w // 2 :]
    half = (h - _PACKED_GAPS.get(h, 0)) // 2 if layout == "frame-packed" else h // 2
    return picture[:half], picture[h - half :]


def detect_layout(name: str, pictures: list[npt.NDArray[np.uint8]]) -> str:
    """The layout of a film by its height, its name, then the likeness of its halves.

    Raises:
        BadInputError: neither pair of halves looks like two eyes.
    """
    h, w = pictures[0].shape[:2]
    if h in _PACKED_GAPS:
        return "frame-packed"
    for pattern, layout in _HINTS:
        if re.search(pattern, name.lower()):
            return layout
    beside, above = (float(np.median([_likeness(*split(p, way)) for p in pictures])) for way in ("sbs", "tb"))
    if max(beside, above) < _ALIKE or abs(beside - above) < _AHEAD:
        raise BadInputError(
            f"its layout cannot be told (halves side by side agree {beside:.2f}, top and bottom {above:.2f})",
            remedy="say it with --layout; a flat film has no second eye",
            where=name,
        )
    if beside > above:
        return "sbs" if w / h > 2.4 else "sbs-half"
    return "tb-half" if w / h > 1.2 else "tb"


def _likeness(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """Correlation of two small grey pictures at the best of some horizontal shifts, without slow shading."""
    small = [cv2.resize(x, (96, 64), interpolation=cv2.INTER_AREA).mean(-1).astype(np.float32) for x in (a, b)]
    fine = [x - cv2.GaussianBlur(x, (0, 0), 8) for x in small]
    core = fine[1][4:-4, 12:-12]
    return float(cv2.matchTemplate(fine[0][4:-4], core, cv2.TM_CCOEFF_NORMED).max())
