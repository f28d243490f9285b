"""`art3d analyse PLATE -o SHOT.art3d`: one pass over a shot, and what it fixes."""

from __future__ import annotations

import argparse
import contextlib
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.batch import openjd_lines
from host_bridge.batch.depth_script import load_depth_script
from host_bridge.batch.identity import identities, validate_expected
from host_bridge.client import Client
from host_bridge.commands.choices import (
    add_depth_channel,
    add_farm,
    add_missing,
    add_picture,
    validate_choices,
    validate_number,
)
from host_bridge.commands.knob_options import SETTINGS, add_knobs, settings_of
from host_bridge.core.errors import EXIT_OK, MissingFrameError, OutputError
from host_bridge.farm.ranges import frames_of
from host_bridge.io.colour import transforms as colour
from host_bridge.io.outputs import validate_apart
from host_bridge.io.plates import PlateSequence
from host_bridge.io.plates.depth_option import with_depth
from host_bridge.shot.edit_list import cuts_in
from host_bridge.shot.file import Shot, save_shot
from host_bridge.shot.make import Reading, make_shot
from host_bridge.shot.scenes import Cuts
from host_bridge.shot.style_mix import count_surveys, of_each_style
from host_bridge.shot.survey import Plan

NAME = "analyse"
MOST_NEIGHBOURS = 30
"""On each side: one request of a frame names it and all of them, of the 64 that a server takes."""
MOST_FRAMES = 10_000.0
HELP = "analyse a shot once: cuts, normalisation, smoothed s and t, a suggestion for the depth budget"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("plate", help="plate, such as plate.####.exr")
    parser.add_argument("-o", "--out", type=Path, required=True, help="shot file to write, such as shot.art3d")
    parser.add_argument("--frames", help="frame range; by default all that are on disk")
    add_picture(parser)
    add_depth_channel(parser)
    parser.add_argument("--input-space", help="colour space of the plate")
    parser.add_argument("--controls", type=Path, help="depth script; a style that changes over frames is analysed so")
    add_missing(parser, "skip and hold both leave a frame without a readable plate out, and the shot file names it")
    parser.add_argument("--smooth", type=float, default=Plan.smooth, help="frames of smoothing (default %(default)g)")
    parser.add_argument("--steady", type=int, default=Plan.steady, help="neighbours that steady network depth")
    parser.add_argument("--handover", type=int, default=Plan.handover, help="frames of zero-plane hand-over at a cut")
    parser.add_argument(
        "--cuts",
        type=Path,
        metavar="FILE",
        help="cuts in place of those found: frame numbers, one a line, or an .edl or .otio edit list",
    )
    parser.add_argument("--cuts-fps", type=float, metavar="N", help="rate of an .edl; default: a movie's own, else 24")
    parser.add_argument("--cut", type=int, action="append", default=[], metavar="FRAME", help="a scene begins here")
    parser.add_argument("--no-cut", type=int, action="append", default=[], metavar="FRAME", help="no scene begins here")
    parser.add_argument("--server", metavar="ADDRESS", help="compute server; default: this user's own")
    add_farm(parser)
    add_knobs(parser, SETTINGS)


def run(args: argparse.Namespace) -> int:
    """Analyses and writes the shot file; frames that `--missing` allows to be absent are no failure."""
    with openjd_lines.reporting(args.openjd):
        shot = _analyse(args)
        save_shot(shot, args.out)
    for reason in shot.reasons:
        print(f"- {reason}")
    print(f"wrote {args.out}: {len(shot.frames)} frames, depth {shot.depth_source}, style {shot.style}")
    return EXIT_OK


def _validate(args: argparse.Namespace) -> None:
    validate_choices(args)
    validate_number("--smooth", args.smooth, 0, MOST_FRAMES)
    validate_number("--handover", args.handover, 0, MOST_FRAMES)
    validate_number("--steady", args.steady, 0, MOST_NEIGHBOURS)
    if args.cuts_fps is not None:
        validate_number("--cuts-fps", args.cuts_fps, 1, 240)


def _validate_out(args: argparse.Namespace, sequence: PlateSequence) -> None:
    """Refuses to replace what is read, or a file that is no shot file: one wrong letter must not cost a comp.

    Raises:
        OutputError: the output is such a file.
    """
    others = [path for path in (args.controls, args.cuts) if path is not None]
    validate_apart([args.out], sequence.known_files.union(others))
    with contextlib.suppress(OSError), args.out.open("rb") as file:
        if file.read(1) not in (b"{", b""):
            raise OutputError("there is a file that is no shot file", where=str(args.out), remedy="name another output")


def _analyse(args: argparse.Namespace) -> Shot:
    _validate(args)
    input_space = colour.validate_space(args.input_space) if args.input_space else None
    sequence = PlateSequence.open(
        args.plate, frames=frames_of(args), view=args.view, layer=args.layer, start=args.start
    )
    sequence, source = with_depth(sequence, args.depth, args.depth_channel)
    _validate_out(args, sequence)
    settings = replace(settings_of(args), depth=source)
    if args.controls and (style := load_depth_script(args.controls).style):
        settings = replace(settings, style=style)
    cuts = Cuts(_listed(args, sequence), tuple(args.cut), tuple(args.no_cut))
    plan = Plan(args.smooth, args.handover, args.steady, cuts)
    if sequence.missing and args.missing == "error":
        first = sequence.absent(min(sequence.missing))
        raise MissingFrameError(
            f"{first.message}; {len(sequence.missing)} frames are missing",
            where=first.where,
            remedy="render them, or leave them out with --missing skip",
        )
    total = (len(sequence.frames) - len(sequence.missing)) * count_surveys(settings.style)
    columns = (TextColumn("analyse"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Client(args.server) as client, Progress(*columns, disable=args.openjd, transient=True) as bar:
        validate_expected(args.expect, identities(client, settings))
        task = bar.add_task("analyse", total=total)

        def done(_: int) -> None:
            bar.advance(task)
            if args.openjd:
                print(openjd_lines.progress(int(bar.tasks[0].completed), total), flush=True)

        def make_for(style: str) -> Shot:
            reading = Reading(input_space, strict=args.missing == "error")
            return make_shot(sequence, client, replace(settings, style=style), plan, reading, done=done)

        return of_each_style(settings.style, make_for)


def _listed(args: argparse.Namespace, sequence: PlateSequence) -> tuple[int, ...] | None:
    """The cuts of the list that was named; None without one."""
    if args.cuts is None:
        return None
    source_fps = float(sequence.film.rate) if sequence.film else 24.0
    fps = source_fps if args.cuts_fps is None else args.cuts_fps
    return cuts_in(args.cuts, first=min(sequence.frames), fps=fps)
