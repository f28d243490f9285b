"""`art3d measure`: the figures of a stereo pair as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from host_bridge.client import Client
from host_bridge.commands.warp import view_of
from host_bridge.core.errors import EXIT_OK, PlateError
from host_bridge.core.frame import Array
from host_bridge.io.outputs.result import on_window
from host_bridge.io.plates import Plate, read_plate
from host_bridge.io.plates.disparity import find_disparity, read_disparity
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.guard import first_bytes

NAME = "measure"
HELP = "PSNR, SSIM, SIoU, parallax and depth-budget verdict of a pair, as JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Two views, and what to compare them with."""
    parser.add_argument("left", metavar="LEFT", help="left view; of a multi-view EXR, its left view")
    parser.add_argument("right", metavar="RIGHT", help="right view; of a multi-view EXR, its right view")
    parser.add_argument("--reference", metavar="R", help="the true right view: gives psnr_db, ssim, siou")
    parser.add_argument(
        "--disparity", metavar="D", help="EXR with disparityR.x, or .npy or .pfm of x_L − x_R; default: LEFT's own"
    )
    parser.add_argument(
        "--server", metavar="ADDRESS", help="compute server; default: this user's own, started when needed"
    )


def run(args: argparse.Namespace) -> int:
    """Carries the command out; returns the exit code."""
    layers = layers_of(Path(args.left), Path(args.right), _path(args.reference), _path(args.disparity))
    with Client(args.server) as client:
        figures = client.measure(layers)
    print(json.dumps({"left": args.left, "right": args.right, "reference": args.reference, **figures}, indent=1))
    return EXIT_OK


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def layers_of(left: Path, right: Path, reference: Path | None, disparity: Path | None) -> dict[str, Array]:
    """What `Client.measure` takes: everything over the left picture's display window, integers as code values 0..1.

    Raises:
        PlateError: a file that cannot be read, or pictures of different sizes.
    """
    first = read_plate(left, view=view_of(left, "left"), linear=False)
    display = first.frame.display
    layers = {
        "left": _shown(first, first),
        "right": _shown(read_plate(right, view=view_of(right, "right"), linear=False), first),
    }
    if reference is not None:
        layers["reference"] = _shown(read_plate(reference, view=view_of(reference, "right"), linear=False), first)
    if disparity is None and first_bytes(left, 4) == MAGIC and find_disparity(open_exr(left), "left"):
        disparity = left
    if disparity is not None:
        layers["disparity"] = read_disparity(disparity, "left", display, display)
    return layers


def _shown(plate: Plate, first: Plate) -> Array:
    display = first.frame.display
    if (plate.frame.display.width, plate.frame.display.height) != (display.width, display.height):
        raise PlateError(
            f"the picture is {plate.frame.display.width}×{plate.frame.display.height} px, the left view "
            f"{display.width}×{display.height}",
            where=str(plate.path),
            remedy="compare pictures of one size",
        )
    return on_window(plate.frame.layers["color"], plate.frame.data, plate.frame.display)
