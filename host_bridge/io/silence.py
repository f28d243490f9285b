"""Image libraries print on damaged files; the fault is told once, by us."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, TextIO


class _Printed(threading.local):
    """What the calling thread printed under `silenced`; None outside of it."""

    text: io.StringIO | None = None


class _Output:
    """Standard output that keeps what silenced threads write, each apart, and passes the rest on."""

    def __init__(self, beyond: TextIO) -> None:
        self.beyond = beyond

    def write(self, text: str) -> int:
        return (_printed.text or self.beyond).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beyond, name)


class _Silence:
    """Standard error leads nowhere while any thread is silenced: they need not wait for one another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._stderr = -1
        self._output: _Output | None = None

    def enter(self) -> None:
        with self._lock:
            if not self._threads:
                self._stderr = os.dup(2)
                with open(os.devnull, "wb") as nowhere:
                    os.dup2(nowhere.fileno(), 2)
            if self._output is None or sys.stdout is not self._output:
                sys.stdout = self._output = _Output(sys.stdout)
            self._threads += 1

    def leave(self) -> None:
        with self._lock:
            self._threads -= 1
            if self._threads:
                return
            os.dup2(self._stderr, 2)
            os.close(self._stderr)
            if self._output is not None and sys.stdout is self._output:
                sys.stdout = self._output.beyond
            self._output = None


_printed = _Printed()
_silence = _Silence()


@contextlib.contextmanager
def silenced() -> Iterator[io.StringIO]:
    """Keeps what libraries print off the terminal; gives what they sent to Python's standard output in this thread.

    Whoever writes to stderr from another thread meanwhile needs a descriptor of its own, as `progress` has.
    """
    outer, text = _printed.text, io.StringIO()
    _silence.enter()
    _printed.text = text
    try:
        yield text
    finally:
        _printed.text = outer
        _silence.leave()


def own_stderr() -> TextIO:
    """Standard error on a descriptor that `silenced` leaves alone."""
    try:
        return os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="replace", buffering=1)
    except (OSError, ValueError):
        return sys.stderr
