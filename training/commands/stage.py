"""`art3d-train stage`: shoots a rehearsal film."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.commands.options import add_config, read_config
from training.stage.directors import DIRECTORS, director_named
from training.stage.film import FilmPlan, write_film
from training.stage.textures import Textures

HELP = "shoot a procedural stereo film by a known director"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("director", metavar="DIRECTOR", help=", ".join(DIRECTORS))
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILM.mp4")
    parser.add_argument("--textures", type=Path, help="folder of photographs; without it surfaces are painted")
    add_config(parser, FilmPlan)


def run(args: argparse.Namespace) -> int:
    """Writes the film, its depth, its mattes and its truth."""
    plan = read_config(args, FilmPlan)
    write_film(args.out, director_named(args.director), plan, Textures(args.textures))
    print(f"{args.out}: {plan.shots} shots, {plan.shots * plan.frames_per_shot} frames by {args.director}")
    return 0
