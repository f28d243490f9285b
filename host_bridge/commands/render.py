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
from pathlib import Path
from types import FrameType
from typing import Any

from host_bridge.batch import openjd_lines, run_job
from host_bridge.batch.assemble import LAYERS, in_shot, job_of, notes_of
from host_bridge.batch.identity import identities, validate_expected
from host_bridge.batch.ledger import RenderRecord
from host_bridge.batch.memory_need import paced
from host_bridge.batch.options import RenderOptions
from host_bridge.batch.pace import FULL
from host_bridge.batch.progress import reporter_for
from host_bridge.client import Client
from host_bridge.client.address import named_address
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
from host_bridge.core.errors import EXIT_OK, BadInputError
from host_bridge.core.warm_memory import keep_freed_memory
from host_bridge.farm.ranges import frames_of
from host_bridge.io.outputs import validate_apart
from host_bridge.io.plates import PlateSequence
from host_bridge.shot.survey import Plan

NAME = "render"
HELP = "convert a plate sequence to stereo EXRs"


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
        "--clean-depth", metavar="PICTURES", help="depth of the clean plate, in the units of the plate's own"
    )
    parser.add_argument(
        "--sculpt-matte", metavar="PICTURES", help="matte of the frames: Local Sculpt acts where it is white"
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
        options = options_of(args)
        job = job_of(options)
        job.check()
        plate = job.check_readable()
        job, pace = replace(job, notes=notes_of(plate, job, args.frames)), FULL
        if named_address(args.server) is None:
            job, pace = paced(job, plate, neighbours=0 if args.shot == "none" else 2 * Plan().steady)
        reporter = reporter_for(as_json=args.json, farm=args.openjd)
        with stoppable(), Client(args.server) as client:
            identity = identities(client, job.settings)
            validate_expected(args.expect, identity)
            staged = in_shot(options, job, client)
            if staged.shot is None:
                staged.knobs(staged.plate.frames[0])  # a floating window that nobody decides fails here, not per frame
            return run_job(staged, client, reporter, record=_record(args, identity), pace=pace).exit_code


def _delivered(args: argparse.Namespace) -> int:
    """Renders into a hidden folder beside the output, delivers from there, and removes it once all is delivered."""
    from host_bridge.review.source import open_stereo

    if args.openjd:
        raise BadInputError("a farm's chunks are written as EXR", where=args.out, remedy="`art3d deliver` them after")
    plates = PlateSequence.open(args.plate, frames=args.frames, view=args.view, start=args.start)
    delivery = delivery_of(args, args.out, len(plates.frames), plates)
    files = (delivery.out.path(number, view) for number in plates.frames for view in delivery.views)
    validate_apart(dict.fromkeys(files), plates.known_files)
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


def _record(args: argparse.Namespace, identity: Mapping[str, Any]) -> RenderRecord:
    """What is asked, for `art3d status`."""
    words = words_of(args, sys.modules[__name__], without=("frames", "json", "openjd", "expect", "server", "overwrite"))
    return RenderRecord([args.plate, *words], os.getcwd(), identity)


def options_of(args: argparse.Namespace) -> RenderOptions:
    """What a command line asks for.

    Raises:
        BadInputError: a word or a knob's value that is not known.
    """
    validate_choices(args)
    return RenderOptions(
        plate=args.plate,
        out=args.out,
        settings=settings_of(args),
        controls=controls_of(args),
        frames=frames_of(args),
        view=args.view,
        layer=args.layer,
        start=args.start,
        hero=args.hero,
        depth_channel=args.depth_channel,
        clean_plate=args.clean_plate,
        clean_depth=args.clean_depth,
        sculpt_matte=args.sculpt_matte,
        input_space=args.input_space,
        layers=args.layers,
        compression=args.compression,
        anaglyph=args.anaglyph,
        disparity_image=args.disparity_image,
        script=args.controls,
        shot=args.shot,
        beside=args.beside,
        missing=args.missing,
        overwrite=args.overwrite,
    )


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
