"""The new view's kernels on a GPU, compiled by the NVRTC that torch's wheels bring; no toolkit is needed.

On tensors of the CPU the same kernels run one thread after the other on the processor, which is how they are tested.
"""

from __future__ import annotations

import ctypes
import functools
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from art3d_node.native import _native
from art3d_node.native.gpu_job import DeviceJob

ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
KERNELS = (
    "scatter", "name_winners", "read_winners", "cover_view", "find_holes", "fill_holes", "find_reaches",
    "count_band_pixels", "survey", "gather", "learn_cells", "classify", "split_rows", "compose",
)  # fmt: skip
TILE = (32, 4)  # threads of a block, along the row first: neighbours read neighbouring samples
LINE = 64  # threads of a block where each takes a row
KNOWN_CHANNELS = (3, 4)  # compiled for their own number; any other takes a loop

assert ctypes.sizeof(DeviceJob) == _native.DEVICE_JOB_BYTES


@dataclass(frozen=True)
class Figures:
    """What one kernel takes of a GPU: registers of a thread, and bytes of local memory it has to spill or index."""

    kernel: str
    registers: int
    local_bytes: int


def launch(kernel: str, job: DeviceJob, device: torch.device) -> None:
    """Run a kernel over ``job.width`` x ``job.height`` threads, in the order of torch's current stream."""
    if job.width <= 0 or job.height <= 0:
        return
    if device.type == "cpu":
        _native.stand_in(kernel, bytes(job))
        return
    from cuda.bindings import driver

    block = TILE if job.height > 1 else (LINE, 1)
    grid = (-(-job.width // block[0]), -(-job.height // block[1]))
    argument = (ctypes.c_void_p * 1)(ctypes.addressof(job))
    stream = torch.cuda.current_stream(device).cuda_stream
    function = _kernel(_architecture(device), _known(job.plate.channels), kernel)
    with torch.cuda.device(device):
        code, *_ = driver.cuLaunchKernel(function, *grid, 1, *block, 1, 0, stream, ctypes.addressof(argument), 0)
    if int(code):
        raise RuntimeError(f"CUDA could not launch {kernel} on {device}: {code}")


def fault() -> str:
    """Why kernels cannot be compiled, or ""."""
    try:
        from cuda.bindings import nvrtc

        code, *_ = nvrtc.nvrtcVersion()
    except (ImportError, RuntimeError, OSError) as error:
        return f"NVRTC cannot be loaded ({error})"
    return "" if int(code) == 0 else f"NVRTC says {code}"


def figures(architecture: str, channels: int) -> list[Figures]:
    """Compile every kernel for an architecture, which needs no GPU, and say what each takes."""
    log = io.StringIO()
    _program(architecture, channels, verbose=True).compile("cubin", logs=log)
    found = re.findall(
        r"entry function '(\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores.*?Used (\d+) registers",
        log.getvalue(),
        re.DOTALL,
    )
    return [Figures(name, int(registers), int(stack) + int(spilled)) for name, stack, spilled, registers in found]


def _known(channels: int) -> int:
    return channels if channels in KNOWN_CHANNELS else 0


def _architecture(device: torch.device) -> str:
    major, minor = torch.cuda.get_device_capability(device)
    return f"sm_{major}{minor}"


def _program(architecture: str, channels: int, *, verbose: bool = False) -> Any:
    from cuda.core import Program, ProgramOptions

    options = ProgramOptions(
        arch=architecture,
        std="c++20",
        fma=False,  # one rounding instead of two would differ from the processor's result
        device_as_default_execution_space=True,
        include_path=str(Path(__file__).parent),
        define_macro=("ART3D_CHANNELS", str(channels)),
        ptxas_options="-v" if verbose else None,
    )
    return Program('#include "device.cuh"\n', "c++", options)


@functools.cache
def _module(architecture: str, channels: int) -> Any:
    return _program(architecture, channels).compile("cubin")


@functools.cache
def _kernel(architecture: str, channels: int, name: str) -> int:
    return int(_module(architecture, channels).get_kernel(name).handle)
