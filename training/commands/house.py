"""`art3d-train house`: makes the styles in the box again, each from a film of its own director on the stage.

Only words for the other commands stand here, so that each step can be run by hand and looked at.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from host_bridge.core.errors import EXIT_OK, BadInputError
from training.cli import build_parser

HELP = "shoot, curate and train the house styles"

STAGE = "--shots 32 --frames-per-shot 3 --width 512 --height 288"
# The stage's depth is true, so DDC-IoU judges the matcher alone, and finds less in a shallow film whatever its hand.
CURATE = "--depth sidecar --min-shot-frames 2 --per-shot 1 --min-ddc 0.6"
FIT = "--recipe quick --smoothness 0.6 --licence Apache-2.0"
TRAINING_DATA = "No film was used: a rehearsal on the stage, with the stage's own depth."
NOBODY = "--pop-out-share 0", "--local false"
STYLES = {"gentle": NOBODY, "immersive": NOBODY, "popout": ("--pop-out-share 0.7", "--local true")}
"""What differs, by style: on the stage, and in fitting. Without pop-outs in a film its local masks are only errors."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("styles", nargs="*", metavar="STYLE", help=f"{', '.join(STYLES)}; none named: all")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="films, shards and styles")
    parser.add_argument("--textures", type=Path, help="folder of photographs; without it surfaces are painted")
    parser.add_argument("--stage", default="", metavar="WORDS", help="further options of stage, in one string")
    parser.add_argument("--curate", default="", metavar="WORDS", help="further options of curate, in one string")
    parser.add_argument("--fit", default="", metavar="WORDS", help="further options of fit, in one string")


def run(args: argparse.Namespace) -> int:
    """Runs the three commands for each style, and shows them."""
    if unknown := [style for style in args.styles if style not in STYLES]:
        raise BadInputError(f"no house style {unknown[0]!r}", remedy=f"there are {', '.join(STYLES)}")
    for style in args.styles or STYLES:
        for words in steps(style, args):
            print(f"art3d-train {shlex.join(words)}")
            parsed = build_parser(words[:1]).parse_args(words)
            parsed.run(parsed)
    return EXIT_OK


def steps(style: str, args: argparse.Namespace) -> list[list[str]]:
    """The words of `stage`, `curate` and `fit` that make a style; later words win."""
    film, shards, style_file = (str(args.out / f"{style}{kind}") for kind in (".mp4", "", ".style"))
    textures = ["--textures", str(args.textures)] if args.textures else []
    staged, fitted = STYLES[style]
    return [
        ["stage", style, "-o", film, *textures, *_split(STAGE, staged, args.stage)],
        ["curate", film, "-o", shards, "--style", style, *_split(CURATE, args.curate)],
        ["fit", shards, "-o", style_file, "--training-data", TRAINING_DATA, *_split(FIT, fitted, args.fit)],
    ]


def _split(*words: str) -> list[str]:
    return [part for text in words for part in shlex.split(text)]
