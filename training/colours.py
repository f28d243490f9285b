"""Disparity as a colour, the same in every picture that training draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def coloured(disparity_pct: npt.NDArray[np.float32], *, reach_pct: float = 4.0) -> npt.NDArray[np.uint8]:
    """Disparity as colour, BGR: orange in front of the screen, blue behind, white on it, black where it is NaN.

    Args:
        disparity_pct: (h, w), % of width.
        reach_pct: the disparity that is fully coloured.
    """
    x = (np.nan_to_num(disparity_pct) / reach_pct).clip(-1, 1)[..., None]
    front, behind, screen = (np.array(c, np.float32) for c in ((20, 90, 235), (150, 70, 20), (245, 245, 245)))
    mix = np.where(x > 0, screen + x * (front - screen), screen - x * (behind - screen))
    return np.asarray(np.where(np.isfinite(disparity_pct)[..., None], mix.round(), 0), np.uint8)
