"""`art3d analyse PLATE -o SHOT.art3d`: one pass over a shot, and what it fixes."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.client import Client
from host_bridge.errors import EXIT_OK, EXIT_SOME_FRAMES, MissingFrameError, PlateError
from host_bridge.farm import lines
from host_bridge.frame import Frame
from host_bridge.params import KNOBS
from host_bridge.plates import PlateSequence, read_plate
from host_bridge.shot.file import Shot, save_shot
from host_bridge.shot.survey import Plan, survey
from host_bridge.wire.messages import AnalysisSettings

NAME = "analyse"
HELP = "Analyse a shot once: cuts, normalisation, smoothed s and t, a suggestion for the depth budget."
ANALYSIS_KNOBS = ("style", "depth", "z_meaning")
_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("plate", help="plate, such as plate.####.exr")
    parser.add_argument("-o", "--out", type=Path, required=True, help="shot file to write, such as shot.art3d")
    parser.add_argument("--frames", help="frame range; by default all that are on disk")
    parser.add_argument("--view", default="", help="view of the plate")
    parser.add_argument("--input-space", help="colour space of the plate")
    parser.add_argument("--missing", choices=("error", "skip", "hold"), default="error")
    parser.add_argument("--smooth", type=float, default=Plan.smooth, help="frames of smoothing (default %(default)g)")
    parser.add_argument("--steady", type=int, default=Plan.steady, help="neighbours that steady network depth")
    parser.add_argument("--handover", type=int, default=Plan.handover, help="frames of zero-plane hand-over at a cut")
    parser.add_argument("--server", default=os.environ.get("ART3D_SERVER"), help="compute server; default our own")
    parser.add_argument("--openjd", action="store_true", help="print lines that an Open Job Description farm reads")
    for knob in KNOBS:
        if knob.name in ANALYSIS_KNOBS:
            parser.add_argument(knob.flag, dest=knob.name, default=knob.default, help=knob.help)


def run(args: argparse.Namespace) -> int:
    """Analyses and writes the shot file; exit 4 when frames were missing and that was allowed."""
    sequence = PlateSequence.open(args.plate, frames=args.frames, view=args.view)
    plan = Plan(smooth=max(0.1, args.smooth), handover=max(0, args.handover), steady=max(0, args.steady))
    shot = analyse(sequence, plan, args)
    save_shot(shot, args.out)
    for reason in shot.reasons:
        print(f"- {reason}")
    print(f"wrote {args.out}: {len(shot.frames)} frames, depth {shot.depth_source}, style {shot.style}")
    return EXIT_SOME_FRAMES if shot.missing and args.missing != "skip" else EXIT_OK


def analyse(sequence: PlateSequence, plan: Plan, args: argparse.Namespace) -> Shot:
    """The shot analysis of a sequence through a compute server.

    Raises:
        MissingFrameError: a frame has no file and `--missing error` was asked.
        Art3DError: as `survey` and the client.
    """
    for knob in KNOBS:
        if knob.name in ANALYSIS_KNOBS:
            knob.check(getattr(args, knob.name))
    if sequence.missing and args.missing == "error":
        first = min(sequence.missing)
        raise MissingFrameError(
            f"{len(sequence.missing)} frames have no file, the first is {first}",
            where=str(sequence.path(first)),
            remedy="render them, or allow it with --missing skip or --missing hold",
        )
    settings = AnalysisSettings(depth=args.depth, style=args.style, z_meaning=args.z_meaning)
    bad: list[int] = sorted(sequence.missing)
    columns = (TextColumn("analyse"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Client(args.server) as client, Progress(*columns, disable=args.openjd, transient=True) as bar:
        task = bar.add_task("analyse", total=len(sequence.frames))
        count = 0

        def done(_: int) -> None:
            nonlocal count
            count += 1
            bar.advance(task)
            if args.openjd:
                print(lines.progress(count, len(sequence.frames)), flush=True)

        frames = _frames(sequence, args, bad)
        return survey(frames, client, settings, plan, plate=args.plate, missing=bad, done=done)


def _frames(sequence: PlateSequence, args: argparse.Namespace, bad: list[int]) -> Iterator[tuple[int, Frame]]:
    """Frames in order; with `--missing` other than error, one that cannot be read is noted and left out."""
    for number in sequence.frames:
        if number in sequence.missing:
            continue
        try:
            plate = read_plate(sequence.path(number), number=number, view=sequence.view, input_space=args.input_space)
        except PlateError as error:
            if args.missing == "error":
                raise
            _log.warning("%s", error)
            bad.append(number)
            continue
        yield number, plate.frame
