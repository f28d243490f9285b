"""The walks of docs/api.md run as they stand."""

from __future__ import annotations

import runpy
from pathlib import Path

import OpenEXR
import pytest

WALK = Path(__file__).parents[2] / "examples" / "python_api.py"


def test_every_walk_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(WALK))["main"](tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4 and said[0].startswith("stereo.1005.exr: parallax -")
    names = {part.name() for part in OpenEXR.File(str(tmp_path / "stereo.1005.exr")).parts}
    assert {"left", "right"} <= names
