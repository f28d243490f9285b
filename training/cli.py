"""`art3d-train …`: finds the command, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from host_bridge.core.errors import BadInputError
from host_bridge.core.outcome import run_to_exit_code
from host_bridge.core.startup import settle_process

OURS = ("training", "host_bridge", "art3d_node")
COMMANDS = ("stage", "curate", "fit", "evaluate", "export", "house", "submit")


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the whole tool, or of the named commands only."""
    parser = argparse.ArgumentParser(
        prog="art3d-train",
        description="From stereo films to a style.",
        epilog="Exit codes: 0 done, 2 bad input, 4 some films are not whole, 5 nothing kept, 130 interrupted.",
    )
    parser.add_argument("--verbose", action="store_true", help="log what happens to the terminal")
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in commands:
        module = importlib.import_module(f"training.commands.{name}")
        command = sub.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    settle_process()
    words = list(sys.argv[1:] if argv is None else argv)
    named = [word for word in words if word in COMMANDS][:1]
    args = build_parser(named or COMMANDS).parse_args(words)
    logging.basicConfig(level=logging.INFO if args.verbose else logging.WARNING, format="%(name)s: %(message)s")
    interrupted = "interrupted; the same command goes on where it stopped"
    return run_to_exit_code("art3d-train", lambda: _run(args), interrupted=interrupted)


def _run(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OURS:
            raise
        remedy = "in Art3D's folder run: pip install -c constraints.txt -e '.[train]'"
        raise BadInputError(f"the package {package} is not installed", remedy=remedy) from error


if __name__ == "__main__":
    sys.exit(main())
