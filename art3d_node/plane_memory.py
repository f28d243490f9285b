"""Memory of large planes that one frame leaves and the next takes.

glibc keeps what is freed up to 32 MiB a piece (`host_bridge.core.warm_memory`). Larger planes, such as a 4K frame's
colours, go back to the kernel, which clears their pages before it gives them out again.
"""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from host_bridge.core.warm_memory import MMAP_BYTES

_Bytes = npt.NDArray[np.uint8]


class _Lent:
    """Memory in use: every view of it, numpy's or torch's, keeps this, and not only what lies below it, alive."""

    def __init__(self, memory: _Bytes, shape: tuple[int, ...]) -> None:
        self.memory = memory
        at = (memory.ctypes.data, False)
        self.__array_interface__: dict[str, Any] = {"version": 3, "data": at, "shape": shape, "typestr": "<f4"}


class PlaneMemory:
    """Planes above `MMAP_BYTES`; what is left of them is kept once `keep` allows it."""

    def __init__(self) -> None:
        self._most_bytes = self.idle_bytes = 0
        self._idle: dict[int, list[_Bytes]] = {}
        self._lock = threading.RLock()  # a plane may be left at any time, also by a thread that takes one

    def keep(self, nbytes: int) -> None:
        """Keeps so many bytes at most for planes to come."""
        with self._lock:
            self._most_bytes = nbytes
            self.drop()

    def drop(self) -> None:
        """Gives back to the kernel what nobody uses."""
        with self._lock:
            self._idle, self.idle_bytes = {}, 0

    def plane(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """A float32 array that holds anything, in large pages where numpy asks for them."""
        nbytes = 4 * math.prod(shape)
        if nbytes <= MMAP_BYTES:
            return np.empty(shape, np.float32)
        memory = self._take(nbytes)
        lent = _Lent(np.empty(nbytes, np.uint8) if memory is None else memory, shape)
        weakref.finalize(lent, self._left, lent.memory).atexit = False
        return np.asarray(lent)

    def _take(self, nbytes: int) -> _Bytes | None:
        with self._lock:
            if not self._idle.get(nbytes):
                if self.idle_bytes + nbytes > self._most_bytes:  # memory of other sizes makes way
                    self.drop()
                return None
            self.idle_bytes -= nbytes
            return self._idle[nbytes].pop()

    def _left(self, memory: _Bytes) -> None:
        with self._lock:
            if self.idle_bytes + memory.nbytes <= self._most_bytes:
                self.idle_bytes += memory.nbytes
                self._idle.setdefault(memory.nbytes, []).append(memory)


PLANES = PlaneMemory()
