"""`art3d-train submit`: a job bundle that curates films in parts, fits a style and evaluates it on a farm."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from host_bridge.core.errors import EXIT_OK
from host_bridge.farm.template import how_to_run, write_bundle
from host_bridge.farm.training_bundle import TrainingJob, training_bundle

HELP = "write an Open Job Description bundle that trains a style"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("films", type=Path, nargs="+", metavar="FILM", help="video files of one folder")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER", help="shards, style and report")
    parser.add_argument("--bundle", type=Path, required=True, metavar="FOLDER", help="where to write the bundle")
    parser.add_argument("--style", required=True, metavar="NAME", help="the style's name")
    parser.add_argument("--parts", type=int, default=4, help="tasks that curation is split into (default %(default)s)")
    parser.add_argument("--curate", default="", metavar="WORDS", help="further options of curate, in one string")
    parser.add_argument("--fit", default="", metavar="WORDS", help="further options of fit, in one string")
    parser.add_argument("--gpu", action="store_true", help="fit on a host with a GPU")


def run(args: argparse.Namespace) -> int:
    """Writes the bundle and says how to run it."""
    job = TrainingJob(
        films=args.films,
        work=args.out,
        style=args.style,
        parts=args.parts,
        curate_options=shlex.split(args.curate),
        fit_options=shlex.split(args.fit),
        gpu=args.gpu,
    )
    write_bundle(args.bundle, *training_bundle(job))
    print(f"wrote {args.bundle}: {len(args.films)} films, {args.parts} parts")
    print(how_to_run(args.bundle, "Evaluate"))
    return EXIT_OK
