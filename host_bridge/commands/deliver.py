"""`art3d deliver STEREO -o OUT`: stereo as pictures or movies, for whoever watches it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_bridge.commands.render import stoppable
from host_bridge.core.errors import EXIT_OK, EXIT_SOME_FRAMES, Art3DError, BadInputError, OutputError
from host_bridge.core.frame import Array
from host_bridge.core.recipe import art3d_version
from host_bridge.deliver.movie import write_movie
from host_bridge.deliver.plan import CODECS, Delivery, plan
from host_bridge.io.outputs import write_picture
from host_bridge.review.packing import LAYOUTS, pack
from host_bridge.review.source import StereoSource, open_stereo

NAME = "deliver"
HELP = "stereo as pictures or movies: eyes apart or packed, through a display transform"
DEEP = (".png", ".tif", ".tiff", ".dpx")
WRITERS = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Stereo in, and what comes out."""
    parser.add_argument("stereo", metavar="STEREO", help="as of `art3d review`: stereo.####.exr, view.%%V.####.png, …")
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT",
        help="shot_%%V.####.png, shot_LR.####.tif, shot_Full_SBS.mp4, shot_TB.mov …; %%V keeps the eyes apart",
    )  # fmt: skip
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    parser.add_argument(
        "--layout", default="", metavar="|".join(LAYOUTS), help="default: what OUT's name tells, or sbs"
    )
    parser.add_argument("--in-layout", default="", metavar="LAYOUT", help="how one picture of STEREO holds both eyes")
    parser.add_argument("--codec", default="", metavar="|".join(CODECS), help="default: h264; in .mov prores")
    parser.add_argument("--fps", type=float, metavar="N", help="of a movie; default: STEREO's own, else 24")
    parser.add_argument("--quality", type=int, default=16, metavar="N", help="of h264: 0 to 51, lower is better (16)")
    parser.add_argument("--audio", type=Path, metavar="FILE", help="whose sound is copied; default: STEREO's own")
    parser.add_argument("--input-space", metavar="NAME", help="colour space of the views; default: their own tag")
    parser.add_argument("--display", default="", metavar="NAME", help="of the colour config; default: its first")
    parser.add_argument("--display-view", default="", metavar="NAME", help="default: un-tone-mapped where there is one")
    parser.add_argument("--overwrite", action="store_true", help="make pictures again that are there")


def run(args: argparse.Namespace) -> int:
    """Delivers; what is there already is kept, and a stopped movie goes on.

    Returns 4 where some pictures failed; they are named.

    Raises:
        BadInputError: an output that does not fit its input.
    """
    source = open_stereo(args.stereo, layout=args.in_layout, frames=args.frames, input_space=args.input_space)
    numbers = source.numbers
    pattern, layout, codec = plan(args.out, layout=args.layout, codec=args.codec, frames=len(numbers))
    film = source.left.film
    fps = args.fps or (float(film.rate) if film else 24.0)
    if not 1 <= fps <= 240 or not 0 <= args.quality <= 51:
        raise BadInputError(f"{fps:g} frames a second at quality {args.quality}", where="--fps, --quality",
                            remedy="give 1 to 240, and 0 to 51")  # fmt: skip
    audio = args.audio or (film.path if film else None)
    delivery = Delivery(pattern, layout, codec, fps, args.quality, args.display, args.display_view, audio)
    _prove_apart(source, delivery)
    columns = (TextColumn("deliver"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with stoppable(), Progress(*columns, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("deliver", total=len(numbers) * len(delivery.views))
        failed = _movies(source, delivery, partial(bar.advance, task)) if codec else _pictures(
            source, delivery, args.overwrite, partial(bar.advance, task))  # fmt: skip
    for number, error in failed.items():
        print(f"art3d: frame {number}: {error}", file=sys.stderr)
    print(f"{len(numbers) - len(failed)} frames to {args.out}")
    return EXIT_SOME_FRAMES if failed else EXIT_OK


def _prove_apart(source: StereoSource, delivery: Delivery) -> None:
    sources = {sequence.path(n).resolve() for sequence in (source.left, source.right) for n in source.numbers}
    for number in source.numbers:
        for view in delivery.views:
            if delivery.out.path(number, view).resolve() in sources:
                raise OutputError(
                    "the output is the input itself", where=delivery.out.text, remedy="name another output"
                )


def _picture(source: StereoSource, delivery: Delivery, number: int, view: str) -> Array:
    """One delivered picture, (rows, columns, 3) float32 in 0..1."""
    left, right = source.shown(number, display=delivery.display, view=delivery.view)
    if delivery.layout:
        return pack(left, right, delivery.layout)
    return left if view == "left" else right


def _levels(values: Array, most: int) -> Array:
    return (values * most + 0.5).astype(np.uint8 if most == 255 else np.uint16)


def _movies(source: StereoSource, delivery: Delivery, done: Callable[[], None]) -> dict[int, Art3DError]:
    identity = {
        "version": art3d_version(),
        "eyes": [source.content(number) for number in source.numbers],
        "space": source.input_space,
    }
    for view in delivery.views:

        def picture(number: int, view: str = view) -> Array:
            done()
            return _levels(_picture(source, delivery, number, view), 65535)

        write_movie(delivery.out.path(0, view), source.numbers, picture, delivery, identity={**identity, "view": view})
    return {}


def _pictures(
    source: StereoSource, delivery: Delivery, overwrite: bool, done: Callable[[], None]
) -> dict[int, Art3DError]:
    failed: dict[int, Art3DError] = {}

    def make(number: int) -> None:
        for view in delivery.views:
            path = delivery.out.path(number, view)
            if overwrite or not path.is_file():
                values = _picture(source, delivery, number, view)
                write_picture(path, _levels(values, 65535 if path.suffix.lower() in DEEP else 255))
            done()

    with ThreadPoolExecutor(WRITERS, "art3d-deliver") as pool:
        for number, future in [(n, pool.submit(make, n)) for n in source.numbers]:
            try:
                future.result()
            except Art3DError as error:
                failed[number] = error
    if len(failed) == len(source.numbers):
        raise next(iter(failed.values()))
    return failed
