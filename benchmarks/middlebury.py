"""Real rectified pairs with structured-light truth, as scenes.

Cones and Teddy: Scharstein and Szeliski, 2003. Art, Books, Dolls: Scharstein and Pal, 2007.
Books and Dolls are held out: nothing in this project was ever tuned on them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from benchmarks.scenes import Scene

TUNED_ON = ("Art", "Cones", "Teddy")
HELD_OUT = ("Books", "Dolls")

Floats = npt.NDArray[np.float32]


def load(folder: Path, name: str) -> Scene:
    """Read one pair of ``folder``/middlebury_stereo_gt.

    Unknown disparities of the left view take the further of their row's neighbours. A point of the
    right view counts as occluded when its disparity leads out of the left view or to a point whose own
    disparity differs by more than a pixel; where it is unknown the pixel is neither.
    """
    place = folder / "middlebury_stereo_gt" / name
    new = (place / "view1.png").exists()
    views = ("view1.png", "view5.png") if new else ("im2.png", "im6.png")
    truths = ("disp1.png", "disp5.png") if new else ("disp2.png", "disp6.png")
    left, right = (_read(place / file)[..., ::-1] / np.float32(255) for file in views)
    d_left, d_right = (_read(place / file).reshape((*left.shape[:2], -1))[..., 0] for file in truths)
    step = np.float32(3 if new else 4)
    d_left, d_right = _complete((d_left / step).astype(np.float32)), d_right / step
    known = d_right > 0
    column = np.arange(left.shape[1])[None] + d_right
    inside = column <= left.shape[1] - 1
    rows = np.arange(left.shape[0])[:, None]
    there = d_left[rows, np.clip(np.rint(column), 0, left.shape[1] - 1).astype(int)]
    seen = inside & (np.abs(there - d_right) <= 1)
    pictures = [torch.from_numpy(np.ascontiguousarray(view)) for view in (left, right)]
    return Scene(
        name,
        pictures[0],
        pictures[1],
        torch.from_numpy(d_left),
        torch.from_numpy(known & ~seen),
        torch.from_numpy(known & ~inside),
        torch.from_numpy(~known),
    )


def _read(path: Path) -> Floats:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(path)
    return np.asarray(picture, dtype=np.float32)


def _complete(disparity: Floats) -> Floats:
    """Give unknown (zero) disparities the further of the nearest known ones of their row."""
    width = disparity.shape[1]
    column = np.arange(width)[None]
    known = disparity > 0
    left = np.maximum.accumulate(np.where(known, column, -1), axis=1)
    right = np.minimum.accumulate(np.where(known, column, width)[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(disparity.shape[0])[:, None]
    at_left = np.where(left >= 0, disparity[rows, np.maximum(left, 0)], np.inf)
    at_right = np.where(right < width, disparity[rows, np.minimum(right, width - 1)], np.inf)
    further = np.minimum(at_left, at_right)
    return np.where(known, disparity, np.where(np.isfinite(further), further, 0)).astype(np.float32)
