"""`art3d models`: which depth weights are here, and fetching those that are not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from host_bridge import checkpoints
from host_bridge.errors import EXIT_OK

NAME = "models"
HELP = "list the depth networks that can be used, or pull one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, or `pull NAME [--to FOLDER]`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|pull")
    actions.add_parser("list", help="what is known, where it is looked for, what is here")
    pull = actions.add_parser("pull", help="download once, check the sha256, say the licence")
    pull.add_argument("name", choices=tuple(checkpoints.KNOWN))
    pull.add_argument("--to", type=Path, metavar="FOLDER", help="default: $ART3D_MODELS, else the user's cache")


def run(args: argparse.Namespace) -> int:
    """Carries the command out; returns the exit code."""
    if args.action == "pull":
        _pull(args.name, args.to)
    else:
        _list()
    return EXIT_OK


def _list() -> None:
    for checkpoint in checkpoints.KNOWN.values():
        path = checkpoints.find(checkpoint.name)
        state = str(path) if path else f"not here; `art3d models pull {checkpoint.name}`"
        print(f"{checkpoint.name:12} {checkpoint.about}; {checkpoint.licence}")
        print(f"{'':12} {state}")
    print(f"{'mini':12} small network that comes with Art3D; Apache-2.0")
    for folder in checkpoints.model_folders():
        note = checkpoints.licence_note(folder)
        print(f"{folder.name:12} transformers folder{'; ' + note if note else ''}\n{'':12} {folder}")
    print("looked for in: " + ", ".join(str(folder) for folder in checkpoints.folders()))


def _pull(name: str, folder: Path | None) -> None:
    checkpoint = checkpoints.known(name)
    print(f"{checkpoint.about}\nlicence: {checkpoint.licence}\nfrom: {checkpoint.url}", flush=True)
    path = checkpoints.pull(checkpoint, folder=folder, progress=_progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{path}: {checkpoint.size_bytes} bytes, sha256 as published")


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * done // total:3d} %  {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr)
