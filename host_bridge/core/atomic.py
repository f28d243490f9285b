"""Files that appear by rename, complete and on the disk, or do not appear.

A temporary file is locked for as long as its writer lives. Whoever writes the same file next removes what a killed
writer left: a temporary file that nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from host_bridge.core.errors import OutputError

MARK = "art3d-tmp"
UNLOCKED_AGE_S = 6 * 3600.0
"""Where a file system has no locks, a temporary file of this age has no writer any more."""
_OURS = re.compile(rf"^\..+\.[0-9a-f]{{12}}\.{MARK}(\.[^.]+)?$")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a name beside `path` to write to; it becomes `path` when the block ends well and vanishes otherwise.

    The file is new, this process's alone, and has the rights that the umask gives.

    Raises:
        OutputError: the folder or the file cannot be written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        # The suffix stays last, since image libraries choose the format by it.
        temporary = path.with_name(f".{path.stem}.{secrets.token_hex(6)}.{MARK}{path.suffix}")
        with _held(temporary):
            yield temporary
            _flush(temporary)
            temporary.replace(path)
            _flush(path.parent)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            where=str(path),
            remedy="check the folder, its permissions and the space on the disk",
        ) from error


def remove_leftovers(path: Path) -> list[Path]:
    """Removes what killed writers of `path` left beside it; returns what was removed."""
    start, end = f".{path.stem}.", f".{MARK}{path.suffix}"
    return _remove(path.parent, lambda name: name.startswith(start) and name.endswith(end))


def clean_folder(folder: Path) -> list[Path]:
    """Removes what killed writers left in a folder; returns what was removed.

    Raises:
        OutputError: the folder cannot be read.
    """
    try:
        return _remove(folder, lambda name: True)
    except OSError as error:
        raise OutputError(f"cannot be read ({error.strerror})", where=str(folder), remedy="check the path") from error


@contextlib.contextmanager
def _held(temporary: Path) -> Iterator[None]:
    """Makes the file, holds its lock, and removes it when it is still there at the end."""
    handle = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with contextlib.suppress(OSError):  # no locks on this file system
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
        os.close(handle)


def _remove(folder: Path, is_removable: Callable[[str], bool]) -> list[Path]:
    removed = []
    with os.scandir(folder) as entries:
        found = [folder / e.name for e in entries if _OURS.match(e.name) and is_removable(e.name)]
    for path in found:
        with contextlib.suppress(OSError):
            if _abandoned(path):
                path.unlink()
                removed.append(path)
    return removed


def _abandoned(path: Path) -> bool:
    """Whether no writer holds the file."""
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return time.time() - os.fstat(handle).st_mtime > UNLOCKED_AGE_S
    finally:
        os.close(handle)
    return True


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
