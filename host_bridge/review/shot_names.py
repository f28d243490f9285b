"""What shots of a page are called: their files' names, with as many folders as tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def names_apart(files: Sequence[Path]) -> list[str]:
    """A name for each file or pattern; one that is named twice is numbered.

    Args:
        files: as a person wrote them.
    """
    absolute = [file.absolute() for file in files]
    named = {file: file.name for file in absolute}
    for depth in range(2, max(len(file.parts) for file in absolute) + 1):
        count = Counter(named.values())
        named = {file: "/".join(file.parts[-depth:]) if count[n] > 1 else n for file, n in named.items()}
    return numbered([named[file] for file in absolute])


def numbered(names: Sequence[str]) -> list[str]:
    """Names of which no two are the same: what is there already gets a number."""
    found: list[str] = []
    for name in names:
        given, number = name, 1
        while given in found or (number > 1 and given in names):
            number += 1
            given = f"{name} ({number})"
        found.append(given)
    return found
