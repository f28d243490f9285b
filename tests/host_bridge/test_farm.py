"""Farm bundles and sessions: what a farm reads is what the specification's own model accepts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host_bridge.cli import main
from host_bridge.embedded import ping
from host_bridge.errors import BadInputError
from host_bridge.farm import lines
from host_bridge.farm.bundle import ShotJob, TrainingJob, shot_bundle, training_bundle, write_bundle

OPENJD = str(Path(sys.executable).with_name("openjd"))


def check(template: Path) -> None:
    words = [OPENJD, "check", str(template)]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def job(**changes: object) -> ShotJob:
    paths = dict(plate=Path("in/p.####.exr"), out=Path("out/s.####.exr"), shot=Path("out/p.art3d"))
    return ShotJob(**{**paths, "frames": "1001-1024", "chunk": 6, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("gpu", [False, True])
def test_shot_bundle_is_accepted(tmp_path: Path, gpu: bool) -> None:
    template, values = shot_bundle(job(gpu=gpu, options=("--style", "immersive")))
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == [
        "parameter_values.json",
        "parameters.json",
        "template.json",
    ]


def test_paths_are_parameters_only() -> None:
    """A queue's path mapping reaches PATH parameters; nowhere else may a submitter's path hide."""
    template, values = shot_bundle(job())
    assert str(Path.cwd()) not in json.dumps(template)
    paths = {p["name"] for p in template["parameterDefinitions"] if p["type"] == "PATH"}
    assert paths == set(values)


def test_training_bundle_is_accepted(tmp_path: Path) -> None:
    template, values = training_bundle(TrainingJob([Path("films/a.mp4")], tmp_path, "house", gpu=True))
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")


def test_impossible_jobs_are_refused() -> None:
    with pytest.raises(BadInputError, match="--chunk"):
        shot_bundle(job(chunk=0))
    with pytest.raises(BadInputError, match="2 folders"):
        training_bundle(TrainingJob([Path("a/x.mp4"), Path("b/y.mp4")], Path("o"), "s"))


def test_submit_writes_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1001, 1002, 1003):
        Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / f"p.{number}.png")
    words = ["submit", str(tmp_path / "p.####.png"), "-o", str(tmp_path / "o.####.exr")]
    assert main([*words, "--bundle", str(tmp_path / "b"), "--chunk", "2", "--zero-plane", "-0.3"]) == 0
    template = json.loads((tmp_path / "b" / "template.json").read_text(encoding="utf-8"))
    assert "1001-1003" in {p.get("default") for p in template["parameterDefinitions"]}
    render = template["steps"][1]["script"]["actions"]["onRun"]["args"]
    assert render[render.index("--zero-plane") + 1] == "-0.3"
    check(tmp_path / "b" / "template.json")
    assert "openjd run" in capsys.readouterr().out
    script = tmp_path / "c.json"
    script.write_text('{"format": "art3d-controls", "version": 1, "keys": {"depth_gain": {"1001": 1.0}}}', "utf-8")
    words += ["--layers", "scale", "--compression", "piz"]
    assert main([*words, "--bundle", str(tmp_path / "c"), "--controls", str(script)]) == 0
    template = json.loads((tmp_path / "c" / "template.json").read_text(encoding="utf-8"))
    render = template["steps"][1]["script"]["actions"]["onRun"]["args"]
    assert render[-2:] == ["--controls", "{{Param.ControlsFolder}}/c.json"]
    assert render[render.index("--compression") + 1] == "piz"
    check(tmp_path / "c" / "template.json")
    capsys.readouterr()
    for bad in (["--depth-gain", "99"], ["--missing", "maybe"], ["--compression", "lzw"]):
        assert main([*words, "--bundle", str(tmp_path / "b"), *bad]) == 2
        said = capsys.readouterr().err
        assert bad[0] in said and len(said.splitlines()) == 1


def test_lines_are_one_line_each() -> None:
    assert lines.progress(1, 3) == "openjd_progress: 33.3"
    assert lines.fail("a\nb  c") == "openjd_fail: a b c"


def test_session_is_one_server_from_start_to_stop(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    session = [sys.executable, "-m", "host_bridge.cli", "session"]

    def run(verb: str) -> str:
        words = [*session, verb, "--folder", str(tmp_path)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    address = run("start").splitlines()[0].removeprefix("openjd_env: ART3D_SERVER=")
    try:
        first = ping(address)
        assert first is not None
        assert address in run("start")
        second = ping(address)
        assert second is not None and second.pid == first.pid
    finally:
        said = run("stop")
    assert "server stopped" in said
    assert ping(address, timeout_s=0.2) is None
    assert not Path(address.removeprefix("ipc://")).parent.exists()
    assert "no server to stop" in run("stop")
