"""`art3d submit` takes what a render takes, refuses what a node would, and sends along what a node needs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_bridge.batch.identity import expectation, validate_expected
from host_bridge.cli import main
from host_bridge.core.errors import BadInputError
from host_bridge.io.outputs import write_picture
from tests.host_bridge.farm.jobs import steps


def test_submit_writes_what_it_says(tmp_path: Path, plate: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    bundle = ["--bundle", str(tmp_path / "b")]
    assert main([*plate, *bundle, "--chunk", "2", "--zero-plane", "-0.3", "--depth", "mini"]) == 0
    assert "openjd run" in capsys.readouterr().out
    words = steps(tmp_path / "b")
    assert "--zero-plane=-0.3" in words["Render"] and "--zero-plane=-0.3" not in words["Analyse"]
    assert "--depth=mini" in words["Render"] and "--depth=mini" in words["Analyse"]
    assert "--frames={{Task.Param.Frame}}" in words["Render"]


def test_submit_takes_whatever_render_takes(tmp_path: Path, plate: list[str]) -> None:
    script = tmp_path / "c.json"
    script.write_text('{"format": "art3d-controls", "version": 1, "keys": {"depth_gain": {"1001": 1.0}}}', "utf-8")
    more = ["--controls", str(script), "--anaglyph", str(tmp_path / "a.####.png"), "--layers", "scale", "--overwrite"]
    assert main([*plate, "--bundle", str(tmp_path / "b"), "--compression", "piz", *more]) == 0
    words = steps(tmp_path / "b")
    assert words["Render"][-2:] == [
        "--controls={{Param.ControlsFolder}}/c.json",
        "--anaglyph={{Param.AnaglyphFolder}}/a.####.png",
    ]
    assert {"--layers=scale", "--compression=piz", "--overwrite"} <= set(words["Render"])
    assert main([*plate, "--bundle", str(tmp_path / "c"), "--shot", "none"]) == 0
    assert list(steps(tmp_path / "c")) == ["Render"]


def test_submit_refuses_frames_that_are_not_there(
    tmp_path: Path, plate: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless somebody has said what becomes of them."""
    words = [*plate, "--frames", "1001-1009", "--bundle", str(tmp_path / "b")]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "frames have no file" in said and "-1009)" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "b").exists()
    assert main([*words, "--missing", "hold"]) == 0


BAD = {
    "--depth-gain": ["--depth-gain", "99"],
    "--missing": ["--missing", "maybe"],
    "--compression": ["--compression", "lzw"],
    "####": ["-o", "one.exr"],
    "the output is an input": ["-o", "p.####.exr"],
    "stereo is written as EXR": ["-o", "o.####.png"],
}


@pytest.mark.parametrize("said", BAD)
def test_submit_refuses_what_a_node_would(
    tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1001, 1002):
        write_picture(Path(f"p.{number}.exr"), np.zeros((8, 8, 3), np.float32))
    words = ["submit", "p.####.exr", "-o", "o.####.exr", "--any-environment", "--bundle", "b", *BAD[said]]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1
    assert not Path("b").exists()


def test_a_studios_style_travels_as_a_copy(
    tmp_path: Path, plate: list[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file, not only its name: a worker has no such style."""
    studio = tmp_path / "studio"
    studio.mkdir()
    (studio / "ours.style").write_bytes((root / "art3d_node/models/styles/gentle.style").read_bytes())
    monkeypatch.setenv("ART3D_STYLES", str(studio))
    assert main([*plate, "--bundle", str(tmp_path / "b"), "--style", "ours"]) == 0
    assert (tmp_path / "b" / "styles" / "ours.style").read_bytes() == (studio / "ours.style").read_bytes()
    values = json.loads((tmp_path / "b" / "parameters.json").read_text(encoding="utf-8"))
    assert values["StyleFolder"] == str(tmp_path / "b" / "styles")


def test_another_environment_is_refused_by_name() -> None:
    here = {"style": "a1", "depth": ["mini"], "colour": "cfg"}
    validate_expected(expectation(here), here)
    validate_expected("", here)
    with pytest.raises(BadInputError, match="the style was a1 and is b2 here"):
        validate_expected(expectation(here), {**here, "style": "b2"})
    with pytest.raises(BadInputError, match="--expect"):
        validate_expected("[", here)


@pytest.mark.parametrize("flag", ["--any-environment", "--any-kitchen"])
def test_any_environment_expects_nothing_under_its_older_name_too(tmp_path: Path, plate: list[str], flag: str) -> None:
    assert main([*plate[:-1], flag, "--bundle", str(tmp_path / "b")]) == 0
    template = json.loads((tmp_path / "b" / "template.json").read_text(encoding="utf-8"))
    assert {p["name"]: p.get("default") for p in template["parameterDefinitions"]}["Expected"] == ""


def test_depth_pictures_travel_as_a_path(tmp_path: Path, plate: list[str]) -> None:
    (tmp_path / "depth").mkdir()
    for number in (1001, 1002, 1003):
        Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(tmp_path / "depth" / f"d.{number}.png")
    words = ["--bundle", str(tmp_path / "b"), "--depth", str(tmp_path / "depth" / "d.####.png")]
    assert main([*plate, *words]) == 0
    made = steps(tmp_path / "b")
    assert "--depth={{Param.DepthFolder}}/d.####.png" in made["Analyse"]
    assert "--depth={{Param.DepthFolder}}/d.####.png" in made["Render"]
    assert json.loads((tmp_path / "b" / "parameters.json").read_text())["DepthFolder"] == str(tmp_path / "depth")
