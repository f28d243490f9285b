"""The lines that an Open Job Description session reads from a task's output.

Source: Open Job Description, "How jobs are run", stdout and stderr messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from host_bridge.core.errors import Art3DError


def progress(done: int, total: int) -> str:
    """How far a task is, in %."""
    return f"openjd_progress: {100.0 * done / max(1, total):.1f}"


def status(text: str) -> str:
    """What a task is doing, one line."""
    return f"openjd_status: {_one_line(text)}"


def fail(text: str) -> str:
    """Why a task fails, one line."""
    return f"openjd_fail: {_one_line(text)}"


def environment(name: str, value: str) -> str:
    """A variable for every later action of the session."""
    return f"openjd_env: {name}={value}"


@contextlib.contextmanager
def reporting(farm: bool) -> Iterator[None]:
    """Says on a farm why a command fails; the error goes on."""
    try:
        yield
    except Art3DError as error:
        if farm:
            print(fail(str(error)), flush=True)
        raise


def _one_line(text: str) -> str:
    return " ".join(text.split())
