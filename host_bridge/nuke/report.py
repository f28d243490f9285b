"""Faults and news for the artist: a dialog where there is one, else one line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import nuke


class Trouble(Exception):
    """Something the artist can mend; its text says how."""


def report(text: str) -> None:
    """A dialog in the interface, a line in a terminal session."""
    if nuke.GUI:
        nuke.message(text)
    else:
        print("art3d: " + text)


def guarded(command: Callable[..., Any]) -> Callable[..., Any]:
    """A menu command whose faults become one line; nothing escapes into Nuke."""

    @functools.wraps(command)
    def run(*arguments: Any, **named: Any) -> Any:
        try:
            return command(*arguments, **named)
        except Trouble as trouble:
            report(str(trouble))
        except Exception as error:
            report(f"a fault of Art3D itself: {type(error).__name__}: {error}; report it")
        return None

    return run
