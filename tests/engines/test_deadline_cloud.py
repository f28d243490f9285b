"""Our bundles read by Deadline Cloud's own library."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from host_bridge.farm.shot_bundle import FileOption, Requirements, ShotJob, shot_bundle
from host_bridge.farm.template import write_bundle


def read_by_deadline(python: str, bundle: Path) -> dict[str, Any]:
    script = Path(__file__).with_name("deadline_bundle.py")
    done = subprocess.run([python, str(script), str(bundle)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "name", ['it\'s "it"', "100% %20", "{a} $HOME", "a;b&c #", "plätē 映像", "n" * 200, "a\u200bb\u202ec"]
)
def test_names_arrive_as_they_are(tmp_path: Path, python: str, name: str) -> None:
    plate, out = tmp_path / name / f"{name}.####.exr", tmp_path / f"out {name}" / "s.####.exr"
    for path in (plate, out):
        path.parent.mkdir()
    write_bundle(tmp_path / "job", *shot_bundle(ShotJob(plate, out, None, [1001, 1003, 1005])))
    found = read_by_deadline(python, tmp_path / "job")
    assert found["values"]["PlateFolder"] == str(plate.parent) and found["inputs"] == [str(plate.parent)]
    assert found["outputs"] == [str(out.parent)] and len(found["name"]) <= 128


def test_parameters_and_attachments_of_a_shot(tmp_path: Path, python: str) -> None:
    """What is read goes up with the job, what is written comes back, and both follow the queue's path mapping."""
    files = (
        FileOption("--controls", tmp_path / "keys/k.json", "ControlsFolder"),
        FileOption("--anaglyph", tmp_path / "look/a.####.png", "AnaglyphFolder", "OUT"),
    )
    requirements = Requirements('{"art3d":"0"}', style_folder=tmp_path / "job/styles")
    job = ShotJob(
        plate=tmp_path / "plate/p.####.exr",
        out=tmp_path / "out/s.####.exr",
        shot=tmp_path / "out/p.art3d",
        frames=[-1, 0, 1, 5],
        files=files,
        requirements=requirements,
    )
    for folder in ("plate", "out", "keys", "look", "job/styles"):
        (tmp_path / folder).mkdir(parents=True)
    write_bundle(tmp_path / "job", *shot_bundle(job))
    found = read_by_deadline(python, tmp_path / "job")
    assert found["name"] == "Art3D p"
    assert found["values"]["PlateFolder"] == str(tmp_path / "plate")
    inputs, outputs = (
        [str(tmp_path / name) for name in names] for names in (("job/styles", "keys", "out", "plate"), ("look", "out"))
    )
    assert found["inputs"] == sorted(inputs)
    assert found["outputs"] == sorted(outputs)
