"""What a program settles first, before it imports anything heavy: a home folder, and whose packages it takes.

On a farm a container may run under a bare user number without a home, and a host application's `$PYTHONPATH` names
packages that were built for another Python.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = str(Path(__file__).resolve().parents[2])


def settle_process() -> None:
    """Called once where a program begins; its children inherit what it sets."""
    _settle_streams()
    _settle_home()
    _settle_python_path()


@contextmanager
def importing() -> Iterator[None]:
    """What a program imports stays until its end: Python does not look for garbage among it meanwhile."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _settle_streams() -> None:
    """Gives a process whose output or error stream was closed one that leads nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, open for as long as the process


def _settle_home() -> None:
    """Sets `$HOME` where it is unset, to a folder of this user's alone where the user is unknown as well."""
    if os.environ.get("HOME"):
        return
    found = os.path.expanduser("~")
    if found != "~":
        os.environ["HOME"] = found
        return
    home = Path(tempfile.gettempdir()) / f"art3d-home-{os.getuid()}"
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        is_own = home.lstat().st_uid == os.geteuid() and not home.is_symlink()
    except OSError:
        is_own = False
    os.environ["HOME"] = str(home) if is_own else tempfile.mkdtemp(prefix="art3d-home-")


def _settle_python_path() -> None:
    """Takes the folders of `$PYTHONPATH` out, but for the one that Art3D itself was found by."""
    named = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    foreign = {part for part in named if os.path.realpath(part) != OURS}
    if not foreign:
        return
    sys.path[:] = [part for part in sys.path if part not in foreign]
    kept = [part for part in named if part not in foreign]
    if kept:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    else:
        del os.environ["PYTHONPATH"]
