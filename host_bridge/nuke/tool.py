"""Runs Art3D's own command line, which lives in its own environment and not in Nuke's Python."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import nuke

from .report import Trouble, report

# What would lead another Python, or its libraries, into Nuke's own.
_OURS = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "QT_PLUGIN_PATH")


SHORT_S = 120.0  # what a command may take that an artist waits for


def command() -> list[str]:
    """The words that start Art3D; a path with spaces or backslashes needs no quotes."""
    line = os.environ.get("ART3D_COMMAND", "").strip()
    if os.path.isfile(line):
        return [line]
    words = shlex.split(line, posix=os.sep == "/")
    return [word.strip('"') for word in words] or ["art3d"]


def environment() -> dict[str, str]:
    """Nuke's environment without its Python and libraries."""
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def run(*arguments: str) -> str:
    """What a command prints that is over soon.

    Raises:
        Trouble: it does not start, fails or takes too long; with its last line.
    """
    text = _watched(list(arguments), None, (0,), SHORT_S)
    assert text is not None
    return text


def in_background(
    title: str,
    arguments: list[str],
    then: Callable[[str], None],
    *,
    fine: tuple[int, ...] = (0, 4),
    limit_s: float | None = None,
) -> threading.Thread:
    """Runs a long command beside Nuke; `then` gets what it printed, on Nuke's main thread. Cancel ends the command.

    `fine` are the exit codes with which what it printed is worth reading; `limit_s` ends it after that time. Without an
    interface nothing waits for a thread, so that the command runs at once.
    """

    def work() -> None:
        task = nuke.ProgressTask(title)
        try:
            text = _watched(arguments, task, fine, limit_s)
        except Trouble as trouble:
            nuke.executeInMainThread(report, args=(str(trouble),))
        else:
            if text is not None:
                nuke.executeInMainThread(then, args=(text,))
        finally:
            del task

    thread = threading.Thread(target=work, name="art3d " + arguments[0], daemon=True)
    thread.start()
    if not nuke.GUI:
        thread.join()
    return thread


def _watched(arguments: list[str], task: Any, fine: tuple[int, ...], limit_s: float | None) -> str | None:
    """The command's output, or None when the artist cancelled it."""
    started_s = time.monotonic()
    try:
        child = subprocess.Popen(
            command() + arguments,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            universal_newlines=True,
        )
    except OSError as error:
        raise Trouble(f"{command()[0]} cannot be started: {error}; run `art3d nuke install` again") from None
    while True:
        try:
            out, errors = child.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            late = limit_s is not None and time.monotonic() - started_s > limit_s
            if not late and (task is None or not task.isCancelled()):
                continue
            _end(child)
            if late:
                raise Trouble(f"art3d {arguments[0]} did not end within {limit_s:g} s") from None
            return None
    if child.returncode not in fine:
        raise Trouble(_last_line(errors) or f"{arguments[0]} ended with code {child.returncode}")
    return out


def _end(child: Any) -> None:
    """Lets a command tidy up, but not for long."""
    child.terminate()
    try:
        child.communicate(timeout=5.0)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
