"""Memory that one frame frees is there for the next: a page from the kernel is cleared first, and costs a fault.

Source: glibc's manual, "Malloc Tunable Parameters". Untold, glibc gives a picture back to the kernel once it is freed.
"""

from __future__ import annotations

import ctypes

from host_bridge.core import machine

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_ARENA_MAX = -8  # one: what a thread frees is at hand for every other
MMAP_BYTES = 32 << 20  # the most that glibc takes
TRIM_BYTES = 512 << 20
SHARE = 16
PAD_BYTES = 32 << 20


def kept_bytes() -> int:
    """How much freed memory a process keeps: `TRIM_BYTES`, or 1/`SHARE` of what is spare where that is less."""
    return min(TRIM_BYTES, machine.spare_bytes() // SHARE)


def keeping_freed_memory() -> dict[str, str]:
    """The same for a process that is started with these variables."""
    return {
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": str(MMAP_BYTES),
        "MALLOC_TRIM_THRESHOLD_": str(kept_bytes()),
        "MALLOC_TOP_PAD_": str(PAD_BYTES),
    }


def keep_freed_memory() -> bool:
    """Makes this process keep freed memory, up to `kept_bytes`.

    Returns:
        False where the C library cannot be told.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    options = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, MMAP_BYTES), (_TRIM_THRESHOLD, kept_bytes()), (_TOP_PAD, PAD_BYTES))
    return all([bool(mallopt(ctypes.c_int(name), ctypes.c_int(value))) for name, value in options])
