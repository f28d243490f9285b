"""Files that appear by rename, complete and on the disk, or do not appear."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from host_bridge.errors import OutputError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a name beside `path` to write to; it becomes `path` when the block ends well and vanishes otherwise.

    Raises:
        OutputError: the folder or the file cannot be written, or the disk is full.
    """
    # The suffix stays last, since image libraries choose the format by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident() & 0xFFFF:x}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
