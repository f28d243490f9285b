"""Files in memory, where the system has such, with paths that a library can open.

What a library reads is written into a file that was used before, where one of about that size is kept: the kernel
clears every new page, which costs more than to copy into it.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT_BYTES = 128 << 20
_LEAST_BYTES = 1 << 16


class ScratchFile:
    """A file without a name of its own, or with one that goes when it is closed.

    Attributes:
        handle: its descriptor.
        path: opens it.
        in_memory: whether it lies there.
    """

    def __init__(self) -> None:
        self.in_memory = hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()
        if self.in_memory:
            self.handle = os.memfd_create("art3d-exr", os.MFD_CLOEXEC)
            self.path = f"/proc/self/fd/{self.handle}"
        else:
            self.handle, self.path = tempfile.mkstemp(suffix=".exr")
        self._map: mmap.mmap | None = None

    def sized(self, room: int, size: int) -> memoryview:
        """Its first bytes, to be written; it holds nothing behind them. The view is released before the next call.

        Args:
            room: what may once be written into it, the same at every call.
            size: how many bytes it shall hold.
        """
        if self._map is None:
            os.ftruncate(self.handle, room)
            self._map = mmap.mmap(self.handle, room)
        os.ftruncate(self.handle, size)
        return memoryview(self._map)[:size]

    def close(self) -> None:
        """Lets go of it."""
        if self._map is not None:
            self._map.close()
        os.close(self.handle)
        if not self.in_memory:
            Path(self.path).unlink(missing_ok=True)


@contextmanager
def scratch() -> Iterator[ScratchFile]:
    """A new, empty file."""
    file = ScratchFile()
    try:
        yield file
    finally:
        file.close()


class _Kept:
    """Files that may be used again, by their room."""

    def __init__(self) -> None:
        self._files: dict[int, list[ScratchFile]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def taken(self, room: int) -> ScratchFile | None:
        with self._lock:
            files = self._files.get(room)
            if not files:
                return None
            self._bytes -= room
            return files.pop()

    def keep(self, room: int, file: ScratchFile) -> bool:
        with self._lock:
            if not file.in_memory or self._bytes + room > KEPT_BYTES:
                return False
            self._bytes += room
            self._files.setdefault(room, []).append(file)
            return True


_kept = _Kept()


def _forget() -> None:
    global _kept
    _kept = _Kept()


# A forked process would write into its parent's files.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@contextmanager
def reused(size: int) -> Iterator[tuple[memoryview, str]]:
    """A file of so many bytes that may have been used before: what it holds, to be written, and its path."""
    room = max(_LEAST_BYTES, 1 << (size - 1).bit_length())
    file = _kept.taken(room) or ScratchFile()
    try:
        with file.sized(room, size) as held:
            yield held, file.path
    except BaseException:
        file.close()
        raise
    if not _kept.keep(room, file):
        file.close()
