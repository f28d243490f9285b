"""A short stereo shot of flat views, to deliver."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest

ROWS, COLUMNS, FRAMES = 120, 128, (1001, 1002, 1003, 1004, 1005)


@pytest.fixture
def stereo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Five frames of two flat views: the left one grows brighter, the right one is twice as bright."""
    monkeypatch.chdir(tmp_path)
    for index, number in enumerate(FRAMES):
        parts = []
        for eye, gain in (("left", 1.0), ("right", 2.0)):
            color = np.full((ROWS, COLUMNS, 3), 0.05 * gain * (index + 1), np.float32)
            color[:, : COLUMNS // 2, 0] = 0
            parts.append(OpenEXR.Part({"type": OpenEXR.scanlineimage, "view": eye}, {"RGB": color}, eye))
        OpenEXR.File(parts).write(f"s.{number}.exr")
    return "s.####.exr"


def frames(path: str) -> list[np.ndarray]:
    """Every frame of a movie, (h, w, 3) uint8."""
    with av.open(path) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
