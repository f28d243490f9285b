"""Between arrays on the host and tensors on a device, through a few megabytes of pinned memory.

A copy from or to ordinary memory makes the driver stage it and wait. Here every chunk goes through one of two pinned
buffers, so that the host fills one while the device reads the other. The buffers are made once per device and never
grow: pinned memory is the machine's, not the process's. On the processor nothing is staged.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from art3d_node.plane_memory import PLANES

CHUNK_BYTES = 8 << 20
BAND_ROWS = 64  # a band stays in the cache, and between two bands work can be cancelled
CPU = torch.device("cpu")

Array = npt.NDArray[Any]


class _Lane:
    """Two buffers towards or from one device, used in turn."""

    def __init__(self) -> None:
        pinned = torch.cuda.is_available()
        self.buffers = [torch.empty(CHUNK_BYTES, dtype=torch.uint8, device=CPU, pin_memory=pinned) for _ in range(2)]
        self.events = [torch.cuda.Event() if pinned else None for _ in range(2)]

    def wait(self, turn: int) -> None:
        """Until the device is done with a buffer."""
        event = self.events[turn]
        if event is not None:
            event.synchronize()

    def used(self, turn: int) -> None:
        """The device is told to use a buffer."""
        event = self.events[turn]
        if event is not None:
            event.record()


@functools.cache
def _lane(device: torch.device, direction: str) -> _Lane:
    return _Lane()


def upload(array: Array, device: torch.device) -> Tensor:
    """A copy of an array on a device, in the array's own type.

    Args:
        array: any shape and stride; half and eight-bit layers travel as they are, at their own size.
        device: where to.
    """
    contiguous = np.ascontiguousarray(array)
    tensor = torch.empty(contiguous.shape, dtype=torch.from_numpy(np.empty(0, contiguous.dtype)).dtype, device=device)
    if contiguous.size == 0:
        return tensor
    source, target = contiguous.reshape(-1).view(np.uint8), tensor.view(-1).view(torch.uint8)
    lane = _lane(device, "up")
    for index, first in enumerate(range(0, source.size, CHUNK_BYTES)):
        part, turn = source[first : first + CHUNK_BYTES], index % 2
        lane.wait(turn)
        buffer = lane.buffers[turn][: part.size]
        np.copyto(buffer.numpy(), part)
        target[first : first + part.size].copy_(buffer, non_blocking=True)
        lane.used(turn)
    return tensor


def download(tensor: Tensor, target: Array) -> None:
    """Copies a tensor into an array of its shape, rounded to its type; returns when the pixels are there.

    Args:
        tensor: on any device.
        target: C-contiguous.
    """
    if tensor.device.type == "cpu":
        rows = max(1, CHUNK_BYTES * max(1, len(target)) // max(1, target.nbytes))
        for first in range(0, len(target), rows):  # between two chunks work can be cancelled
            part = slice(first, first + rows)
            torch.from_numpy(target[part]).copy_(tensor[part])  # on all cores, which np.copyto does not use
        return
    kind = torch.from_numpy(np.empty(0, target.dtype)).dtype
    source, out = tensor.detach().to(kind).contiguous().view(-1).view(torch.uint8), target.reshape(-1).view(np.uint8)
    lane, before = _lane(tensor.device, "down"), None
    for index, first in enumerate(range(0, out.size, CHUNK_BYTES)):
        size, turn = min(CHUNK_BYTES, out.size - first), index % 2
        lane.buffers[turn][:size].copy_(source[first : first + size], non_blocking=True)
        lane.used(turn)
        if before is not None:
            _take(lane, before, out)
        before = (turn, first, size)
    if before is not None:
        _take(lane, before, out)


def _take(lane: _Lane, filled: tuple[int, int, int], out: Array) -> None:
    turn, first, size = filled
    lane.wait(turn)
    np.copyto(out[first : first + size], lane.buffers[turn][:size].numpy())


def host_array(tensor: Tensor) -> Array:
    """The values as an array: the tensor's own memory on the processor, a copy from elsewhere."""
    if tensor.device.type == "cpu":
        found: Array = tensor.detach().numpy()
        return found
    host = torch.empty(tensor.shape, dtype=tensor.dtype, device=CPU).numpy()
    download(tensor, host)
    return host


def as_float(array: Array, device: torch.device = CPU) -> Tensor:
    """A layer as float32 on a device: half and float by value, integers as a share of their largest value."""
    if device.type == "cpu":
        found = roomy(array.shape)
        largest = float(np.iinfo(array.dtype).max) if array.dtype.kind == "u" else None
        for first in range(0, array.shape[0], BAND_ROWS):
            band = found[first : first + BAND_ROWS]
            band.copy_(_readable(array[first : first + BAND_ROWS]))
            if largest is not None:
                band.div_(largest)
        return found
    values = upload(array, device).to(torch.float32)
    return values.div_(float(np.iinfo(array.dtype).max)) if array.dtype.kind == "u" else values


def own_or_float(array: Array) -> Tensor:
    """`as_float` on the host, but a float32 layer is its own memory, to be read only."""
    return _readable(array) if array.dtype == np.float32 else as_float(array)


def roomy(shape: tuple[int, ...]) -> Tensor:
    """A float32 tensor on the host that holds anything.

    Large ones take the memory that an earlier frame left, which torch's own allocator gives back.
    """
    return torch.from_numpy(PLANES.plane(shape))


def _readable(array: Array) -> Tensor:
    """A tensor over an array's memory, to be read only.

    torch turns halves into floats five times as fast as numpy, but warns of memory that nobody may write, as another
    process's.
    """
    if not array.flags.writeable:
        described = {**array.__array_interface__, "data": (array.ctypes.data, False)}
        array = np.asarray(SimpleNamespace(__array_interface__=described))
    return torch.from_numpy(array)
