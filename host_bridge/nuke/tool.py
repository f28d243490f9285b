"""Runs Art3D's own command line, which lives in its own environment and not in Nuke's Python."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
from collections.abc import Callable
from typing import Any

import nuke

from .told import Trouble, say

# What would lead another Python, or its libraries, into Nuke's own.
_OURS = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "QT_PLUGIN_PATH")


def command() -> list[str]:
    """The words that start Art3D."""
    words = shlex.split(os.environ.get("ART3D_COMMAND", "")) or ["art3d"]
    return words


def environment() -> dict[str, str]:
    """Nuke's environment without its Python and libraries."""
    return {name: value for name, value in os.environ.items() if name not in _OURS}


def run(*arguments: str) -> str:
    """What a command prints.

    Raises:
        Trouble: it does not start or fails; with its last line.
    """
    try:
        done = subprocess.run(
            command() + list(arguments),
            env=environment(),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
    except OSError as error:
        raise Trouble(f"{command()[0]} cannot be started: {error}; run `art3d nuke install` again") from None
    if done.returncode != 0:
        raise Trouble(_last_line(done.stderr) or f"{arguments[0]} ended with code {done.returncode}")
    return done.stdout


def in_background(
    title: str, arguments: list[str], then: Callable[[str], None], *, fine: tuple[int, ...] = (0, 4)
) -> threading.Thread:
    """Runs a long command beside Nuke; `then` gets what it printed, on Nuke's main thread. Cancel ends the command.

    `fine` are the exit codes with which what it printed is worth reading.
    """

    def work() -> None:
        task = nuke.ProgressTask(title)
        try:
            text = _watched(arguments, task, fine)
        except Trouble as trouble:
            nuke.executeInMainThread(say, args=(str(trouble),))
        else:
            if text is not None:
                nuke.executeInMainThread(then, args=(text,))
        finally:
            del task

    thread = threading.Thread(target=work, name="art3d " + arguments[0], daemon=True)
    thread.start()
    return thread


def _watched(arguments: list[str], task: Any, fine: tuple[int, ...]) -> str | None:
    """The command's output, or None when the artist cancelled it."""
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
            out, said = child.communicate(timeout=0.2)
            break
        except subprocess.TimeoutExpired:
            if task.isCancelled():
                child.terminate()
                child.communicate()
                return None
    if child.returncode not in fine:
        raise Trouble(_last_line(said) or f"{arguments[0]} ended with code {child.returncode}")
    return out


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
