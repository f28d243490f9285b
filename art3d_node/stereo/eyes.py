"""How the two eyes of a matched pair differ where they show the same point, and whether they are swapped.

Convention:
    Differences are right minus left. Colours are display codes in % of the whole range.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from art3d_node.stereo.matching import Matched

Picture = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]
LEAST_PIXELS = 500  # that both eyes show, else nothing is said
STEP_PX = 2.5  # of disparity, that hides something
BESIDE_PX = 6  # pixels beside a hidden stretch that it is held against
LEAST_CONTRAST = 12.0  # codes by which its neighbours must differ
LEAST_VOTES = 40  # a share of a quarter is then known within 0.07; swapped eyes have two thirds and more


@dataclass(frozen=True)
class EyeDifference:
    """How the eyes differ; NaN where too little is matched.

    Attributes:
        colour_pct: median difference of red, green and blue.
        gain: ratio of the right eye's contrast to the left's.
        sharpness_stops: binary logarithm of the right eye's fine detail over the left's; −1: half as much.
        swapped_share: of the stretches that only one eye sees, how many look like what would lie behind if the eyes
            were swapped; NaN where too few tell.
        swapped_votes: how many told.
    """

    colour_pct: tuple[float, float, float]
    gain: float
    sharpness_stops: float
    swapped_share: float
    swapped_votes: int


def eye_difference(left: Picture, right: Picture, found: Matched) -> EyeDifference:
    """Compares the eyes of a matched pair, (H, W, 3) uint8 each."""
    disparity, valid = found.disparity[0], found.valid[0]
    nothing = math.nan
    wrong, votes = swapped_votes(left, disparity, valid)
    share = wrong / votes if votes >= LEAST_VOTES else nothing
    if valid.sum() < LEAST_PIXELS:
        return EyeDifference((nothing,) * 3, nothing, nothing, share, votes)
    y, x = np.indices(disparity.shape, np.float32)
    where = x - np.nan_to_num(disparity)
    carried = cv2.remap(right, where, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    a, b = left[valid].astype(np.float32), carried[valid].astype(np.float32)
    red, green, blue = (float(v) * 100 / 255 for v in np.median(b - a, axis=0))
    gain = float(_spread(b) / max(_spread(a), 1e-3))
    # Resampling by a fraction of a pixel would blur: detail is measured first, at whole pixels.
    details = [_detail(eye) for eye in (left, right)]
    column = np.rint(where).astype(np.int64).clip(0, left.shape[1] - 1)
    energy = [float(details[0][valid].mean()), float(np.take_along_axis(details[1], column, 1)[valid].mean())]
    stops = math.log2(max(energy[1], 1e-3) / max(energy[0], 1e-3) / max(gain, 1e-3))
    return EyeDifference((red, green, blue), gain, stops, share, votes)


def _spread(colours: Map) -> float:
    low, high = np.percentile(colours.mean(axis=1), (5, 95))
    return float(high - low)


def _detail(eye: Picture) -> Map:
    grey = cv2.cvtColor(eye, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.abs(cv2.Laplacian(grey, cv2.CV_32F, ksize=1)), np.float32)


def swapped_votes(left: Picture, disparity: Map, valid: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """How many hidden stretches say that the eyes are swapped, and how many say anything.

    What the left eye alone sees lies between a lower disparity on its left and a higher one on its right. It belongs to
    what is behind: in a true left eye to the lower side, in a right eye that was taken for it to the higher one.

    Args:
        left: (H, W, 3).
        disparity, valid: (H, W), on the left grid.
    """
    codes = left.astype(np.float32)
    sums = np.concatenate([np.zeros((left.shape[0], 1, 3), np.float32), codes.cumsum(axis=1)], axis=1)
    wrong = votes = 0
    for y, first, last in _gaps(disparity, valid):
        row = sums[y]
        before, after = max(0, first - BESIDE_PX), min(left.shape[1], last + BESIDE_PX)
        low_side = (row[first] - row[before]) / (first - before)
        high_side = (row[after] - row[last]) / (after - last)
        hidden = (row[last] - row[first]) / (last - first)
        if np.abs(high_side - low_side).max() < LEAST_CONTRAST:
            continue
        votes += 1
        wrong += bool(np.abs(hidden - high_side).sum() < np.abs(hidden - low_side).sum())
    return int(wrong), votes


def _gaps(disparity: Map, valid: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Row, first and one past the last column of stretches that a step of disparity hides from the right eye."""
    rows, columns = np.nonzero(valid)
    same = rows[1:] == rows[:-1]
    length = columns[1:] - columns[:-1] - 1
    values = disparity[rows, columns]
    step = values[1:] - values[:-1]
    hidden = same & (step > STEP_PX) & (length >= np.maximum(3, 0.6 * step)) & (length <= 1.6 * step + 6)
    return [(int(rows[i]), int(columns[i]) + 1, int(columns[i + 1])) for i in np.flatnonzero(hidden)]
