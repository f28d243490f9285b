"""Open Job Description bundles (jobtemplate-2023-09 with TASK_CHUNKING): a shot's conversion, a style's training.

A bundle is a folder with `template.json`, `parameters.json` (a plain map, for `openjd run -p file://…`) and
`parameter_values.json` (the same as a list, for submitters that read job bundles). Paths are PATH parameters, so that
a queue's path mapping rules reach them; everything else a farm may want to change is a parameter with a default. The
bundle holds no secret and no path that the submitter did not give.

Source: the Open Job Description specification, template schemas 2023-09, and RFC 0001 (task chunking).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.errors import BadInputError
from host_bridge.outputs.atomic import replacing

SPECIFICATION = "jobtemplate-2023-09"
CANCEL_NOTICE_S = 30

Template = dict[str, Any]


@dataclass(frozen=True)
class ShotJob:
    """One shot to convert.

    Attributes:
        plate: plate pattern.
        out: output pattern.
        shot: shot file, written by the first step and read by the second.
        frames: frame range, such as "1001-1100".
        chunk: frames a task should take.
        options: further `art3d render` words, such as ("--style", "immersive").
        analyse_options: those of them that `art3d analyse` takes too.
        controls: depth script, or None.
        gpu: whether the steps ask for a host with a GPU.
    """

    plate: Path
    out: Path
    shot: Path
    frames: str
    chunk: int = 10
    options: Sequence[str] = ()
    analyse_options: Sequence[str] = ()
    controls: Path | None = None
    gpu: bool = False


def shot_bundle(job: ShotJob) -> tuple[Template, Mapping[str, Any]]:
    """Template and parameter values of a shot: analyse once, then render in chunks beside one server."""
    if job.chunk < 1:
        raise BadInputError(f"a chunk of {job.chunk} frames", where="--chunk", remedy="give 1 or more")
    plate = "{{Param.PlateFolder}}/" + job.plate.name
    out = "{{Param.OutputFolder}}/" + job.out.name
    shot = "{{Param.ShotFolder}}/" + job.shot.name
    analyse = ["analyse", plate, "-o", shot, "--frames", "{{Param.Frames}}", "--openjd", *job.analyse_options]
    render = ["render", plate, "-o", out, "--shot", shot, "--frames", "{{Task.Param.Frame}}", "--openjd", *job.options]
    template: Template = {
        "specificationVersion": SPECIFICATION,
        "extensions": ["TASK_CHUNKING"],
        "name": f"Art3D {job.plate.name.partition('.')[0]}",
        "description": "Flat plate to stereo: one analysis of the shot, then chunks of frames.",
        "parameterDefinitions": [
            _path("PlateFolder", "IN", "Folder of the plate"),
            _path("OutputFolder", "OUT", "Folder of the stereo frames"),
            _path("ShotFolder", "INOUT", "Folder of the shot file"),
            _text("Frames", job.frames, "Frames to convert, such as 1001-1100"),
            {"name": "ChunkSize", "type": "INT", "default": job.chunk, "minValue": 1},
            _text("Art3D", "art3d", "The art3d command on the farm's machines"),
        ],
        "steps": [
            {"name": "Analyse", "stepEnvironments": [_server()], "script": _script(analyse)},
            {
                "name": "Render",
                "dependencies": [{"dependsOn": "Analyse"}],
                "stepEnvironments": [_server()],
                "parameterSpace": {
                    "taskParameterDefinitions": [
                        {
                            "name": "Frame",
                            "type": "CHUNK[INT]",
                            "range": "{{Param.Frames}}",
                            "chunks": {
                                "defaultTaskCount": "{{Param.ChunkSize}}",
                                "rangeConstraint": "CONTIGUOUS",
                            },
                        }
                    ]
                },
                "script": _script(render),
            },
        ],
    }
    if job.gpu:
        gpu = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
        for step in template["steps"]:
            step["hostRequirements"] = gpu
    values = {
        "PlateFolder": str(job.plate.parent.resolve()),
        "OutputFolder": str(job.out.parent.resolve()),
        "ShotFolder": str(job.shot.parent.resolve()),
    }
    if job.controls is not None:
        template["parameterDefinitions"].append(_path("ControlsFolder", "IN", "Folder of the depth script"))
        render += ["--controls", "{{Param.ControlsFolder}}/" + job.controls.name]
        values["ControlsFolder"] = str(job.controls.parent.resolve())
    return template, values


@dataclass(frozen=True)
class TrainingJob:
    """One style to train.

    Attributes:
        films: video files of one folder.
        work: folder for shards, style and report.
        style: the style's name.
        parts: tasks that curation is split into.
        curate_options, fit_options: further words for `art3d-train curate` and `fit`.
        gpu: whether fitting asks for a host with a GPU.
    """

    films: Sequence[Path]
    work: Path
    style: str
    parts: int = 4
    curate_options: Sequence[str] = ()
    fit_options: Sequence[str] = ()
    gpu: bool = False


def training_bundle(job: TrainingJob) -> tuple[Template, Mapping[str, Any]]:
    """Template and parameter values of a style's training: curate in parts, fit, evaluate.

    Raises:
        BadInputError: no films, films in several folders, or fewer than one part.
    """
    folders = {film.parent.resolve() for film in job.films}
    if len(folders) != 1 or job.parts < 1:
        raise BadInputError(
            f"{len(job.films)} films in {len(folders)} folders, {job.parts} parts",
            remedy="give films of one folder, 1 part or more",
        )
    films = ["{{Param.FilmFolder}}/" + film.name for film in job.films]
    work = "{{Param.WorkFolder}}/"
    shards, made = work + "shards", work + job.style + ".style"
    part = "{{Task.Param.Part}}/" + str(job.parts)
    parts = {"name": "Part", "type": "INT", "range": f"1-{job.parts}"}
    curate = ["curate", *films, "-o", shards, "--style", job.style, "--part", part, *job.curate_options]
    fit: Template = {
        "name": "Fit",
        "dependencies": [{"dependsOn": "Curate"}],
        "script": _script(["fit", shards, "-o", made, *job.fit_options], tool="ArtTrain"),
    }
    if job.gpu:
        fit["hostRequirements"] = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    template: Template = {
        "specificationVersion": SPECIFICATION,
        "name": f"Art3D style {job.style}",
        "parameterDefinitions": [
            _path("FilmFolder", "IN", "Folder of the films"),
            _path("WorkFolder", "INOUT", "Folder of shards, style and report"),
            _text("ArtTrain", "art3d-train", "The art3d-train command on the farm's machines"),
        ],
        "steps": [
            {
                "name": "Curate",
                "parameterSpace": {"taskParameterDefinitions": [parts]},
                "script": _script(curate, tool="ArtTrain"),
            },
            fit,
            {
                "name": "Evaluate",
                "dependencies": [{"dependsOn": "Fit"}],
                "script": _script(["evaluate", shards, made, "-o", work + "report"], tool="ArtTrain"),
            },
        ],
    }
    return template, {"FilmFolder": str(folders.pop()), "WorkFolder": str(job.work.resolve())}


def write_bundle(folder: Path, template: Template, values: Mapping[str, Any]) -> None:
    """Writes the files of a bundle, each by rename.

    Raises:
        OutputError: the folder cannot be written.
    """
    listed = {"parameterValues": [{"name": name, "value": value} for name, value in values.items()]}
    files = {"template.json": template, "parameters.json": dict(values), "parameter_values.json": listed}
    for name, body in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


def _path(name: str, flow: str, description: str) -> Template:
    return {"name": name, "type": "PATH", "objectType": "DIRECTORY", "dataFlow": flow, "description": description}


def _text(name: str, default: str, description: str) -> Template:
    return {"name": name, "type": "STRING", "default": default, "description": description}


def _script(words: list[str], *, tool: str = "Art3D") -> Template:
    # A cancelled task first gets SIGTERM and time to finish its frame; only then is it killed.
    cancel = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": CANCEL_NOTICE_S}
    return {"actions": {"onRun": {"command": f"{{{{Param.{tool}}}}}", "args": words, "cancelation": cancel}}}


def _server() -> Template:
    def session(verb: str) -> Template:
        return {"command": "{{Param.Art3D}}", "args": ["session", verb, "--folder", "{{Session.WorkingDirectory}}"]}

    return {"name": "Server", "script": {"actions": {"onEnter": session("start"), "onExit": session("stop")}}}
