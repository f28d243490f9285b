"""Farm bundles and sessions: what a farm reads is what the specification's own model accepts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
)
from PIL import Image

from host_bridge.batch import openjd_lines
from host_bridge.batch.identity import expectation, validate_expected
from host_bridge.cli import main
from host_bridge.client import Client
from host_bridge.client.server_process import running
from host_bridge.core.errors import BadInputError
from host_bridge.farm.ranges import from_openjd, to_openjd
from host_bridge.farm.shot_bundle import FileOption, Kitchen, ShotJob, shot_bundle
from host_bridge.farm.template import write_bundle
from host_bridge.farm.training_bundle import TrainingJob, training_bundle
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates.sequence import parse_frames

OPENJD = str(Path(sys.executable).with_name("openjd"))


def check(template: Path) -> None:
    words = [OPENJD, "check", str(template)]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def job(**changes: object) -> ShotJob:
    paths = dict(plate=Path("in/p.####.exr"), out=Path("out/s.####.exr"), shot=Path("out/p.art3d"))
    return ShotJob(**{**paths, "frames": range(1001, 1025), "chunk": 6, **changes})  # type: ignore[arg-type]


def tasks(shot: ShotJob, folder: Path) -> list[str]:
    """The frame chunks of the job that the specification's own library makes of a bundle."""
    template, values = shot_bundle(shot)
    write_bundle(folder, template, values)
    model = decode_job_template(template=template, supported_extensions=["TASK_CHUNKING"])
    given = {name: ParameterValue(type=ParameterValueType.PATH, value=str(value)) for name, value in values.items()}
    made = create_job(job_template=model, job_parameter_values=given)
    step = next(step for step in made.steps if step.name == "Render")
    assert step.parameterSpace is not None
    return [str(task["Frame"].value) for task in StepParameterSpaceIterator(space=step.parameterSpace)]


@pytest.mark.parametrize("gpu", [False, True])
def test_shot_bundle_is_accepted(tmp_path: Path, gpu: bool) -> None:
    template, values = shot_bundle(job(gpu=gpu, options=("--style=immersive",)))
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == [
        "parameter_values.json",
        "parameters.json",
        "template.json",
    ]


RANGES = {
    "one": [1001],
    "plain": range(1001, 1025),
    "twos": range(1001, 1024, 2),
    "negative": range(-3, 4),
    "gaps": [*range(1001, 1007), 1010, *range(1020, 1031, 5)],
    "two far frames": [1, 900],
    "large numbers": range(99_998, 100_003),
}


@pytest.mark.parametrize("frames", RANGES.values(), ids=RANGES.keys())
def test_a_job_of_any_range_holds_every_frame_once(tmp_path: Path, frames: Sequence[int]) -> None:
    chunks = tasks(job(frames=frames), tmp_path / "b")
    held = [number for chunk in chunks for number in parse_frames(from_openjd(chunk))]
    assert held == sorted(frames)


def test_ranges_are_written_shortly() -> None:
    assert to_openjd([3, 1, 2, 5, 7, 9, 20]) == "1-3,5-9:2,20"
    assert to_openjd([-2, -1, 0]) == "-2-0"


def test_a_job_of_scattered_frames_is_refused_before_the_farm() -> None:
    with pytest.raises(BadInputError, match="--frames"):
        shot_bundle(job(frames=[n * n for n in range(400)]))


def test_paths_are_parameters_only() -> None:
    """A queue's path mapping reaches PATH parameters; nowhere else may a submitter's path hide."""
    files = (FileOption("--controls", Path("keys.json"), "ControlsFolder", analysed=False),)
    template, values = shot_bundle(job(files=files, kitchen=Kitchen(style_folder=Path("job/styles"))))
    assert str(Path.cwd()) not in json.dumps(template)
    paths = {p["name"] for p in template["parameterDefinitions"] if p["type"] == "PATH"}
    assert paths == set(values)


def test_a_long_name_is_cut_and_a_templates_own_signs_are_refused(tmp_path: Path) -> None:
    template, values = shot_bundle(job(plate=Path("in") / ("a" * 200 + ".####.exr")))
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")
    for bad in (Path("in/{{x}}.####.exr"), Path("in/a\nb.####.exr")):
        with pytest.raises(BadInputError, match="rename"):
            shot_bundle(job(plate=bad))


def test_links_stay_as_they_were_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A farm mounts the link's path, not what it points to on the submitter's machine."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    _, values = shot_bundle(job(plate=Path("link/p.####.exr")))
    assert values["PlateFolder"] == str(tmp_path / "link")


def test_what_the_artist_saw_travels(tmp_path: Path) -> None:
    kitchen = Kitchen('{"art3d":"1"}', "cfg/config.ocio", tmp_path / "styles", "m1:m2")
    template, values = shot_bundle(job(kitchen=kitchen))
    (environment,) = template["jobEnvironments"]
    assert environment["variables"] == {
        "OCIO": "{{Param.ColourConfig}}",
        "ART3D_STYLES": "{{Param.StyleFolder}}",
        "ART3D_MODELS": "m1:m2",
    }
    assert values["ColourConfig"].endswith("cfg/config.ocio") and values["StyleFolder"] == str(tmp_path / "styles")
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")
    template, values = shot_bundle(job(kitchen=Kitchen(colour_config="ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4")))
    assert "ColourConfig" not in values


def test_bundles_can_be_read_by_the_group(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_bundle(tmp_path / "b", *shot_bundle(job()))
    finally:
        os.umask(before)
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "b").iterdir()} == {0o644}


def test_training_bundle_is_accepted(tmp_path: Path) -> None:
    template, values = training_bundle(TrainingJob([Path("films/a.mp4")], tmp_path, "house", gpu=True))
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")


def test_impossible_jobs_are_refused() -> None:
    with pytest.raises(BadInputError, match="--chunk"):
        shot_bundle(job(chunk=0))
    with pytest.raises(BadInputError, match="2 folders"):
        training_bundle(TrainingJob([Path("a/x.mp4"), Path("b/y.mp4")], Path("o"), "s"))


@pytest.fixture
def plate(tmp_path: Path) -> list[str]:
    """The words of a submission of three frames."""
    for number in (1001, 1002, 1003):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / f"p.{number}.png")
    return ["submit", str(tmp_path / "p.####.png"), "-o", str(tmp_path / "o.####.exr"), "--any-kitchen"]


def steps(bundle: Path) -> dict[str, list[str]]:
    check(bundle / "template.json")
    template = json.loads((bundle / "template.json").read_text(encoding="utf-8"))
    return {step["name"]: step["script"]["actions"]["onRun"]["args"] for step in template["steps"]}


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


BAD = {
    "--depth-gain": ["--depth-gain", "99"],
    "--missing": ["--missing", "maybe"],
    "--compression": ["--compression", "lzw"],
    "####": ["-o", "one.exr"],
    "the output is the plate": ["-o", "p.####.exr"],
    "stereo is written as EXR": ["-o", "o.####.png"],
}


@pytest.mark.parametrize("said", BAD)
def test_submit_refuses_what_a_node_would(
    tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (1001, 1002):
        write_picture(Path(f"p.{number}.exr"), np.zeros((8, 8, 3), np.float32))
    words = ["submit", "p.####.exr", "-o", "o.####.exr", "--any-kitchen", "--bundle", "b", *BAD[said]]
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


def test_another_kitchen_is_refused_by_name() -> None:
    here = {"style": "a1", "depth": ["mini"], "colour": "cfg"}
    validate_expected(expectation(here), here)
    validate_expected("", here)
    with pytest.raises(BadInputError, match="the style was a1 and is b2 here"):
        validate_expected(expectation(here), {**here, "style": "b2"})
    with pytest.raises(BadInputError, match="--expect"):
        validate_expected("[", here)


def test_lines_are_one_line_each() -> None:
    assert openjd_lines.progress(1, 3) == "openjd_progress: 33.3"
    assert openjd_lines.fail("a\nb  c") == "openjd_fail: a b c"


def session(verb: str, folder: Path) -> str:
    words = [sys.executable, "-m", "host_bridge.cli", "session", verb, "--folder", str(folder)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_session_is_one_server_from_start_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ART3D_SERVER", raising=False)

    def start() -> str:
        return session("start", tmp_path).splitlines()[0].removeprefix("openjd_env: ART3D_RUNTIME_DIR=")

    home = start()
    try:
        monkeypatch.setenv("ART3D_RUNTIME_DIR", home)
        (first,) = running().values()
        assert start() == home
        assert [pong.pid for pong in running().values()] == [first.pid]
        # A task that finds the session's server dead starts it again, in the same place.
        os.kill(first.pid, signal.SIGKILL)
        with Client(timeout_s=60) as client:
            assert client.address.startswith(f"ipc://{home}/")
        (second,) = running().values()
        assert second.pid != first.pid
    finally:
        said = session("stop", tmp_path)
    assert "server stopped" in said
    assert not Path(home).exists()
    assert not psutil.pid_exists(second.pid) or psutil.Process(second.pid).status() == psutil.STATUS_ZOMBIE
    assert "no server to stop" in session("stop", tmp_path)


def test_a_machine_with_a_server_of_its_own_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ART3D_SERVER", "tcp://127.0.0.1:1")
    assert "ART3D_SERVER" in session("start", tmp_path)
    assert "no server to stop" in session("stop", tmp_path)


def test_a_forged_note_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "art3d-session.json").write_text(json.dumps({"home": str(tmp_path / "mine")}), encoding="utf-8")
    assert "no server to stop" in session("stop", tmp_path)
    assert (tmp_path / "mine").is_dir()


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
