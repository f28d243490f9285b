"""What stereo EXRs say of themselves beside their pictures: disparity, what was filled, a floating window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_bridge.core.floating_window import FloatingWindow
from host_bridge.core.frame import Array
from host_bridge.core.geometry import Box
from host_bridge.io.outputs.result import EYES
from host_bridge.io.outputs.stereo_exr import DISPARITY_SIGN, HERO, WINDOW
from host_bridge.io.plates.disparity import find_disparity
from host_bridge.io.plates.exr import ExrFile
from host_bridge.io.plates.naming import Channel, eye_of
from host_bridge.io.plates.view_picture import ViewPicture
from host_bridge.io.windows import relaid

MASK = "occlusion.mask"


@dataclass(frozen=True)
class Measured:
    """What files say of a frame's disparity, as `Pair` has it."""

    parallax: Array | None = None
    filled: Array | None = None
    filled_left: Array | None = None
    right_parallax: Array | None = None


def measured_in(left: ViewPicture, right: ViewPicture) -> Measured:
    """What the files of both views say.

    Raises:
        PlateError: damaged pixels.
    """
    if left.file is None:
        return Measured()
    # Of a view that was made from the left one everything is known by the left one.
    other = None if _stated(left.file, HERO) == "left" else right.file
    return Measured(
        _parallax(left.file, "left", left.display),
        _filled(left, right, "right"),
        _filled(left, right, "left"),
        None if other is None else _parallax(other, "right", left.display),
    )


def measured_channels(file: ExrFile) -> list[Channel]:
    """All that `measured_in` reads of a file."""
    eyes = EYES[:1] if _stated(file, HERO) == "left" else EYES
    across = [find_disparity(file, eye) for eye in eyes]
    return [*(c for c in across if c is not None), *(c for c in file.channels if c.name == MASK)]


def _parallax(file: ExrFile, eye: str, display: Box) -> Array | None:
    """On an eye's grid, over the display window, NaN where the file has no pixels; None without a channel for it."""
    channel = find_disparity(file, eye)
    if channel is None:
        return None
    parallax = file.take([channel])[0].astype(np.float32, copy=False)
    parallax *= np.float32(-DISPARITY_SIGN[eye] * 100.0 / display.width)
    return relaid(parallax, channel.window, display, np.nan)


def window_in(view: ViewPicture) -> FloatingWindow:
    """The floating window that a file says it was rendered with."""
    window = "" if view.file is None else _stated(view.file, WINDOW)
    try:
        left_top, left_bottom, right_top, right_bottom = (float(value) for value in window.split())
    except ValueError:
        return FloatingWindow()
    return FloatingWindow((left_top, left_bottom), (right_top, right_bottom))


def _stated(file: ExrFile, attribute: str) -> str:
    """What the first part that has an attribute says; "" where none has it."""
    return next((str(header[attribute]) for header in file.headers if attribute in header), "")


def _filled(left: ViewPicture, right: ViewPicture, eye: str) -> Array | None:
    """Where an eye's `occlusion.mask` is more than a half, over the display window; None without one."""
    views = {"left": (left, right), "right": (right, left)}[eye]
    for file in (view.file for view in views if view.file is not None):
        # Where no view is named, it is the right one that was made.
        masks = (c for c in file.channels if c.name == MASK)
        found = next((c for c in masks if eye_of(c.view or "right") == eye), None)
        if found is None:
            continue
        mask = file.take([found])[0]
        return relaid(_over_half(mask), found.window, left.display)
    return None


def _over_half(mask: Array) -> Array:
    if mask.dtype.str != "<f2":
        return np.asarray(mask > 0.5)
    # Halves above 0 lie in the order of their bits, which are compared much faster.
    return np.asarray(mask.view(np.int16) > np.float16(0.5).view(np.int16))
