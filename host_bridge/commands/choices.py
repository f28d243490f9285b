"""Options with a few words or a range of numbers to choose from, which several commands share."""

from __future__ import annotations

import argparse

from host_bridge.core.errors import BadInputError
from host_bridge.io.outputs import COMPRESSIONS

MISSING = ("error", "skip", "hold")


def add_compression(parser: argparse.ArgumentParser) -> None:
    """Declares how EXRs are packed; `validate_choices` looks at the word."""
    parser.add_argument(
        "--compression",
        default="auto",
        metavar="|".join(COMPRESSIONS),
        help="of the EXRs; auto: ZIP for pictures, PXR24 (24 of 32 bits) for disparity and layers (default)",
    )


def add_picture(parser: argparse.ArgumentParser) -> None:
    """Declares which of the pictures in a plate is staged."""
    parser.add_argument("--view", default="", metavar="NAME", help="view of the plate; default: its first")
    parser.add_argument(
        "--layer", default="", metavar="NAME", help="layer or part of an EXR that is the picture; default: its beauty"
    )
    parser.add_argument(
        "--start", type=int, metavar="N", help="number of a movie's first frame; default: its timecode's, else 1"
    )


def add_depth_channel(parser: argparse.ArgumentParser) -> None:
    """Declares which channel of the plate, or of the pictures that `--depth` names, is depth."""
    parser.add_argument(
        "--depth-channel", default="", metavar="NAME", help="channel that holds depth; default: its usual names"
    )


def add_missing(
    parser: argparse.ArgumentParser, help_text: str = "what a frame without a readable plate becomes (default error)"
) -> None:
    """Declares what becomes of frames without a plate."""
    parser.add_argument("--missing", default="error", metavar="|".join(MISSING), help=help_text)


def add_farm(parser: argparse.ArgumentParser) -> None:
    """Declares what a farm's tasks say besides; `farm_task` reads it."""
    parser.add_argument("--openjd", action="store_true", help="print lines that an Open Job Description farm reads")
    parser.add_argument(
        "--expect", default="", metavar="JSON", help="what `art3d submit` recorded; anything else here stops the task"
    )


def validate_choices(args: argparse.Namespace) -> None:
    """Refuses a word that is not known, of those of this module's options that the command has.

    Raises:
        BadInputError: names the flag, the word and what there is.
    """
    for flag, choices in (("--missing", MISSING), ("--compression", tuple(COMPRESSIONS))):
        value = vars(args).get(flag.lstrip("-"), choices[0])
        if value not in choices:
            raise BadInputError(f"{value!r} is not a choice", where=flag, remedy=f"choose one of: {', '.join(choices)}")


def validate_number(flag: str, value: float, least: float, most: float) -> None:
    """Refuses a number that means nothing, rather than taking another in its place.

    Raises:
        BadInputError: it is NaN, or not from `least` to `most`.
    """
    if not least <= value <= most:
        raise BadInputError(f"{value:g} is not usable", where=flag, remedy=f"give {least:g} to {most:g}")
