"""Our bundles read by Deadline Cloud's own library."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from host_bridge.farm.shot_bundle import FileOption, Requirements, ShotJob, shot_bundle
from host_bridge.farm.template import write_bundle


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
    script = Path(__file__).with_name("deadline_bundle.py")
    done = subprocess.run(
        [python, str(script), str(tmp_path / "job")], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["name"] == "Art3D p"
    assert found["values"]["PlateFolder"] == str(tmp_path / "plate")
    inputs, outputs = (
        [str(tmp_path / name) for name in names] for names in (("job/styles", "keys", "out", "plate"), ("look", "out"))
    )
    assert found["inputs"] == sorted(inputs)
    assert found["outputs"] == sorted(outputs)
