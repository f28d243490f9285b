"""Stopping work in the middle of a long step.

Between steps the work asks by itself whether somebody still waits. Within a step, such as one network or one new view,
the thread that reads the pipe pokes the main thread with a signal, and the work stops at its next Python instruction:
between two layers or two kernels. That is how Jupyter interrupts a cell. It happens only inside `stoppable`, around
work that leaves nothing half changed; what is cached is cached outside.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Check = Callable[[], None]
SIGNAL = getattr(signal, "SIGUSR1", None)

_open: list[Check] = []


def install() -> None:
    """Makes this process's main thread stoppable; to be called in it. Does nothing where there are no such signals."""
    if SIGNAL is not None:
        signal.signal(SIGNAL, _asked)


def poke() -> None:
    """Lets the main thread ask its check now; called from another thread."""
    if SIGNAL is not None:
        signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)


@contextmanager
def stoppable(check: Check) -> Iterator[None]:
    """What runs inside may end at any instruction by what `check` raises.

    Only in the main thread; elsewhere the work runs to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        check()
        yield
        return
    _open.append(check)
    try:
        # A poke that came before this block was open is not lost.
        check()
        yield
    finally:
        _open.clear()


def _asked(*_: Any) -> None:
    if _open:
        _open[-1]()
