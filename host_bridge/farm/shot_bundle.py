"""The bundle of a shot: analyse once, then render in chunks beside one server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError
from host_bridge.farm.ranges import to_openjd
from host_bridge.farm.template import (
    SPECIFICATION,
    Template,
    command,
    folder_of,
    job_name,
    literal,
    path_parameter,
    server_environment,
    text_parameter,
)


@dataclass(frozen=True)
class FileOption:
    """An option of `art3d render` that names a file or a sequence.

    Attributes:
        flag: the option, such as `--controls`.
        path: the file or pattern.
        parameter: the parameter that holds its folder.
        flow: IN for what is read, OUT for what is written.
        analysed: whether the analysis reads it too.
    """

    flag: str
    path: Path
    parameter: str
    flow: str = "IN"
    analysed: bool = False


@dataclass(frozen=True)
class Requirements:
    """What the submitter's pictures were made with and a worker must have too.

    Attributes:
        expected: the identity that a worker's own must equal, as JSON; "" for any.
        colour_config: `$OCIO` of the submitter; "" for the built-in config.
        style_folder: folder with the style file, a copy that travels with the bundle; None for a bundled style.
        model_folders: `$ART3D_MODELS` of the submitter; "" where it is not set.
    """

    expected: str = ""
    colour_config: str = ""
    style_folder: Path | None = None
    model_folders: str = ""


@dataclass(frozen=True)
class ShotJob:
    """One shot to convert.

    Attributes:
        plate: plate pattern.
        out: output pattern.
        shot: shot file, written by the first step and read by the second; None treats every frame on its own.
        frames: frame numbers.
        chunk: frames a task should take.
        options: further `art3d render` words, such as ("--style=immersive",).
        analyse_options: those of them that `art3d analyse` takes too.
        files: options that name files.
        requirements: what must be the same on a worker.
        gpu: whether the steps ask for a host with a GPU.
        name: what the queue calls it; None names it after the plate.
    """

    plate: Path
    out: Path
    shot: Path | None
    frames: Sequence[int]
    chunk: int = 10
    options: Sequence[str] = ()
    analyse_options: Sequence[str] = ()
    files: Sequence[FileOption] = ()
    requirements: Requirements = field(default_factory=Requirements)
    gpu: bool = False
    name: str | None = None


def shot_bundle(job: ShotJob) -> tuple[Template, Mapping[str, Any]]:
    """Template and parameter values of a shot.

    Raises:
        BadInputError: a chunk below 1, a name without a letter, frames or texts that a template cannot hold.
    """
    if job.chunk < 1:
        raise BadInputError(f"a chunk of {job.chunk} frames", where="--chunk", remedy="give 1 or more")
    name = job_name(literal(f"Art3D {job.plate.name.partition('.')[0]}" if job.name is None else job.name))
    if not name:
        raise BadInputError("a job needs a name", where="--name", remedy="give it one, or leave the option out")
    parameters, values = _parameters(job)
    template: Template = {
        "specificationVersion": SPECIFICATION,
        "extensions": ["TASK_CHUNKING"],
        "name": name,
        "description": "Flat plate to stereo: one analysis of the shot, then chunks of frames.",
        "parameterDefinitions": parameters,
        "steps": _steps(job),
    }
    variables = _variables(job.requirements)
    if variables:
        template["jobEnvironments"] = [{"name": "AsSubmitted", "variables": variables}]
    if job.gpu:
        for step in template["steps"]:
            step["hostRequirements"] = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    return template, values


def _parameters(job: ShotJob) -> tuple[list[Template], dict[str, Any]]:
    found = [path_parameter("PlateFolder", "IN", "Folder of the plate")]
    values = {"PlateFolder": folder_of(job.plate)}

    def folder(name: str, flow: str, description: str, path: str) -> None:
        found.append(path_parameter(name, flow, description))
        values[name] = path

    folder("OutputFolder", "OUT", "Folder of the stereo frames", folder_of(job.out))
    if job.shot is not None:
        folder("ShotFolder", "INOUT", "Folder of the shot file", folder_of(job.shot))
    for option in job.files:
        folder(option.parameter, option.flow, f"Folder of {option.flag}", folder_of(option.path))
    if job.requirements.style_folder is not None:
        folder("StyleFolder", "IN", "Folder of the style file", str(job.requirements.style_folder.absolute()))
    config = job.requirements.colour_config
    if config and _is_file_config(config):
        found.append(path_parameter("ColourConfig", "IN", "The OCIO config", kind="FILE"))
        values["ColourConfig"] = literal(str(Path(config).absolute()))
    elif config:
        found.append(text_parameter("ColourConfig", literal(config), "The OCIO config"))
    found += [
        text_parameter("Frames", to_openjd(job.frames), "Frames to convert, such as 1001-1100"),
        {"name": "ChunkSize", "type": "INT", "default": job.chunk, "minValue": 1},
        text_parameter("Art3D", "art3d", "The art3d command on the farm's machines"),
        text_parameter(
            "Expected",
            job.requirements.expected,
            "What a worker must have installed; empty: anything",
        ),
    ]
    return found, values


def _is_file_config(config: str) -> bool:
    return "://" not in config


def _variables(requirements: Requirements) -> dict[str, str]:
    found = {}
    if requirements.colour_config:
        found["OCIO"] = "{{Param.ColourConfig}}"
    if requirements.style_folder is not None:
        found["ART3D_STYLES"] = "{{Param.StyleFolder}}"
    if requirements.model_folders:
        found["ART3D_MODELS"] = literal(requirements.model_folders)
    return found


def _steps(job: ShotJob) -> list[Template]:
    plate = "{{Param.PlateFolder}}/" + job.plate.name
    out = "{{Param.OutputFolder}}/" + job.out.name
    shot = "none" if job.shot is None else "{{Param.ShotFolder}}/" + job.shot.name
    named = [(f, f"{f.flag}={{{{Param.{f.parameter}}}}}/{f.path.name}") for f in job.files]
    common = ["--openjd", "--expect={{Param.Expected}}"]
    analyse = ["analyse", plate, "-o", shot, "--frames={{Param.Frames}}", *common]
    render = ["render", plate, "-o", out, f"--shot={shot}", "--frames={{Task.Param.Frame}}", *common]
    analyse += [*map(literal, job.analyse_options), *(word for f, word in named if f.analysed)]
    render += [*map(literal, job.options), *(word for _, word in named)]
    chunks = {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"}
    frame = {"name": "Frame", "type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": chunks}
    step: Template = {
        "name": "Render",
        "stepEnvironments": [server_environment()],
        "parameterSpace": {"taskParameterDefinitions": [frame]},
        "script": command(render),
    }
    if job.shot is None:
        return [step]
    step["dependencies"] = [{"dependsOn": "Analyse"}]
    return [{"name": "Analyse", "stepEnvironments": [server_environment()], "script": command(analyse)}, step]
