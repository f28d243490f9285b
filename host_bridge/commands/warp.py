"""`art3d warp`: the new view from a disparity that someone else made."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from host_bridge.batch.ask import answer, ask
from host_bridge.batch.clean_plate import CleanPlate
from host_bridge.client import Client
from host_bridge.commands.choices import add_compression, validate_choices
from host_bridge.commands.knob_options import add_knobs, controls_of
from host_bridge.core.errors import EXIT_OK, BadInputError
from host_bridge.core.frame import Array
from host_bridge.core.params import Controls
from host_bridge.core.recipe import art3d_version
from host_bridge.io.outputs import Result, Writing, validate_apart, write_picture, write_view
from host_bridge.io.plates import Pattern, Plate, PlateSequence, read_plate
from host_bridge.io.plates.disparity import read_disparity
from host_bridge.io.plates.exr import MAGIC, open_exr
from host_bridge.io.plates.guard import first_bytes
from host_bridge.wire.settings import AnalysisSettings

NAME = "warp"
HELP = "make the other view from a disparity that you have"
OTHER_EYE = {"left": ("right",), "right": ("left",), "none": ("left", "right")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The view, the disparity, the new view."""
    parser.add_argument("left", metavar="LEFT", help="the view there is, the left one unless --hero says otherwise")
    parser.add_argument(
        "disparity", metavar="DISPARITY", help="EXR with disparityR.x, or .npy or .pfm of x_L − x_R in px"
    )
    parser.add_argument(
        "-o", "--out", required=True, metavar="RIGHT", help="the new view; its ending chooses the format"
    )
    add_knobs(parser, ("hero", "fill", "edges", "occlusion_to_alpha"))
    parser.add_argument(
        "--clean-plate", metavar="PLATE", help="frames that show what the plate hides, for --fill clean-plate"
    )
    parser.add_argument(
        "--clean-disparity",
        "--clean-depth",
        dest="clean_disparity",
        metavar="DISPARITY",
        help="disparity of the clean plate, as DISPARITY is that of LEFT",
    )
    add_compression(parser)
    parser.add_argument("--frames", metavar="RANGE", help="such as 1001-1010x2; default: all there are")
    parser.add_argument(
        "--server", metavar="ADDRESS", help="compute server; default: this user's own, started when needed"
    )


def run(args: argparse.Namespace) -> int:
    """Carries the command out; returns the exit code."""
    controls = replace(controls_of(args), depth_budget="none")  # a given disparity is not staged
    validate_choices(args)
    if args.compression != "auto" and not args.out.lower().endswith(".exr"):
        raise BadInputError("--compression applies to EXRs only", where="--compression",
                            remedy=f"leave it out for {args.out}, or write EXRs")  # fmt: skip
    writing = Writing(art3d_version(), compression=args.compression)
    plates = PlateSequence.open(
        args.left, frames=args.frames, view="left" if controls.hero == "none" else controls.hero
    )
    given = Given(Pattern.parse(args.disparity), *_clean_plate(args, controls))
    out = Pattern.parse(args.out)
    if controls.hero == "none" and not out.has_view:
        raise BadInputError("--hero none makes two views", where=args.out, remedy="write %V for the view")
    if len(plates.frames) > 1 and not out.numbered:
        raise BadInputError("several frames would share one file", where=args.out, remedy="write the frame as ####")
    eyes = OTHER_EYE[controls.hero]
    validate_apart((out.path(number, eye) for number in plates.frames for eye in eyes), given.inputs(plates))
    with Client(args.server) as client:
        for number in plates.frames:
            for path in warp_frame(client, plates, given, out, number, controls, writing):
                print(path)
    return EXIT_OK


@dataclass(frozen=True)
class Given:
    """What someone else made of the plates.

    Attributes:
        disparity: of each frame.
        clean_plate: what the plates hide, or None.
        clean_disparity: of that, or None.
    """

    disparity: Pattern
    clean_plate: CleanPlate | None = None
    clean_disparity: Pattern | None = None

    def inputs(self, plates: PlateSequence) -> set[Path]:
        """All files that are read."""
        patterns = [self.disparity, *([self.clean_disparity] if self.clean_disparity else [])]
        sources = (plates, *(self.clean_plate.sources if self.clean_plate else ()))
        named = {pattern.path(number) for pattern in patterns for number in plates.frames}
        return named.union(*(source.known_files for source in sources))

    def layers(self, plate: Plate, number: int, hero: str) -> dict[str, Array]:
        """The layers that they add to a frame: its disparity, the clean plate and that one's disparity.

        Raises:
            Art3DError: what cannot be read, or does not fit the plate.
        """

        def read(pattern: Pattern) -> Array:
            return read_disparity(pattern.path(number), hero, plate.frame.data, plate.frame.display)

        layers = {"disparity": read(self.disparity)}
        if self.clean_plate:
            layers.update(self.clean_plate.layers(plate, number))
        if self.clean_disparity:
            layers["clean_depth"] = read(self.clean_disparity)
        return layers


def _clean_plate(args: argparse.Namespace, controls: Controls) -> tuple[CleanPlate | None, Pattern | None]:
    if args.clean_plate:
        view = "left" if controls.hero == "none" else controls.hero
        own = Pattern.parse(args.clean_disparity) if args.clean_disparity else None
        return CleanPlate.open(args.clean_plate, view, view), own
    if args.clean_disparity or controls.fill == "clean-plate":
        where = "--clean-disparity" if args.clean_disparity else "--fill clean-plate"
        raise BadInputError("no clean plate is named", where=where, remedy="name it with --clean-plate")
    return None, None


def warp_frame(
    client: Client,
    plates: PlateSequence,
    given: Given,
    out: Pattern,
    number: int,
    controls: Controls,
    writing: Writing,
) -> list[Path]:
    """Makes and writes the new view, or both, of one frame; returns the files.

    Raises:
        Art3DError: what cannot be read, computed or written.
    """
    source = plates.path(number)
    if number in plates.missing:
        raise plates.absent(number)
    files = {eye: out.path(number, eye) for eye in OTHER_EYE[controls.hero]}
    plate = (
        plates.read(number) if plates.film else read_plate(source, number=number, view=view_of(source, controls.hero))
    )
    frame = plate.frame
    result = warped(client, plate, given.layers(plate, number, controls.hero), controls)
    for eye, path in files.items():
        if path.suffix.lower() == ".exr":
            write_view(path, result, eye, writing)
        else:
            write_picture(path, result.on_display(eye), channels=frame.channels)
    return list(files.values())


def view_of(path: Path, eye: str) -> str:
    """The view to take from a file: the eye's where the file has it, else its first."""
    if first_bytes(path, 4) != MAGIC:
        return ""
    return eye if eye in open_exr(path).views else ""


def warped(client: Client, plate: Plate, given: Mapping[str, Array], controls: Controls) -> Result:
    """The new view of a plate whose disparity is given.

    Args:
        client: the server.
        plate: the hero view.
        given: `disparity` (rows, columns, 1), x_L − x_R on the hero's grid, px, over the plate's data window; perhaps
            `clean_plate`, and `clean_depth`, the disparity of that.
        controls: hero, fill, edges, and whether a depth budget applies.

    Raises:
        Art3DError: as `Client.tile`.
    """
    frame = plate.frame
    layers = {name: array for name, array in frame.layers.items() if name not in ("look", "depth")}
    staged = replace(plate, frame=replace(frame, layers={**layers, **given}))
    disparity = given["disparity"]
    reach = float(np.abs(disparity[np.isfinite(disparity)]).max(initial=0.0))
    request = ask(client, staged, AnalysisSettings(style="given"), controls, reach_px=reach)
    return replace(answer(client, request), plate=plate)
