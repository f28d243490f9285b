"""`art3d styles`: the styles and depth sources that a server can load."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from host_bridge.client import Client
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK, BadInputError
from host_bridge.core.printable import printable
from host_bridge.models.style_registry import install, pin, registry_folder, verify, versions

NAME = "styles"
ACTIONS = ("list", "install", "pin", "verify")
HELP = "list styles and depth sources; install, pin and verify shared styles"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="list", help="(default: %(default)s)")
    parser.add_argument(
        "words", nargs="*", metavar="FILE|NAME ID", help="install: style files; pin: a style's name and a version's id"
    )
    parser.add_argument("--folder", type=Path, help="the shared folder (default: the first of $ART3D_STYLES)")
    parser.add_argument("--server", metavar="ADDRESS", help="by default the embedded server of this user")
    parser.add_argument("--json", action="store_true", help="all fields, for machines")


def run(args: argparse.Namespace) -> int:
    """Prints the list, or looks after the shared folder."""
    folder = args.folder or registry_folder()
    if args.action == "install":
        return _install(args.words, folder)
    if args.action == "pin":
        return _pin(args.words, folder)
    if args.words:
        raise BadInputError(f"{args.words[0]!r} says nothing to {args.action}", where="art3d styles")
    if args.action == "verify":
        return _verify(folder)
    return _list(args, folder)


def _install(words: Sequence[str], folder: Path) -> int:
    if not words:
        raise BadInputError("names no file", remedy="say art3d styles install NAME.style", where="art3d styles install")
    for word in words:
        kept = install(Path(word), folder)
        use = "in use" if kept.in_use else f"not in use; art3d styles pin {kept.name} {kept.id}"
        print(f"{kept.name} {kept.id}: {use}")
    return EXIT_OK


def _pin(words: Sequence[str], folder: Path) -> int:
    if len(words) != 2:
        raise BadInputError("takes a name and an id", remedy="art3d styles list shows them", where="art3d styles pin")
    pinned = pin(words[0], words[1], folder)
    print(f"{pinned.name} {pinned.id}: in use")
    return EXIT_OK


def _verify(folder: Path) -> int:
    sound, faults = verify(folder)
    for line in faults:
        print(printable(line), file=sys.stderr)
    print(f"{folder}: {sound} sound, {len(faults)} not")
    return EXIT_BAD_INPUT if faults else EXIT_OK


def _list(args: argparse.Namespace, folder: Path) -> int:
    with Client(args.server) as client:
        found = client.styles()
        faults = list(client.status().get("style_faults", ()))
    if args.json:
        print(json.dumps({"styles": found.styles, "depth_sources": found.depth_sources, "faults": faults}, indent=2))
        return 0
    print("styles")
    print("\n".join(_lines(found.styles)))
    print("depth sources")
    print("\n".join(_lines(found.depth_sources)))
    if kept := list(versions(folder)):
        print(f"versions in {folder}")
        print("\n".join(printable(f"  {v.name:<14}{v.id}{'  in use' if v.in_use else ''}") for v in kept))
    if faults:
        print("files that cannot be used")
        print("\n".join(f"  {printable(line)}" for line in faults))
    return 0


def _lines(entries: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for entry in entries:
        about = str(entry.get("about") or entry.get("training_data") or "")
        ready = "" if entry.get("ready", True) else " (not installed)"
        yield printable(f"  {entry.get('name', '?'):<14}{about}{ready}")
