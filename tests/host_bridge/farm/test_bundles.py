"""Farm bundles: what a farm reads is what the specification's own model accepts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from host_bridge.batch import openjd_lines
from host_bridge.core.errors import BadInputError
from host_bridge.farm.ranges import from_openjd, to_openjd
from host_bridge.farm.shot_bundle import FileOption, Requirements, shot_bundle
from host_bridge.farm.template import write_bundle
from host_bridge.farm.training_bundle import TrainingJob, training_bundle
from host_bridge.io.plates.pattern import parse_frames
from tests.host_bridge.farm.jobs import check, job, tasks


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
    template, values = shot_bundle(job(files=files, requirements=Requirements(style_folder=Path("job/styles"))))
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
    requirements = Requirements('{"art3d":"1"}', "cfg/config.ocio", tmp_path / "styles", "m1:m2")
    template, values = shot_bundle(job(requirements=requirements))
    (environment,) = template["jobEnvironments"]
    assert environment["variables"] == {
        "OCIO": "{{Param.ColourConfig}}",
        "ART3D_STYLES": "{{Param.StyleFolder}}",
        "ART3D_MODELS": "m1:m2",
    }
    assert values["ColourConfig"].endswith("cfg/config.ocio") and values["StyleFolder"] == str(tmp_path / "styles")
    write_bundle(tmp_path / "b", template, values)
    check(tmp_path / "b" / "template.json")
    template, values = shot_bundle(
        job(requirements=Requirements(colour_config="ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4"))
    )
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


def test_lines_are_one_line_each() -> None:
    assert openjd_lines.progress(1, 3) == "openjd_progress: 33.3"
    assert openjd_lines.fail("a\nb  c") == "openjd_fail: a b c"
