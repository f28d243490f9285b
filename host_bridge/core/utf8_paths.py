"""Paths for libraries that spell UTF-8 only."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def utf8_path(path: Path) -> Iterator[str]:
    """A spelling of a path in UTF-8: its own, else one through a link to its folder, and to the file where it is there.

    A path on Linux is bytes, and Python has those that are no UTF-8 as surrogates, which no library takes.
    """
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory(prefix="art3d-path-") as folder:
            link = Path(folder) / f"file{_ascii(path.suffix)}"
            link.symlink_to(path.absolute())
            yield str(link)
        return
    yield text


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode()
