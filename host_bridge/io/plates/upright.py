"""A picture that was stored lying or mirrored, turned upright.

Convention:
    Orientations are those of Exif and TIFF, 1 to 8: where row 0 and column 0 of the file belong.
    Source: TIFF 6.0, Orientation; Exif 2.32, 4.6.4.
"""

from __future__ import annotations

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box

UPRIGHT = 1
# Orientation → whether rows become columns, and then whether columns and rows are counted from the other end.
_STEPS = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


_WORDS = {
    2: "mirrored left to right",
    3: "turned by 180°",
    4: "mirrored top to bottom",
    5: "mirrored left to right, then turned by 90° counter-clockwise",
    6: "turned by 90° clockwise",
    7: "mirrored left to right, then turned by 90° clockwise",
    8: "turned by 90° counter-clockwise",
}


def described(orientation: int) -> str:
    """What is done to the stored picture, for people; "" where nothing is."""
    return _WORDS.get(orientation, "")


def orientation_of(value: object) -> int:
    """The orientation of a tag; what is none of the eight counts as upright."""
    return value if isinstance(value, int) and value in _STEPS else UPRIGHT


def swaps(orientation: int) -> bool:
    """Whether width and height change places."""
    return _STEPS[orientation][0]


def turned(pixels: Array, orientation: int) -> Array:
    """(rows, columns, C) upright, C-contiguous."""
    if orientation == UPRIGHT:
        return pixels
    swap, across, down = _STEPS[orientation]
    out = pixels.swapaxes(0, 1) if swap else pixels
    out = out[:, ::-1] if across else out
    return np.ascontiguousarray(out[::-1] if down else out)


def turned_window(window: Box, display: Box, orientation: int) -> Box:
    """Where a window of the stored picture lies in the upright one; the display window keeps its first corner."""
    swap, across, down = _STEPS[orientation]
    x0, y0, x1, y1 = window.shift(-display.x0, -display.y0).as_tuple()
    width, height = display.width, display.height
    if swap:
        x0, y0, x1, y1, width, height = y0, x0, y1, x1, height, width
    if across:
        x0, x1 = width - x1, width - x0
    if down:
        y0, y1 = height - y1, height - y0
    return Box(x0, y0, x1, y1).shift(display.x0, display.y0)
