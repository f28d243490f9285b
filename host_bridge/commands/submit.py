"""`art3d submit PLATE -o OUT --bundle DIR`: a job bundle that any Open Job Description farm runs."""

from __future__ import annotations

import argparse
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from fileseq import framesToFrameRange

from host_bridge.batch.assemble import job_of, notes_of
from host_bridge.batch.identity import expectation, identities
from host_bridge.batch.job import Job
from host_bridge.client import Client
from host_bridge.commands import analyse, render
from host_bridge.commands.words import names_of, options_of, words_of
from host_bridge.core.errors import EXIT_OK, MissingFrameError
from host_bridge.farm.shot_bundle import FileOption, Requirements, ShotJob, shot_bundle
from host_bridge.farm.style_files import find_style_files
from host_bridge.farm.template import how_to_run, write_bundle
from host_bridge.io.plates.depth_option import is_pictures
from host_bridge.shot.make import beside

NAME = "submit"
HELP = "write an Open Job Description bundle: analyse the shot, then render it in chunks"
SET_BY_THE_BUNDLE = ("out", "frames", "shot", "server", "openjd", "expect", "json")
FILES = {
    "controls": ("ControlsFolder", "IN"),
    "clean_plate": ("CleanPlateFolder", "IN"),
    "clean_depth": ("CleanDepthFolder", "IN"),
    "sculpt_matte": ("SculptMatteFolder", "IN"),
    "anaglyph": ("AnaglyphFolder", "OUT"),
    "disparity_image": ("DisparityImageFolder", "OUT"),
}
"""Options of `render` that name files, and the parameter that holds the folder of each."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `art3d render` takes, and how the farm shall run it."""
    render.add_arguments(parser)
    group = parser.add_argument_group("farm")
    group.add_argument("--bundle", type=Path, required=True, help="folder to write the bundle to")
    group.add_argument("--name", metavar="TEXT", help="what the queue calls the job (default: Art3D PLATE)")
    group.add_argument("--chunk", type=int, default=10, help="frames a task should take (default %(default)s)")
    group.add_argument("--gpu", action="store_true", help="ask for hosts with a GPU")
    group.add_argument(
        "--any-environment",
        action="store_true",
        help="let workers use another version, style file, depth network or colour config than this machine",
    )
    # Under this name farm scripts may know it.
    group.add_argument("--any-kitchen", dest="any_environment", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Proves the render, writes the bundle and says how to run it."""
    checked = job_of(render.options_of(args))
    checked.check()
    _validate_all_there(checked)
    notes = notes_of(checked.check_readable(), checked, args.frames)
    job = _shot_job(args, checked)
    template, values = shot_bundle(job)
    if job.requirements.style_folder is not None:
        job.requirements.style_folder.mkdir(parents=True, exist_ok=True)
        for style in find_style_files(checked.settings.style):
            shutil.copyfile(style, job.requirements.style_folder / style.name)
    write_bundle(args.bundle, template, values)
    print(f"wrote {args.bundle}: {len(checked.plate.frames)} frames, chunks of {args.chunk}")
    for note in notes:
        print(f"note   {note}")
    if not _writable(Path(args.out).parent):
        print(f"note   this machine cannot write to {Path(args.out).parent}; the workers must be able to")
    print(how_to_run(args.bundle, "Render"))
    return EXIT_OK


def _validate_all_there(job: Job) -> None:
    """A frame without a file would stop the whole job at its first step.

    Raises:
        MissingFrameError: there is one, and nothing was said of such frames.
    """
    missing = sorted(job.plate.missing)
    if missing and job.missing == "error":
        raise MissingFrameError(
            f"{len(missing)} of {len(job.plate.frames)} frames have no file ({framesToFrameRange(missing)})",
            where=job.plate.pattern.text,
            remedy="submit once they are there, name others with --frames, or say --missing skip or hold",
        )


def _writable(folder: Path) -> bool:
    """Whether this machine could write there, or make the folder."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return os.access(existing, os.W_OK)


def _shot_job(args: argparse.Namespace, checked: Job) -> ShotJob:
    kept_out = {*SET_BY_THE_BUNDLE, *_named(args)}
    shot = None
    if args.shot != "none":
        shot = beside(Path(args.out), args.plate) if args.shot == "auto" else Path(args.shot)
    return ShotJob(
        plate=Path(args.plate),
        out=Path(args.out),
        shot=shot,
        frames=checked.plate.frames,
        chunk=args.chunk,
        options=tuple(words_of(args, render, without=kept_out)),
        analyse_options=tuple(words_of(args, render, without=kept_out | (names_of(render) - names_of(analyse)))),
        files=tuple(_files(args)),
        requirements=_requirements(args, checked),
        gpu=args.gpu,
        name=args.name,
    )


def _requirements(args: argparse.Namespace, checked: Job) -> Requirements:
    expected = ""
    if not args.any_environment:
        with Client(args.server) as client:
            expected = expectation(identities(client, checked.settings))
    travels = bool(find_style_files(checked.settings.style))
    return Requirements(
        expected=expected,
        colour_config=os.environ.get("OCIO", "").strip(),
        style_folder=args.bundle / "styles" if travels else None,
        model_folders=os.environ.get("ART3D_MODELS", "").strip(),
    )


def _named(args: argparse.Namespace) -> dict[str, tuple[str, str]]:
    """`FILES`, and `--depth` where it names pictures and not a network."""
    return {**FILES, "depth": ("DepthFolder", "IN")} if is_pictures(args.depth) else FILES


def _files(args: argparse.Namespace) -> Iterator[FileOption]:
    analyse_names, named = names_of(analyse), _named(args)
    for action in options_of(render):
        value = getattr(args, action.dest)
        if action.dest in named and value:
            parameter, flow = named[action.dest]
            yield FileOption(action.option_strings[-1], Path(value), parameter, flow, action.dest in analyse_names)
