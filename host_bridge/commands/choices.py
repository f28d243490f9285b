"""Options with a few words to choose from, which several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from host_bridge.errors import BadInputError
from host_bridge.outputs import COMPRESSIONS


def add_compression(parser: argparse.ArgumentParser) -> None:
    """Declares how EXRs are packed; `check_choice` looks at the word."""
    parser.add_argument(
        "--compression",
        default="auto",
        metavar="|".join(COMPRESSIONS),
        help="of the EXRs; auto: ZIP for pictures, PXR24 (24 of 32 bits) for disparity and layers (default)",
    )


def check_choice(flag: str, value: str, known: Collection[str]) -> None:
    """Refuses a word that is not known.

    Raises:
        BadInputError: names the flag, the word and what there is.
    """
    if value not in known:
        raise BadInputError(f"{value!r} is no way", where=flag, remedy=f"choose one of: {', '.join(known)}")
