"""`art3d render`: plates in, stereo EXRs out."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from host_bridge.batch import Job, openjd_lines, run_job
from host_bridge.batch.depth_script import load_depth_script
from host_bridge.batch.identity import identities, validate_expected
from host_bridge.batch.ledger import RenderRecord
from host_bridge.batch.progress import reporter_for
from host_bridge.client import Client
from host_bridge.commands.choices import (
    add_compression,
    add_depth_channel,
    add_farm,
    add_missing,
    add_picture,
    validate_choices,
)
from host_bridge.commands.delivery_options import add_delivery, deliver, delivery_of, is_delivery
from host_bridge.commands.knob_options import add_knobs, controls_of, settings_of
from host_bridge.commands.words import words_of
from host_bridge.core.errors import EXIT_OK, BadInputError, OutputError
from host_bridge.core.recipe import art3d_version
from host_bridge.core.warm_memory import keep_freed_memory
from host_bridge.deliver.plan import Delivery
from host_bridge.farm.ranges import frames_of
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs import Writing
from host_bridge.io.plates import Pattern, Plate, PlateSequence
from host_bridge.io.plates.canvas import Canvas, canvas_of
from host_bridge.io.plates.depth_option import with_depth
from host_bridge.io.plates.hero import settle_hero
from host_bridge.shot.file import Shot
from host_bridge.shot.make import beside, canvas_in, kept_shot, looked_at, make_shot, open_shot
from host_bridge.shot.survey import Plan

NAME = "render"
HELP = "convert a plate sequence to stereo EXRs"
LAYERS = ("inverse_depth", "scale", "shift", "disparity_local")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Plate, output, range, knobs and how to run."""
    parser.add_argument(
        "plate", metavar="PLATE", help="plate.####.exr, plate.%%04d.exr, plate.1001-1010####.exr, or one file"
    )
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        metavar="OUT",
        help="stereo EXRs, %%V in it writes one file a view; or pictures or a movie",
    )
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    add_picture(parser)
    add_depth_channel(parser)
    add_knobs(parser)
    parser.add_argument("--controls", type=Path, metavar="FILE", help="a depth script: knobs that change over frames")
    parser.add_argument(
        "--shot",
        default="auto",
        metavar="FILE|auto|none",
        help="shot file of `art3d analyse`; auto keeps one beside the output, none treats every frame on its own",
    )
    parser.add_argument(
        "--clean-plate", metavar="PLATE", help="frames that show what the plate hides, for --fill clean-plate"
    )
    parser.add_argument(
        "--input-space", metavar="NAME", help="colour space of the plate; default: its own tag, else linear Rec.709"
    )
    parser.add_argument("--layers", default="", metavar="NAMES", help=f"float layers to add, of {','.join(LAYERS)}")
    add_compression(parser)
    parser.add_argument("--anaglyph", metavar="IMAGES", help="red/cyan review images, such as review.####.png")
    parser.add_argument("--disparity-image", metavar="IMAGES", help="disparity as colour: orange in front, blue behind")
    add_missing(parser)
    add_delivery(parser)
    parser.set_defaults(beside="")
    parser.add_argument("--overwrite", action="store_true", help="make finished frames again")
    parser.add_argument(
        "--server", metavar="ADDRESS", help="compute server; default: this user's own, started when needed"
    )
    add_farm(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")


def run(args: argparse.Namespace) -> int:
    """Carries the command out; returns the exit code."""
    return _delivered(args) if is_delivery(args.out) else _rendered(args)


def _rendered(args: argparse.Namespace) -> int:
    keep_freed_memory()
    with openjd_lines.reporting(args.openjd):
        job = job_of(args)
        job.check()
        job = replace(job, notes=notes_of(job.check_readable(), job, args.frames))
        reporter = reporter_for(as_json=args.json, farm=args.openjd)
        with stoppable(), Client(args.server) as client:
            identity = identities(client, job.settings)
            validate_expected(args.expect, identity)
            staged = in_shot(job, shot_of(args, job, client), whole_of(args, job))
            if staged.shot is None:
                staged.knobs(staged.plate.frames[0])  # a floating window that nobody decides fails here, not per frame
            return run_job(staged, client, reporter, record=_record(args, identity)).exit_code


def _delivered(args: argparse.Namespace) -> int:
    """Renders into a hidden folder beside the output, delivers from there, and removes it once all is delivered."""
    from host_bridge.review.source import open_stereo

    if args.openjd:
        raise BadInputError("a farm's chunks are written as EXR", where=args.out, remedy="`art3d deliver` them after")
    asked = PlateSequence.open(args.plate, frames=args.frames, view=args.view, start=args.start)
    delivery = delivery_of(args, args.out, len(asked.frames), asked)
    _prove_not_the_plate(asked, delivery)
    folder = Path(args.out).parent / f".{Path(args.out).name.replace('#', '').replace('%', '')}.stereo"
    stereo = str(folder / "stereo.####.exr")
    code = _rendered(argparse.Namespace(**{**vars(args), "out": stereo, "beside": args.out}))
    if code != EXIT_OK:
        print(f"art3d: nothing is delivered yet; what is rendered waits in {folder}: run this again", file=sys.stderr)
        return code
    source = open_stereo(stereo, frames=args.frames)
    with stoppable():
        skipped = source.without_gaps() if args.missing == "skip" else source
        code = deliver(skipped, delivery, overwrite=args.overwrite)
    if code == EXIT_OK:
        shutil.rmtree(folder, ignore_errors=True)
    return code


def _prove_not_the_plate(plate: PlateSequence, delivery: Delivery) -> None:
    plates = {plate.path(number).resolve() for number in plate.frames}
    for path in (delivery.out.path(number, view) for number in plate.frames for view in delivery.views):
        if path.resolve() in plates:
            raise OutputError("the output is the plate itself", where=str(path), remedy="name another output")


def whole_of(args: argparse.Namespace, job: Job) -> PlateSequence:
    """The whole sequence, whatever frames are asked: a frame must not depend on the chunk it is rendered in."""
    found = PlateSequence.open(args.plate, view=job.plate.view, layer=job.plate.layer, start=args.start)
    return replace(found, depth=job.plate.depth)


def in_shot(job: Job, shot: Shot | None, whole: PlateSequence) -> Job:
    """The job with its shot, and with the windows that its frames have in common."""
    canvas = canvas_in(shot) if shot else None
    if canvas is None and (common := canvas_of(whole)) is not None:
        # Frames on their own lie on no canvas; that they show one picture is proved all the same.
        canvas = Canvas(common.display)
    return replace(job, shot=shot, canvas=canvas)


def _record(args: argparse.Namespace, identity: Mapping[str, Any]) -> RenderRecord:
    """What is asked, for `art3d status`."""
    words = words_of(args, sys.modules[__name__], without=("frames", "json", "openjd", "expect", "server", "overwrite"))
    return RenderRecord([args.plate, *words], os.getcwd(), identity)


def shot_of(args: argparse.Namespace, job: Job, client: Client) -> Shot | None:
    """The shot that the frames belong to: the named one, or for a sequence the one kept beside the output.

    Raises:
        ShotError: a named shot file that does not serve this render.
    """
    if args.shot == "none" or job.settings.style == "given":
        return None
    if args.shot != "auto":
        return open_shot(Path(args.shot), job.plate, job.settings)
    whole = whole_of(args, job)
    if len(whole.frames) < 2:
        return None

    def make() -> Shot:
        space, later = job.input_space, job.plate.frames
        return make_shot(
            whole, client, job.settings, Plan(), input_space=space, strict=False, plates=job.kept, later=later
        )

    ready = {str(source["name"]) for source in client.welcome.depth_sources if source.get("ready", True)}
    out = Pattern.parse(args.beside) if args.beside else job.out
    path = beside(out.path(0, "left"), args.plate)
    look = partial(looked_at, whole, job.input_space, job.kept)
    return kept_shot(path, job.plate, job.settings, make, look=look, ready=ready)


def job_of(args: argparse.Namespace) -> Job:
    """The batch that a command line describes.

    Raises:
        BadInputError: a value that cannot be used.
    """
    validate_choices(args)
    whole, hero = settle_hero(PlateSequence.open(args.plate, view=args.view, start=args.start), args.hero)
    clean = clean_plate_of(args, whole.view) if args.clean_plate else None
    if clean is None and args.fill == "clean-plate":
        raise BadInputError("no clean plate is named", where="--fill clean-plate", remedy="name it with --clean-plate")
    asked = PlateSequence.open(args.plate, frames=frames_of(args), view=whole.view, layer=args.layer, start=args.start)
    plate, source = with_depth(asked, args.depth, args.depth_channel, hero="" if hero == "none" else hero)
    reviews = {"anaglyph": args.anaglyph, "disparity": args.disparity_image}
    return Job(
        plate=plate,
        out=Pattern.parse(args.out),
        settings=replace(settings_of(args), depth=source),
        controls=replace(controls_of(args), hero=hero),
        writing=Writing(art3d_version(), layers_of(args.layers), args.compression),
        reviews={name: Pattern.parse(text) for name, text in reviews.items() if text},
        script=load_depth_script(args.controls) if args.controls else None,
        clean_plate=clean,
        input_space=colour.validate_space(args.input_space) if args.input_space else None,
        missing=args.missing,
        overwrite=args.overwrite,
    )


def clean_plate_of(args: argparse.Namespace, view: str) -> PlateSequence:
    """The clean plate, of the plate's own view where it has that one."""
    named = Pattern.parse(args.clean_plate).has_view
    return settle_hero(PlateSequence.open(args.clean_plate, view=view if named else args.view), view or None)[0]


def notes_of(plate: Plate, job: Job, frames: str | None) -> tuple[str, ...]:
    """What was chosen for a person who did not say, a line each."""
    hero, said = job.controls.hero, list(plate.choices)
    if hero == plate.view == "right":
        said.append(f"the hero eye is {hero}, as the plate is; --hero names another")
    if hero == "none" and plate.unmoved:
        said.append(f"left out, since no eye is the plate itself: {', '.join(plate.unmoved)}; --hero left keeps them")
    there = job.plate.frames
    if frames is None and len(there) > 1 and (step := there[1] - there[0]) > 1:
        span = f"{there[0]}-{there[-1]}"
        said.append(
            f"frames {span}x{step}: those between have no files and are not missed; --frames {span} misses them"
        )
    return tuple(said)


def layers_of(text: str) -> tuple[str, ...]:
    """The analysis layers of a comma-separated list, in table order.

    Raises:
        BadInputError: one that does not exist.
    """
    asked = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(asked - set(LAYERS))
    if unknown:
        raise BadInputError(f"no layer {unknown[0]!r}", where="--layers", remedy=f"choose of: {', '.join(LAYERS)}")
    return tuple(name for name in LAYERS if name in asked)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """A polite kill ends the batch as Ctrl-C does: what is being written is finished."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
