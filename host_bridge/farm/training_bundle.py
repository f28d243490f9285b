"""The bundle of a style's training: curate films in parts, fit, evaluate."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_bridge.core.errors import BadInputError
from host_bridge.farm.template import (
    SPECIFICATION,
    Template,
    command,
    folder_of,
    job_name,
    literal,
    path_parameter,
    text_parameter,
)


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
    folders = {folder_of(film) for film in job.films}
    if len(folders) != 1 or job.parts < 1:
        raise BadInputError(
            f"{len(job.films)} films in {len(folders)} folders, {job.parts} parts",
            remedy="give films of one folder, 1 part or more",
        )
    films = ["{{Param.FilmFolder}}/" + film.name for film in job.films]
    work = "{{Param.WorkFolder}}/"
    shards, style_file = work + "shards", work + literal(job.style) + ".style"
    part = "{{Task.Param.Part}}/" + str(job.parts)
    parts = {"name": "Part", "type": "INT", "range": f"1-{job.parts}"}
    # A part that keeps no pair is no failure of the job: fit says so where all of them keep none.
    words = ["-o", shards, "--style", job.style, "--part", part, "--may-keep-nothing"]
    curate = ["curate", *films, *words, *map(literal, job.curate_options)]
    fit: Template = {
        "name": "Fit",
        "dependencies": [{"dependsOn": "Curate"}],
        "script": command(["fit", shards, "-o", style_file, *map(literal, job.fit_options)], tool="ArtTrain"),
    }
    if job.gpu:
        fit["hostRequirements"] = {"amounts": [{"name": "amount.worker.gpu", "min": 1}]}
    template: Template = {
        "specificationVersion": SPECIFICATION,
        "name": job_name(f"Art3D style {job.style}"),
        "parameterDefinitions": [
            path_parameter("FilmFolder", "IN", "Folder of the films"),
            path_parameter("WorkFolder", "INOUT", "Folder of shards, style and report"),
            text_parameter("ArtTrain", "art3d-train", "The art3d-train command on the farm's machines"),
        ],
        "steps": [
            {
                "name": "Curate",
                "parameterSpace": {"taskParameterDefinitions": [parts]},
                "script": command(curate, tool="ArtTrain"),
            },
            fit,
            {
                "name": "Evaluate",
                "dependencies": [{"dependsOn": "Fit"}],
                "script": command(["evaluate", shards, style_file, "--unseen", "-o", work + "report"], tool="ArtTrain"),
            },
        ],
    }
    return template, {"FilmFolder": folders.pop(), "WorkFolder": os.path.abspath(job.work)}
