"""Compile the numeric kernels of this package, with a disk cache where one can be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numba
import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
IndexArray: TypeAlias = npt.NDArray[np.int32]
MaskArray: TypeAlias = npt.NDArray[np.bool_]
Real: TypeAlias = Any  # a float32 scalar inside a kernel: a Python float to the reader, not to mypy
f32: Any = np.float32

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


def cpu_kernel(function: Function) -> Function:
    """Compile a loop over rows: ``prange`` spreads it over the cores, the GIL is released."""
    return _compile(function, parallel=True)
