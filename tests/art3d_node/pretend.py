"""A GPU that is not there: tensors that say they are on cuda:0 and compute on the processor.

They are held to a GPU's rules. A tensor of the device and one of the host do not mix (but for numbers, 0-d), a device's
tensor has no numpy array, and whatever is made without naming a device is on the host. So work that runs here names its
devices right; whether a GPU's kernels compute right is another question.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_map

CUDA = torch.device("cuda:0")


class OnDevice(Tensor):
    """A tensor that pretends; `held` is where its values are."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnDevice:
        shape = torch.empty_strided(held.shape, held.stride(), dtype=held.dtype, device="meta")
        made: OnDevice = Tensor._make_subclass(cls, shape, False, dispatch_device=True)
        made.held = held
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """Where it says it is."""
        return CUDA

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        kwargs = dict(kwargs or {})
        flat, _ = tree_flatten((args, kwargs))
        asked = kwargs.get("device")
        ours = any(isinstance(value, OnDevice) for value in flat)
        moved = asked is not None and torch.device(asked).type == "cpu"
        if func is torch.ops.aten.copy_.default:
            return _copied(func, args, kwargs)
        for value in flat:
            if ours and isinstance(value, Tensor) and not isinstance(value, OnDevice) and value.ndim:
                raise AssertionError(f"{func} mixes the device with the host")
        if asked is not None:
            kwargs["device"] = torch.device("cpu")
        found = func(*tree_map(_held, args), **tree_map(_held, kwargs))
        # In-place operations give back the tensor they were given.
        known = {id(value.held): value for value in flat if isinstance(value, OnDevice)}
        return tree_map(lambda v: _wrapped(v, known, on_device=not moved), found)


def _copied(func: Any, args: Any, kwargs: Any) -> Any:
    func(*tree_map(_held, args), **kwargs)
    return args[0]


def _held(value: Any) -> Any:
    return value.held if isinstance(value, OnDevice) else value


def _wrapped(value: Any, known: dict[int, OnDevice], *, on_device: bool) -> Any:
    if not isinstance(value, Tensor) or not on_device:
        return value
    given = known.get(id(value))
    return OnDevice(value) if given is None else given


class _Driver(TorchFunctionMode):
    """Makes what is asked for on the device, which no real driver could do here."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name == "numpy" and isinstance(args[0], OnDevice):
            raise AssertionError("a device's tensor has no numpy array")
        if name == "new_tensor" and isinstance(args[0], OnDevice):
            return OnDevice(args[0].held.new_tensor(*args[1:], **kwargs))
        if name == "tolist" and isinstance(args[0], OnDevice):
            return args[0].held.tolist()
        if name == "cpu" and isinstance(args[0], OnDevice):
            return args[0].held.clone()
        if name == "to" and _device_of((*args[1:], *kwargs.values())) is not None:
            return _moved(*args, **kwargs)
        device = kwargs.get("device")
        if device is not None and torch.device(device).type == "cuda" and not _any(args):
            kwargs["device"] = torch.device("cpu")
            return OnDevice(func(*args, **kwargs))
        return func(*args, **kwargs)


def _device_of(values: Any) -> torch.device | None:
    named = [torch.device(v) for v in values if isinstance(v, (str, torch.device))]
    return named[0] if named else None


def _moved(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """`tensor.to(...)` with a device among what it is told."""
    device = _device_of((*args, *kwargs.values()))
    here = isinstance(tensor, OnDevice)
    dtype = next((v for v in (*args, *kwargs.values()) if isinstance(v, torch.dtype)), tensor.dtype)
    if device == CUDA:
        return tensor if here and dtype == tensor.dtype else OnDevice(_held(tensor).detach().to(dtype, copy=True))
    found: Tensor = _held(tensor).to(dtype, copy=here)
    return found


def _any(args: Any) -> bool:
    return any(isinstance(value, OnDevice) for value in tree_flatten(args)[0])


@contextmanager
def pretended() -> Iterator[None]:
    """Within this a device "cuda:0" can be computed on."""
    with _Driver():
        yield
