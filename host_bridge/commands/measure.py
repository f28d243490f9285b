"""`art3d measure`: the figures of stereo, anybody's, and whether a pipeline should stop."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from host_bridge.client import Client
from host_bridge.commands.warp import view_of
from host_bridge.core.atomic import replacing
from host_bridge.core.bars import display_codes, find_bars
from host_bridge.core.errors import EXIT_FAULTS, EXIT_OK, EXIT_SOME_FRAMES, Art3DError, BadInputError, PlateError
from host_bridge.core.frame import Array, narrowed
from host_bridge.core.geometry import Box
from host_bridge.io.outputs import validate_apart
from host_bridge.io.outputs.result import on_window
from host_bridge.io.plates import Plate, PlateSequence, read_plate
from host_bridge.io.plates.disparity import find_disparity, read_disparity
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.guard import first_bytes
from host_bridge.io.windows import relaid
from host_bridge.review import faults
from host_bridge.review.measuring import SIDE_PX, Measured, Record, flat, summary
from host_bridge.review.packing import LAYOUTS
from host_bridge.review.pair import Pair
from host_bridge.review.source import ALIKE, StereoSource, open_stereo, paired
from host_bridge.review.targets import TARGETS, Target
from host_bridge.shot.file import load_shot

NAME = "measure"
HELP = "judge stereo, anybody's: parallax, eyes that differ or are swapped, windows, comfort, as JSON and CSV"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One or two pictures, movies or sequences, and what to compare them with."""
    parser.add_argument(
        "left", metavar="LEFT", help="left view, or what holds both: a multi-view EXR, %%V, a packed picture or movie"
    )
    parser.add_argument("right", nargs="?", metavar="RIGHT", help="right view; of a multi-view EXR, its right view")
    parser.add_argument("--layout", default="", metavar="|".join(LAYOUTS), help="how one picture holds both eyes")
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    parser.add_argument("--input-space", metavar="NAME", help="colour space of the views; default: their own tag")
    parser.add_argument("--shot", type=Path, metavar="FILE", help="shot file with the cuts; default: they are found")
    parser.add_argument("--reference", metavar="R", help="of one frame, the true right view: gives psnr_db, ssim, siou")
    parser.add_argument(
        "--disparity", metavar="D", help="of one frame: EXR with disparityR.x, or .npy or .pfm of x_L − x_R"
    )
    parser.add_argument("--jsonl", type=Path, metavar="FILE", help="write a line of JSON for each frame")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a row for each frame")
    parser.add_argument(
        "--target", default="cinema", metavar="LIST", help=f"screens of: {', '.join(t.id for t in TARGETS)}; or all"
    )
    parser.add_argument(
        "--fail-on", metavar="LIST", help=f"exit 5 on: any, {', '.join(faults.FAULTS)}, also NAME=LIMIT"
    )
    parser.add_argument(
        "--server", metavar="ADDRESS", help="compute server; default: this user's own, started when needed"
    )


def run(args: argparse.Namespace) -> int:
    """Carries the command out; 5 where a fault of --fail-on is found, else 4 where a frame cannot be read."""
    wanted = faults.parse_faults(args.fail_on)
    limits = {name: limit for name, (limit, _) in faults.FAULTS.items()} | wanted
    source = _source(args)
    read = {Path(name) for name in (args.reference, args.disparity) if name}
    validate_apart(filter(None, (args.jsonl, args.csv)), read.union(source.left.known_files, source.right.known_files))
    measured = Measured(_targets(args.target), limits, _cuts(args.shot))
    failed: dict[int, Art3DError] = {}
    with Client(args.server) as client, _written(measured, args):
        for number in source.numbers:
            try:
                pair, more = source.read(number, side_px=SIDE_PX), None
                if args.reference or args.disparity:
                    pair, more = _compared(pair, client, args)
                measured.add(pair, client, more)
            except PlateError as error:
                failed[number] = error
    records = measured.records()
    if not records:
        raise next(iter(failed.values()))
    for number, reason in failed.items():
        print(f"art3d: frame {number}: {reason}", file=sys.stderr)
    if source.lacking:
        print(f"art3d: {source.name}: {source.lacking_text}", file=sys.stderr)
    print(json.dumps({"left": args.left, "right": args.right, **_answer(measured, records, args)}, indent=1))
    if any(set(record["faults"]) & wanted.keys() for record in records):
        return EXIT_FAULTS
    return EXIT_SOME_FRAMES if failed or source.lacking else EXIT_OK


def _answer(measured: Measured, records: Sequence[Record], args: argparse.Namespace) -> Record:
    """The summary; of one frame, its own figures."""
    if len(records) > 1:
        return summary(records, measured.verdicts())
    return {"reference": args.reference, **records[0], "comfort": measured.verdicts()}


@contextmanager
def _written(measured: Measured, args: argparse.Namespace) -> Iterator[None]:
    """Whatever ends the run, the frames that were measured are written."""
    try:
        yield
    finally:
        records = measured.records()
        if args.jsonl is not None:
            with replacing(args.jsonl) as temporary:
                temporary.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        if args.csv is not None:
            with replacing(args.csv) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
                rows = flat(records)
                writer = csv.DictWriter(file, dict.fromkeys(name for row in rows for name in row) or ["frame"])
                writer.writeheader()
                writer.writerows(rows)


def _source(args: argparse.Namespace) -> StereoSource:
    """What the words name; a multi-view EXR may be named once or twice."""
    options: dict[str, Any] = {"frames": args.frames, "input_space": args.input_space}
    if args.right is None:
        source = open_stereo(args.left, layout=args.layout, **options)
    else:
        if args.layout:
            raise BadInputError("one picture holds both eyes, or two do", where="--layout", remedy="name one file")
        eyes = [PlateSequence.open(str(path), frames=args.frames) for path in (args.left, args.right)]
        named = [
            replace(eye, view=view_of(_first(eye), name)) if eye.film is None else eye
            for eye, name in zip(eyes, ("left", "right"), strict=True)
        ]
        source = StereoSource(Path(args.left).name, *paired(named[0], named[1]), input_space=args.input_space)
    if not source.numbers:
        raise BadInputError(f"no frame has both eyes: {source.lacking_text}", where=args.left, remedy=ALIKE)
    if (args.reference or args.disparity) and len(source.numbers) > 1:
        raise BadInputError(
            "--reference and --disparity are of one frame", where=args.left, remedy="name one, or leave them out"
        )
    return source


def _cuts(path: Path | None) -> Sequence[int] | None:
    return None if path is None else load_shot(path).cuts


def _first(sequence: PlateSequence) -> Path:
    return sequence.path(next(n for n in sequence.frames if n not in sequence.missing))


def _targets(text: str) -> list[Target]:
    by_id = {target.id: target for target in TARGETS}
    names = list(by_id) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in by_id]
    if unknown or not names:
        raise BadInputError(
            f"no target {', '.join(unknown) or text!r}", where="--target", remedy=f"there are all, {', '.join(by_id)}"
        )
    return [by_id[name] for name in names]


def _compared(pair: Pair, client: Client, args: argparse.Namespace) -> tuple[Pair, dict[str, Any]]:
    """One frame against a reference or with a disparity of its own, both at their full size."""
    layers, data, display = layers_of(
        Path(args.left), Path(args.right or args.left), _path(args.reference), _path(args.disparity)
    )
    if "disparity" in layers:
        across = relaid(layers["disparity"][..., 0], data, display, np.nan)
        pair = replace(pair, parallax=np.asarray(across * np.float32(-100.0 / display.width), np.float32))
        picture = find_bars(display_codes(layers["left"])).inside(data)
        # The server takes what it finds inside the bars for the whole width.
        share = np.float32(picture.width / narrowed(display, data, picture).width)
        layers["disparity"] = layers["disparity"] * share
    return pair, dict(client.measure(layers))


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def layers_of(
    left: Path, right: Path, reference: Path | None, disparity: Path | None
) -> tuple[dict[str, Array], Box, Box]:
    """What `Client.measure` takes, where the left picture has pixels, and its windows; integers are code values 0..1.

    Returns:
        The layers, what they cover, and the left picture's display window. Disparity that no file tells is NaN.

    Raises:
        PlateError: a file that cannot be read, or pictures of different sizes.
    """
    first = read_plate(left, view=view_of(left, "left"), linear=False)
    display, data = first.frame.display, first.frame.data
    shown = data.intersect(display)
    layers = {
        "left": _shown(first, first),
        "right": _shown(read_plate(right, view=view_of(right, "right"), linear=False), first),
    }
    if reference is not None:
        layers["reference"] = _shown(read_plate(reference, view=view_of(reference, "right"), linear=False), first)
    if disparity is None and first_bytes(left, 4) == MAGIC and find_disparity(open_exr(left), "left"):
        disparity = left
    if disparity is not None:
        layers["disparity"] = relaid(read_disparity(disparity, "left", data, display, outside=np.nan), data, shown)
    return layers, shown, display


def _shown(plate: Plate, first: Plate) -> Array:
    display = first.frame.display
    if (plate.frame.display.width, plate.frame.display.height) != (display.width, display.height):
        raise PlateError(
            f"the picture is {plate.frame.display.width}×{plate.frame.display.height} px, the left view "
            f"{display.width}×{display.height}",
            where=str(plate.path),
            remedy="compare pictures of one size",
        )
    own, other = plate.frame.display, plate.frame.data
    # Display windows may lie elsewhere: pictures meet at their corners.
    data = other.shift(display.x0 - own.x0, display.y0 - own.y0)
    return on_window(plate.frame.layers["color"], data, first.frame.data.intersect(display))
