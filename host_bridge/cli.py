"""`art3d …`: finds the command, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import logging
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from host_bridge.core.errors import EXIT_BAD_INPUT
from host_bridge.core.outcome import run_to_exit_code
from host_bridge.core.printable import printable
from host_bridge.core.startup import importing, settle_process
from host_bridge.io.silence import own_stderr

COMMANDS = (
    "render",
    "warp",
    "measure",
    "review",
    "deliver",
    "analyse",
    "contact_sheet",
    "submit",
    "session",
    "serve",
    "status",
    "stop",
    "clean",
    "deploy",
    "keys",
    "styles",
    "models",
    "nuke",
    "doctor",
)


class _Parser(argparse.ArgumentParser):
    """Tells a wrong command line in one line, as every other fault."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with the exit code for bad input."""
        if "PLATE" in message or "expected" in message:
            message += "; a name that begins with a hyphen is written ./-NAME"
        self.exit(EXIT_BAD_INPUT, printable(f"{self.prog}: {message}; see {self.prog} --help") + "\n")


def load(name: str) -> ModuleType:
    """The module of one command: `NAME`, `HELP`, `add_arguments(parser)` and `run(args) -> int`."""
    return importlib.import_module(f"host_bridge.commands.{name}")


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the whole tool, or of the named commands only."""
    parser = _Parser(
        prog="art3d",
        description="Flat plates to stereo, staged the way a stereographer does.",
        epilog="Exit codes: 0 done, 1 a fault of Art3D itself, 2 bad input, 3 server fault, 4 some frames failed, "
        "5 a fault that measure --fail-on names, 130 interrupted.",
    )
    parser.add_argument("--verbose", action="store_true", help="log what happens to the terminal")
    sub = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in commands:
        module = load(name)
        command = sub.add_parser(module.NAME, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _wanted(argv: Sequence[str]) -> Sequence[str]:
    """Only the asked command is imported, so that each starts quickly; help imports them all."""
    for word in argv:
        name = word.replace("-", "_")
        if name in COMMANDS:
            return (name,)
    return COMMANDS


def _joined(argv: Sequence[str]) -> list[str]:
    """`--frames -2-1` as `--frames=-2-1`: argparse takes a word with a hyphen before it for an option."""
    words: list[str] = []
    for word in argv:
        if words and words[-1] == "--frames" and re.match(r"-\d", word):
            words[-1] = f"--frames={word}"
        else:
            words.append(word)
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code."""
    settle_process()
    words = _joined(sys.argv[1:] if argv is None else argv)
    with importing():
        parser = build_parser(_wanted(words))
    args = parser.parse_args(words)
    _configure_logging(verbose=args.verbose)
    interrupted = "interrupted; finished frames are kept, the same command continues"
    return run_to_exit_code("art3d", lambda: int(args.run(args)), interrupted=interrupted)


def _configure_logging(*, verbose: bool) -> None:
    """Our own warnings reach the terminal, such as what was assumed of a plate; libraries' only with `--verbose`."""
    if not logging.getLogger().handlers:
        logging.basicConfig(format="%(name)s: %(message)s", stream=own_stderr())
    logging.getLogger().setLevel(logging.INFO if verbose else logging.ERROR)
    logging.getLogger("host_bridge").setLevel(logging.INFO if verbose else logging.WARNING)
    logging.captureWarnings(True)


if __name__ == "__main__":
    sys.exit(main())
