"""`art3d submit PLATE -o OUT --bundle DIR`: a job bundle that any Open Job Description farm runs."""

from __future__ import annotations

import argparse
from pathlib import Path

import fileseq

from host_bridge.commands.choices import add_compression, add_missing, check_choices
from host_bridge.depth_script import load_depth_script
from host_bridge.errors import EXIT_OK
from host_bridge.farm.bundle import ShotJob, shot_bundle, write_bundle
from host_bridge.knob_options import SETTINGS
from host_bridge.params import KNOBS
from host_bridge.plates import PlateSequence

NAME = "submit"
HELP = "Write an Open Job Description bundle: analyse the shot, then render it in chunks."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("plate", help="plate, such as plate.####.exr")
    parser.add_argument("-o", "--out", required=True, help="output, such as stereo.####.exr")
    parser.add_argument("--bundle", type=Path, required=True, help="folder to write the bundle to")
    parser.add_argument("--frames", help="frame range, such as 1001-1100; by default all that are on disk")
    parser.add_argument("--chunk", type=int, default=10, help="frames a task should take (default %(default)s)")
    parser.add_argument("--shot", type=Path, help="shot file; by default beside the output")
    parser.add_argument("--gpu", action="store_true", help="ask for hosts with a GPU")
    parser.add_argument("--view", default="", help="view of the plate")
    parser.add_argument("--input-space", help="colour space of the plate")
    parser.add_argument("--layers", help="float layers to add, as of `art3d render`")
    add_compression(parser)
    parser.add_argument("--controls", type=Path, help="a depth script: knobs that change over frames")
    add_missing(parser)
    for knob in KNOBS:
        if knob.kind == "bool":
            parser.add_argument(knob.flag, dest=knob.name, action="store_true", help=knob.help)
        else:
            parser.add_argument(knob.flag, dest=knob.name, help=knob.help)


def run(args: argparse.Namespace) -> int:
    """Writes the bundle and says how to run it."""
    check_choices(args)
    sequence = PlateSequence.open(args.plate, frames=args.frames, view=args.view)
    common, render = _options(args)
    job = ShotJob(
        plate=Path(args.plate),
        out=Path(args.out),
        shot=args.shot or Path(args.out).parent / (Path(args.plate).name.partition(".")[0] + ".art3d"),
        frames=str(fileseq.FrameSet(sequence.frames)),
        chunk=args.chunk,
        options=(*common, *render),
        analyse_options=common,
        controls=args.controls,
        gpu=args.gpu,
    )
    write_bundle(args.bundle, *shot_bundle(job))
    template, values = args.bundle / "template.json", args.bundle / "parameters.json"
    print(f"wrote {args.bundle}: {len(sequence.frames)} frames, chunks of {args.chunk}")
    print(f"check  openjd check {template}")
    print(f"run    openjd run {template} --step Render --run-dependencies -p file://{values}")
    return EXIT_OK


def _options(args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words for both steps, and words for rendering alone; every value is proved here, not on the farm."""
    common: list[str] = ["--missing", args.missing]
    render: list[str] = []
    for flag, value in (("--view", args.view), ("--input-space", args.input_space)):
        common += [flag, value] if value else []
    render += ["--layers", args.layers] if args.layers else []
    render += ["--compression", args.compression] if args.compression != "auto" else []
    if args.controls:
        load_depth_script(args.controls)
    for knob in KNOBS:
        value = getattr(args, knob.name)
        if value is None or value is False:
            continue
        words = common if knob.name in SETTINGS else render
        words += [knob.flag] if knob.kind == "bool" else [knob.flag, str(knob.check(value))]
    return tuple(common), tuple(render)
