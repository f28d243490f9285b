"""`art3d deliver STEREO -o OUT`: stereo as pictures or movies, for whoever watches it."""

from __future__ import annotations

import argparse

from host_bridge.commands.delivery_options import add_delivery, deliver, delivery_of
from host_bridge.commands.render import stoppable
from host_bridge.review.source import open_stereo

NAME = "deliver"
HELP = "stereo as pictures or movies: eyes apart or packed, through a display transform"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Stereo in, and what comes out."""
    parser.add_argument("stereo", metavar="STEREO", help="as of `art3d review`: stereo.####.exr, view.%%V.####.png, …")
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT",
        help="shot_%%V.####.png, shot_LR.####.tif, shot_Full_SBS.mp4, shot_TB.mov …; %%V keeps the eyes apart",
    )  # fmt: skip
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    parser.add_argument("--in-layout", default="", metavar="LAYOUT", help="how one picture of STEREO holds both eyes")
    parser.add_argument("--input-space", metavar="NAME", help="colour space of the views; default: their own tag")
    parser.add_argument("--overwrite", action="store_true", help="make pictures again that are there")
    add_delivery(parser)


def run(args: argparse.Namespace) -> int:
    """Delivers; what is there already is kept, and a stopped movie goes on.

    Returns 4 where some pictures failed; they are named.

    Raises:
        BadInputError: an output that does not fit its input.
    """
    source = open_stereo(args.stereo, layout=args.in_layout, frames=args.frames, input_space=args.input_space)
    delivery = delivery_of(args, args.out, len(source.numbers), source.left)
    with stoppable():
        return deliver(source, delivery, overwrite=args.overwrite)
