"""The parts of a written EXR, and how near two pictures are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR


def parts(path: Path) -> dict[str, OpenEXR.Part]:
    return {part.header["name"]: part for part in OpenEXR.File(str(path), separate_channels=True).parts}


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2)))
