"""Jobs of shots, and what the specification's own library makes of their bundles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
)

from host_bridge.farm.shot_bundle import ShotJob, shot_bundle
from host_bridge.farm.template import write_bundle

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


def steps(bundle: Path) -> dict[str, list[str]]:
    check(bundle / "template.json")
    template = json.loads((bundle / "template.json").read_text(encoding="utf-8"))
    return {step["name"]: step["script"]["actions"]["onRun"]["args"] for step in template["steps"]}
