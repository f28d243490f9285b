"""Where a matched disparity means something: the cost along the row rises clearly on both sides of it.

Matchers fill what has no texture along the row from its surroundings, and both eyes then agree on a value that no
pixel supports: bars, skies, blank walls. Gradients are compared, so that a difference of exposure costs nothing.

Convention:
    Disparity is x_L − x_R in px of the given pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.stereo_net import Disparities

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
STEPS_PX = (2, 5)  # beside the found disparity, where the cost must have risen
WINDOW_PX, AROUND_PX = 11, 9  # pixels of a row summed up; such windows around a pixel must all agree
RISE_CODES = 1.5  # in codes of the gradient I(x + 1) − I(x − 1): noise and coding leave less
RISE_SHARE = 1.0  # of the cost at the disparity itself


def distinct(found: Disparities, left: Picture, right: Picture) -> tuple[Mask, Mask]:
    """Both eyes' (H, W) masks of the pixels whose disparity the pictures themselves single out.

    Args:
        found: disparities of both eyes; NaN is never distinct.
        left, right: (H, W, 3) uint8.
    """
    a, b = _gradient(left), _gradient(right)
    return _distinct(found.left, a, b, -1.0), _distinct(found.right, b, a, 1.0)


def _gradient(picture: Picture) -> Map:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    kernel = np.array([[-1, 0, 1]], np.float32)
    return np.asarray(cv2.filter2D(grey, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _distinct(disparity: Map, own: Map, other: Map, sign: float) -> Mask:
    finite = np.isfinite(disparity)
    rows, columns = disparity.shape
    y, x = np.indices((rows, columns), np.float32)
    partner = x + np.float32(sign) * np.where(finite, disparity, 0).astype(np.float32)
    weight = _along(finite.astype(np.float32))

    def cost(step_px: int) -> Map:
        shifted = cv2.remap(other, partner + np.float32(step_px), y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(_along(np.abs(own - shifted) * finite) / np.maximum(weight, 1e-6), np.float32)

    best = cost(0)
    sides = [np.mean([cost(side * step) for step in STEPS_PX], axis=0) for side in (-1, 1)]
    clear = np.minimum(sides[0], sides[1]) - best > np.maximum(RISE_CODES, RISE_SHARE * best)
    around = np.ones((1, AROUND_PX), np.uint8)
    steady = cv2.erode(clear.astype(np.uint8), around)
    # Noise may pass in one row; what is there passes in its neighbours too.
    return np.asarray(finite & (steady > 0) & (cv2.medianBlur(steady, 3) > 0))


def _along(values: Map) -> Map:
    return np.asarray(cv2.blur(values, (WINDOW_PX, 1), borderType=cv2.BORDER_REPLICATE), np.float32)
