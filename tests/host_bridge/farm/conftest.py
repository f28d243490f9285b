"""A plate to submit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def plate(tmp_path: Path) -> list[str]:
    """The words of a submission of three frames."""
    for number in (1001, 1002, 1003):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / f"p.{number}.png")
    return ["submit", str(tmp_path / "p.####.png"), "-o", str(tmp_path / "o.####.exr"), "--any-environment"]
