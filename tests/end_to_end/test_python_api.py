"""The walks of docs/api.md run as they stand."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.batch.ask import convert
from host_bridge.client import Client
from host_bridge.core.errors import BadInputError, OutputError
from host_bridge.io.outputs import Writing, write_picture, write_stereo
from host_bridge.io.plates import Pattern, read_plate

WALK = Path(__file__).parents[2] / "examples" / "python_api.py"


def test_every_walk_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(WALK))["main"](tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4 and said[0].startswith("stereo.1005.exr: parallax -")
    names = {part.name() for part in OpenEXR.File(str(tmp_path / "stereo.1005.exr")).parts}
    assert {"left", "right"} <= names


def test_layers_of_the_analysis_are_asked_for_and_written(tmp_path: Path) -> None:
    path = tmp_path / "plate.exr"
    write_picture(path, np.random.default_rng(0).random((24, 40, 3), np.float32))
    with Client() as client:
        plate = read_plate(str(path))
        plain = convert(client, plate)
        result = convert(client, plate, layers=("inverse_depth",))
    out = Pattern.parse(str(tmp_path / "s.exr"))
    layered = Writing("0", layers=("inverse_depth",))
    write_stereo(out, result, layered)
    parts = {part.name(): part for part in OpenEXR.File(str(tmp_path / "s.exr"), separate_channels=True).parts}
    written = parts["inverse_depth"].channels["inverse_depth.x"].pixels
    assert written == pytest.approx(result.planes["inverse_depth"][..., 0], rel=1e-4)
    with pytest.raises(OutputError, match="no layer 'inverse_depth'"):
        write_stereo(out, plain, layered)
    with pytest.raises(BadInputError, match="no compression 'zap'"):
        write_stereo(out, plain, Writing("0", compression="zap"))
