"""`art3d models`: which depth networks are here, and getting those that are not."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from host_bridge.core.errors import EXIT_OK, BadInputError
from host_bridge.models import checkpoints
from host_bridge.models.checkpoints import Checkpoint, PublishedFolder
from host_bridge.models.pull import mirrored, pull, pull_folder

NAME = "models"
HELP = "list the depth networks that can be used, or pull one"
_SHA256_DIGITS = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, or `pull NAME [--to FOLDER] [--from PATH] [--sha256 HEX]`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|pull")
    actions.add_parser("list", help="what is known, where it is looked for, what is here")
    puller = actions.add_parser("pull", help="get one once, prove it, say the licence")
    puller.add_argument("name", choices=(*checkpoints.KNOWN, *checkpoints.FOLDERS))
    puller.add_argument("--to", type=Path, metavar="FOLDER", help="default: $ART3D_MODELS, else the user's cache")
    puller.add_argument("--from", dest="source", type=Path, metavar="PATH", help="take it from a file or folder here")
    puller.add_argument("--sha256", default="", metavar="HEX", help="of the weights, where nobody states it publicly")


def run(args: argparse.Namespace) -> int:
    """Carries the command out; returns the exit code."""
    if args.action == "pull":
        _pull(args)
    else:
        _list()
    return EXIT_OK


def _list() -> None:
    published: list[Checkpoint | PublishedFolder] = [*checkpoints.KNOWN.values(), *checkpoints.FOLDERS.values()]
    for entry in published:
        path = checkpoints.find(entry.name)
        state = str(path) if path else f"not here; `art3d models pull {entry.name}`"
        print(f"{entry.name:12} {entry.about}; {entry.licence}")
        print(f"{'':12} {state}")
    print(f"{'mini':12} small network that comes with Art3D; Apache-2.0")
    for folder in checkpoints.model_folders():
        if folder.name in checkpoints.FOLDERS:
            continue
        note = checkpoints.licence_note(folder)
        print(f"{folder.name:12} transformers folder{'; ' + note if note else ''}\n{'':12} {folder}")
    for file in checkpoints.onnx_files():
        print(f"{file.stem:12} ONNX network\n{'':12} {file}")
    print("looked for in: " + ", ".join(str(folder) for folder in checkpoints.folders()))


def _pull(args: argparse.Namespace) -> None:
    if args.source is not None and not args.source.exists():
        raise BadInputError("no such file or folder", where=f"--from {args.source}", remedy="check the path")
    if args.sha256 and (len(args.sha256) != _SHA256_DIGITS or set(args.sha256.lower()) - set("0123456789abcdef")):
        raise BadInputError(
            f"{args.sha256!r} is not a sha256", where="--sha256", remedy="give its 64 hexadecimal digits"
        )
    published: Checkpoint | PublishedFolder = checkpoints.KNOWN.get(args.name) or checkpoints.FOLDERS[args.name]
    print(
        f"{published.about}\nlicence: {published.licence}\nfrom: {args.source or mirrored(published.url)}", flush=True
    )
    if isinstance(published, Checkpoint):
        if args.sha256 and args.sha256.lower() != published.sha256:
            raise BadInputError(f"the published sha256 is {published.sha256}", where="--sha256", remedy="leave it out")
        path = pull(published, folder=args.to, source=args.source, progress=_progress)
        verification = f"{published.size_bytes} bytes, sha256 as published"
    else:
        if published.note:
            print(f"note: {published.note}", flush=True)
        path = pull_folder(published, folder=args.to, source=args.source, sha256=args.sha256, progress=_progress)
        verification = f"sha256 recorded in {checkpoints.RECORD} and proved at every use"
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{path}: {verification}")


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        share = 100 * done // max(1, total)
        print(f"\r{share:3d} %  {done / 1e6:.0f} of {total / 1e6:.0f} MB", end="", file=sys.stderr)
