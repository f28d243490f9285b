"""Compile the numeric kernels of this package, with a disk cache where one can be written.

The cache lies in a folder named after the sources of all kernels: numba proves a cached kernel against its own file
only, while ours inline arithmetic from others, and a stale kernel is a wrong picture or a crash.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
ByteArray: TypeAlias = npt.NDArray[np.uint8]
IndexArray: TypeAlias = npt.NDArray[np.int32]
MaskArray: TypeAlias = npt.NDArray[np.bool_]
Arguments: TypeAlias = tuple[Any, ...]  # consecutive arguments of a kernel, in its own order
Real: TypeAlias = Any  # a float32 scalar inside a kernel: a Python float to the reader, not to mypy
f32: Any = np.float32

BAND_PIXELS = 1 << 19


def _cache_folder() -> str:
    """Where kernels of exactly these sources are kept: in $NUMBA_CACHE_DIR, beside them, or the user's cache."""
    here = Path(__file__).parent
    sources = hashlib.blake2b(digest_size=8)
    for source in (path.read_bytes() for path in sorted(here.glob("*.py"))):
        if b"stereo.jit" in source or b"def _compile(" in source:
            sources.update(source)
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "art3d"
    beside = here / "__pycache__" if os.access(here, os.W_OK) else user
    return str(Path(os.environ.get("NUMBA_CACHE_DIR") or beside) / f"kernels-{sources.hexdigest()}")


numba.config.CACHE_DIR = _cache_folder()
# By default off. It packs the four channels of a pixel where a kernel writes them out.
numba.config.SLP_VECTORIZE = 1
Function = TypeVar("Function", bound=Callable[..., Any])


def _compile(function: Function, **options: Any) -> Function:
    try:
        compiled: Function = numba.njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    except RuntimeError:  # no writable place for the cache: compile once per process instead
        compiled = numba.njit(cache=False, nogil=True, error_model="numpy", **options)(function)
    return compiled


def device_function(function: Function) -> Function:
    """Compile arithmetic that the CPU loops and the CUDA kernels share.

    numba.cuda compiles the same Python source again for the GPU when a kernel calls it, so there is
    one definition of the result. Always inlined: a call that hands over arrays costs more than the
    arithmetic of one pixel.
    """
    if numba.config.ENABLE_CUDASIM:  # the simulator runs kernels as Python and hands over its own arrays
        return function
    return _compile(function, inline="always")


def nested_function(function: Function) -> Function:
    """As `device_function`, for arithmetic nested many levels deep: inlined by LLVM.

    numba's own inlining takes ever longer the more comes together: 17 of the 24 s that a row of the fill took to
    compile. Nothing is allocated in it, as in a `row_function`.
    """
    return function if numba.config.ENABLE_CUDASIM else _compile(function, forceinline=True, _nrt=False)


def row_function(function: Function) -> Function:
    """Compile what is done once per row: called, not inlined, so that it is compiled once for all its callers.

    Its arrays belong to the caller and are not counted as references, which would cost more than a pixel's arithmetic
    does. So it cannot allocate.
    """
    return function if numba.config.ENABLE_CUDASIM else _compile(function, _nrt=False)


def cpu_kernel(function: Function) -> Function:
    """Compile a loop over rows: ``prange`` spreads it over the cores, the GIL is released."""
    return _compile(function, parallel=True)


def bands(rows: int, width: int) -> Iterator[slice]:
    """Rows in bands of half a million pixels, a kernel's call each: between two calls the work can be stopped."""
    step = max(1, BAND_PIXELS // max(1, width))
    return (slice(first, min(first + step, rows)) for first in range(0, rows, step))


@device_function
def deal(i: int, share: int, threads: int) -> int:
    """Row that turn ``i`` of a loop over ``share * threads`` turns takes; it may lie past the last row.

    Each thread runs one contiguous ``share`` of the turns. Dealt out like cards, the rows of a busy part of the picture
    fall to all threads alike.
    """
    return i % share * threads + i // share


@device_function
def place(i: int) -> Any:
    """An index that is known not to be negative: no code is spent on counting it from an array's end."""
    return np.uint64(i)
