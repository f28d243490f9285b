"""EXR files made by OpenEXR's own writer, as plates for the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

Write = Callable[..., Path]
MakeRgba = Callable[..., dict[str, npt.NDArray[Any]]]


def corners(x0: int, y0: int, x1: int, y1: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """An EXR window with inclusive corners."""
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


@pytest.fixture
def write_exr(tmp_path: Path) -> Write:
    """Writes an EXR of parts: `(header, channels)` each; returns its path."""

    def write(name: str, *parts: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Path:
        made = []
        for number, (header, channels) in enumerate(parts):
            basic = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
            made.append(OpenEXR.Part({**basic, **header}, dict(channels), header.get("name", f"part{number}")))
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        OpenEXR.File(made).write(str(path))
        return path

    return write


@pytest.fixture
def rgba() -> MakeRgba:
    """R, G, B, A of a size, half float, with values below 0 and above 1."""

    def make(rows: int = 24, columns: int = 40, seed: int = 0) -> dict[str, npt.NDArray[Any]]:
        rng = np.random.default_rng(seed)
        made = {c: rng.uniform(-0.5, 3.0, (rows, columns)).astype(np.float16) for c in "RGB"}
        return {**made, "A": np.ones((rows, columns), np.float16)}

    return make
