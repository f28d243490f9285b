"""`art3d session start|stop`: one server for all tasks of a farm session."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.batch import openjd_lines
from host_bridge.client.address import named_address
from host_bridge.core.errors import EXIT_OK
from host_bridge.farm.session import start_session, stop_session

NAME = "session"
HELP = "one server for all tasks of a farm session"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("verb", choices=("start", "stop"))
    parser.add_argument("--folder", type=Path, required=True, help="the session's own folder")
    parser.add_argument("--device", default="auto", help="auto, cpu, or cuda:0 and the like")


def run(args: argparse.Namespace) -> int:
    """Starts or stops the session's server; `start` prints the variable that later commands read."""
    if args.verb == "stop":
        print(openjd_lines.status("server stopped" if stop_session(args.folder) else "no server to stop"))
        return EXIT_OK
    address = named_address(None)
    if address is not None:
        print(openjd_lines.status(f"uses the server at {address}, as $ART3D_SERVER says"))
        return EXIT_OK
    home = start_session(args.folder, device=args.device)
    print(openjd_lines.environment("ART3D_RUNTIME_DIR", str(home)))
    print(openjd_lines.status(f"server in {home}"))
    return EXIT_OK
