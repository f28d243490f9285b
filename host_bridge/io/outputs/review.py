"""Review images: what a person looks at to judge the stereo without a stereo screen."""

from __future__ import annotations

import numpy as np

from host_bridge.core.frame import Array
from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs.result import Result, on_window

# Least-squares red/cyan projection on linear RGB: E. Dubois, A Projection Method to Generate Anaglyph Stereo
# Images, ICASSP 2001, with his published sRGB/LCD matrices.
_LEFT = np.array(
    [[0.4561, 0.500484, 0.176381], [-0.0400822, -0.0378246, -0.0157589], [-0.0152161, -0.0205971, -0.00546856]]
)
_RIGHT = np.array(
    [[-0.0434706, -0.0879388, -0.00155529], [0.378476, 0.73364, -0.0184503], [-0.0721527, -0.112961, 1.2264]]
)
FULL_SCALE_PCT = 2.5
_BEHIND, _SCREEN, _FRONT = (np.array(c, np.float32) for c in ((24, 92, 196), (236, 236, 232), (232, 92, 16)))


def anaglyph(result: Result) -> Array:
    """Red/cyan picture of both views over the display window.

    Returns:
        (rows, columns, 3) uint8, for red-cyan glasses with red on the left eye.
    """
    plate = result.plate
    left, right = (_shown(result.on_display(eye), plate.frame.channels, plate.pixel_space) for eye in ("left", "right"))
    mixed = left @ _LEFT.T.astype(np.float32) + right @ _RIGHT.T.astype(np.float32)
    return np.asarray(curves.linear_to_srgb(mixed.clip(0, 1)) * 255 + 0.5, np.uint8)


def _shown(pixels: Array, channels: tuple[str, ...], space: str) -> Array:
    codes = colour.to_display(pixels, channels, space).astype(np.float32) / 255
    return curves.srgb_to_linear(codes).astype(np.float32)


def disparity_image(result: Result, *, eye: str = "left") -> Array:
    """Disparity of one eye as colour: orange in front of the screen, off-white on it, blue behind.

    Full colour at `FULL_SCALE_PCT` parallax, the same for every frame, so that frames compare.

    Returns:
        (rows, columns, 3) uint8 over the display window.
    """
    display = result.plate.frame.display
    px = on_window(result.planes[f"disparity_{eye}"], result.box, display)
    share = (px / (display.width * FULL_SCALE_PCT / 100)).clip(-1, 1)
    toned = np.where(share > 0, _SCREEN + share * (_FRONT - _SCREEN), _SCREEN - share * (_BEHIND - _SCREEN))
    return np.asarray(toned + 0.5, np.uint8)
