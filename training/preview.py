"""A pair at a glance: picture, both disparities and inverse depth, side by side in one small JPEG."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.colours import coloured
from training.pairs import Look

Image = npt.NDArray[np.uint8]
PANELS = ("left picture", "disparity, left eye", "disparity, right eye", "inverse depth")
WIDTH_PX = 240
_QUALITY = (cv2.IMWRITE_JPEG_QUALITY, 80)
_UNKNOWN = (48, 48, 48)


def preview(look: Look, aspect: float) -> bytes:
    """JPEG of the four `PANELS`, each WIDTH_PX wide at the picture's own proportions; what is not known is grey.

    Args:
        look: the pair.
        aspect: width over height of the picture, square pixels.
    """
    size = WIDTH_PX, max(1, round(WIDTH_PX / min(max(aspect, 0.25), 4.0)))
    disparity = look.disparity or (None, None)
    panels = [
        cv2.resize(np.ascontiguousarray(look.pictures[0][..., ::-1]), size, interpolation=cv2.INTER_AREA),
        *(_disparity(look, i, d, size) for i, d in enumerate(disparity)),
        _depth(look, size),
    ]
    return cv2.imencode(".jpg", np.hstack(panels), _QUALITY)[1].tobytes()


def _disparity(look: Look, eye: int, disparity: npt.NDArray[np.float32] | None, size: tuple[int, int]) -> Image:
    if disparity is None:
        return _blank(size)
    shown = cv2.resize(coloured(100 * disparity), size, interpolation=cv2.INTER_AREA)
    if look.local is not None:
        local = cv2.resize(look.local[eye].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        edges, _ = cv2.findContours(local, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        cv2.drawContours(shown, edges, -1, (0, 200, 0), 1)
    return np.asarray(shown, np.uint8)


def _depth(look: Look, size: tuple[int, int]) -> Image:
    if look.inverse_depth is None:
        return _blank(size)
    grey = (look.inverse_depth[0].clip(0, 1) * 255).astype(np.uint8)
    return np.repeat(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)[..., None], 3, 2)


def _blank(size: tuple[int, int]) -> Image:
    return np.full((size[1], size[0], 3), _UNKNOWN, np.uint8)
