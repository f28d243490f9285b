"""`art3d nuke`: puts the node into a compositor, and starts the server for it."""

from __future__ import annotations

import argparse
from pathlib import Path

from host_bridge.client.server_process import ensure_server
from host_bridge.nuke.install import built_bundle, default_folder, install, named_bundle, notes

NAME = "nuke"
HELP = "install the node and its Nuke package; start this machine's server for it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`install` and `server`."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    install = steps.add_parser("install", help="write the folder for NUKE_PATH, with the OpenFX bundle")
    install.add_argument("--to", type=Path, metavar="FOLDER", help=f"where to; default: {default_folder()}")
    install.add_argument(
        "--bundle", type=Path, metavar="BUNDLE", help="the built plug-in; default: what `make ofx` built"
    )
    server = steps.add_parser("server", help="find or start this machine's server and print its address")
    server.add_argument("--device", default="auto", help="auto, cpu, cuda:0, or several with commas")


def run(args: argparse.Namespace) -> int:
    """Does the step."""
    if args.step == "server":
        print(ensure_server(args.device).address)
        return 0
    folder = (args.to or default_folder()).resolve()
    install(folder, (named_bundle(args.bundle) if args.bundle else built_bundle()).resolve())
    print(notes(folder))
    return 0
