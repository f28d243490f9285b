"""A style that changes over frames: each frame is what its own blend gives, with a shot analysis and without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.shot.file import load_shot

KEYS = {"1001": "neutral", "1005": "immersive"}
MOVING = "linear;1001=neutral;1005=immersive"


def disparity(folder: Path, number: int) -> npt.NDArray[np.float32]:
    with OpenEXR.File(str(folder / f"o.{number}.exr")) as file:
        part = next(part for part in file.parts if part.header["name"] == "disparityR")
        values: npt.NDArray[np.float32] = next(iter(part.channels.values())).pixels
        return values


def rendered(plate: str, folder: Path, *words: str) -> Path:
    assert main(["render", plate, "-o", str(folder / "o.####.exr"), *words]) == 0
    return folder


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.json"
    body: dict[str, Any] = {"format": "art3d-controls", "version": 1, "interpolation": "linear"}
    path.write_text(json.dumps({**body, "keys": {"style": KEYS}}))
    return str(path)


@pytest.mark.parametrize("shot", ["auto", "none"])
def test_each_frame_is_its_own_blend(example_plate: Path, tmp_path: Path, script: str, shot: str) -> None:
    plate = str(example_plate / "plate.####.exr")
    found = rendered(plate, tmp_path / "moving", "--controls", script, "--shot", shot)
    for number, style in ((1001, "neutral"), (1003, "neutral:0.5,immersive:0.5"), (1008, "immersive")):
        still = rendered(plate, tmp_path / str(number), "--style", style, "--shot", shot, "--frames", str(number))
        # A blend's s and t are summed in another order; the last of PXR24's 24 bits may show it.
        np.testing.assert_allclose(disparity(found, number), disparity(still, number), rtol=2.0**-14, atol=1e-6)
    # Another script makes other frames, and only where it differs.
    assert main(["status", str(found / "o.####.exr")]) == 0


def test_a_shot_analysed_for_it_serves_it_alone(
    example_plate: Path, tmp_path: Path, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plate, shot = str(example_plate / "plate.####.exr"), tmp_path / "shot.art3d"
    assert main(["analyse", plate, "-o", str(shot), "--controls", script]) == 0
    assert load_shot(shot).style == MOVING
    named = ["--shot", str(shot), "--frames", "1002"]
    rendered(plate, tmp_path / "a", "--controls", script, *named)
    rendered(plate, tmp_path / "b", "--controls", script, "--frames", "1002")
    assert np.array_equal(disparity(tmp_path / "a", 1002), disparity(tmp_path / "b", 1002))
    assert main(["render", plate, "-o", str(tmp_path / "c" / "o.####.exr"), "--style", "immersive", *named]) == 2
    assert MOVING in capsys.readouterr().err


def test_the_farm_analyses_and_renders_it(example_plate: Path, tmp_path: Path, script: str) -> None:
    plate, out = str(example_plate / "plate.####.exr"), str(tmp_path / "o" / "o.####.exr")
    words = ["submit", plate, "-o", out, "--bundle", str(tmp_path / "b"), "--controls", script]
    assert main(words) == 0
    template = json.loads((tmp_path / "b" / "template.json").read_text())
    assert ["--controls" in json.dumps(step) for step in template["steps"]] == [True, True]
