"""Pictures of the plates, read or named."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from host_bridge.core.errors import PlateError


def read_rgb(path: Path) -> np.ndarray:
    """``(h, w, 3)`` uint8.

    Raises:
        PlateError: it cannot be read.
    """
    return _read(path, cv2.IMREAD_COLOR_RGB)


def read_values(path: Path) -> np.ndarray:
    """What a picture holds, as it is: depth, disparity or light; channels in OpenCV's order.

    Raises:
        PlateError: it cannot be read.
    """
    return _read(path, cv2.IMREAD_UNCHANGED)


def _read(path: Path, flags: int) -> np.ndarray:
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise PlateError("cannot be read as a picture", where=str(path), remedy="see where the plates lie: --plates")
    return np.asarray(picture)
