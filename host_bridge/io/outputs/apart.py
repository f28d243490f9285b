"""Outputs that would replace what is read, or each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from host_bridge.core.errors import OutputError


def validate_apart(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuses outputs that would be written over an input or over another output, by whatever name or link.

    Raises:
        OutputError: names the first such output.
    """
    read = {path.resolve() for path in inputs}
    written: set[Path] = set()
    for path in outputs:
        real = path.resolve()
        if real in read:
            raise OutputError("the output is an input", where=str(path), remedy="name another output")
        if real in written:
            raise OutputError("two outputs would share one file", where=str(path), remedy="give each its own name")
        written.add(real)
