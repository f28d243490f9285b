"""`art3d clean FOLDER …`: removes what killed renders left behind."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.core.atomic import clean_folder
from host_bridge.core.errors import EXIT_OK, OutputError

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
    removed, fault = 0, None
    for folder in args.folders:
        try:
            for path in clean_folder(folder):
                print(f"removed {path}")
                removed += 1
        except OutputError as error:
            fault = fault or error
    if fault is not None:
        raise fault
    if not removed:
        print("nothing to remove")
    return EXIT_OK
