"""`art3d styles`: the styles and depth sources that a server can load."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from typing import Any

from host_bridge.client import Client
from host_bridge.core.printable import printable

NAME = "styles"
HELP = "list the styles and depth sources"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--server", metavar="ADDRESS", help="by default the embedded server of this user")
    parser.add_argument("--json", action="store_true", help="all fields, for machines")


def run(args: argparse.Namespace) -> int:
    """Prints the list."""
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
    if faults:
        print("files that cannot be used")
        print("\n".join(f"  {printable(line)}" for line in faults))
    return 0


def _lines(entries: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for entry in entries:
        about = str(entry.get("about") or entry.get("training_data") or "")
        ready = "" if entry.get("ready", True) else " (not installed)"
        yield printable(f"  {entry.get('name', '?'):<14}{about}{ready}")
