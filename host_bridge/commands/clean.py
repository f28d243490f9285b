"""`art3d clean FOLDER …`: removes what killed renders left behind."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.core.atomic import clean_folder
from host_bridge.core.errors import EXIT_OK

NAME = "clean"
HELP = "remove the temporary files of killed renders; files that a render is writing stay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folders."""
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="folder of a render's output")


def run(args: argparse.Namespace) -> int:
    """Removes them and says which.

    Raises:
        OutputError: a folder cannot be read.
    """
    removed = [path for folder in args.folders for path in clean_folder(folder)]
    for path in removed:
        print(f"removed {path}")
    if not removed:
        print("nothing to remove")
    return EXIT_OK
