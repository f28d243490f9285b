"""Image libraries print on damaged files; the fault is told once, by us."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

_ONE_AT_A_TIME = threading.Lock()


@contextlib.contextmanager
def silenced() -> Iterator[io.StringIO]:
    """Keeps what libraries print off the terminal; gives what they sent to Python's standard output.

    Whoever writes to stderr from another thread meanwhile needs a descriptor of its own, as `progress` has.
    """
    with _ONE_AT_A_TIME:
        kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            with contextlib.redirect_stdout(io.StringIO()) as captured:
                yield captured
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)


def own_stderr() -> TextIO:
    """Standard error on a descriptor that `silenced` leaves alone."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace", buffering=1)
    except (OSError, ValueError):
        return sys.stderr
