"""`art3d nuke`: puts the node into a compositor, and starts the server for it."""

from __future__ import annotations

import argparse

from host_bridge.embedded import ensure_server

NAME = "nuke"
HELP = "install the node and its Nuke package; start this machine's server for it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`install` and `server`."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    server = steps.add_parser("server", help="find or start this machine's server and print its address")
    server.add_argument("--device", default="auto", help="auto, cpu, cuda:0, or several with commas")


def run(args: argparse.Namespace) -> int:
    """Does the step."""
    print(ensure_server(args.device).address)
    return 0
