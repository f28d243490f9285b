"""MobileNetV2 weights out of an int8 TensorFlow Lite file.

The file is a flatbuffer; only the few tables needed are walked, by field
number, after the public schema (tensorflow/lite/schema/schema.fbs). A weight is
``scale[channel] · (q − zero_point[channel])``; biases carry their own scales.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from art3d_node.models.mini import Encoder

_CONV, _DEPTHWISE = 3, 4
_DTYPES = {2: "<i4", 3: "u1", 9: "i1"}


class _Table:
    """A flatbuffer table: fields are looked up by number through its vtable."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.vtable)[0]

    def _field(self, number: int) -> int:
        slot = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, self.vtable + slot)[0] if slot < self.size else 0
        return self.at + offset if offset else 0

    def _follow(self, at: int) -> int:
        return at + int(struct.unpack_from("<I", self.data, at)[0])

    def number(self, field: int, code: str = "<i") -> int:
        at = self._field(field)
        return int(struct.unpack_from(code, self.data, at)[0]) if at else 0

    def table(self, field: int) -> _Table:
        return _Table(self.data, self._follow(self._field(field)))

    def vector(self, field: int, dtype: str) -> np.ndarray:
        at = self._field(field)
        if not at:
            return np.zeros(0, dtype)
        start = self._follow(at)
        return np.frombuffer(self.data, dtype, struct.unpack_from("<I", self.data, start)[0], start + 4)

    def tables(self, field: int) -> list[_Table]:
        at = self._field(field)
        start = self._follow(at)
        count = struct.unpack_from("<I", self.data, start)[0]
        return [_Table(self.data, self._follow(start + 4 + 4 * i)) for i in range(count)]


def _dequantised(tensor: _Table, buffers: list[_Table]) -> np.ndarray:
    shape = tensor.vector(0, "<i4")
    quant = tensor.table(4)
    scale, zero = quant.vector(2, "<f4"), quant.vector(3, "<i8")
    raw = buffers[tensor.number(2, "<I")].vector(0, "u1").tobytes()
    q = np.frombuffer(raw, _DTYPES[tensor.number(1, "<b")]).reshape(shape).astype(np.float32)
    axis = quant.number(6)
    along = [-1 if i == axis else 1 for i in range(len(shape))]
    if zero.size == 0:
        zero = np.zeros_like(scale)
    return np.asarray((q - zero.reshape(along).astype(np.float32)) * scale.reshape(along))


def read_convolutions(path: Path) -> list[tuple[Tensor, Tensor]]:
    """Every convolution of the file in order, as PyTorch ``(weight, bias)`` pairs.

    Raises:
        ValueError: the file is no TensorFlow Lite model.
    """
    data = path.read_bytes()
    if data[4:8] != b"TFL3":
        raise ValueError(f"{path}: not a TensorFlow Lite model")
    model = _Table(data, struct.unpack_from("<I", data, 0)[0])
    graph, buffers = model.tables(2)[0], model.tables(4)
    codes = [code.number(0, "<b") for code in model.tables(1)]
    tensors, found = graph.tables(0), []
    for op in graph.tables(3):
        kind = codes[op.number(0, "<I")]
        if kind not in (_CONV, _DEPTHWISE):
            continue
        _, w, b = (tensors[i] for i in op.vector(1, "<i4"))
        order = (3, 0, 1, 2) if kind == _DEPTHWISE else (0, 3, 1, 2)
        weight = np.ascontiguousarray(_dequantised(w, buffers).transpose(order))
        found.append((torch.from_numpy(weight), torch.from_numpy(_dequantised(b, buffers))))
    return found


def load_encoder(encoder: Encoder, path: Path) -> list[tuple[Tensor, Tensor]]:
    """Fill the encoder in place; returns the classifier's convolutions, which it does not have."""
    pairs = read_convolutions(path)
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        for module, (weight, bias) in zip(convolutions, pairs, strict=False):
            module.weight.copy_(weight)
            assert module.bias is not None
            module.bias.copy_(bias)
    return pairs[len(convolutions) :]
