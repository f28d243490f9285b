"""MobileNetV2 weights out of an int8 TensorFlow Lite file.

A weight is
``scale[channel] · (q − zero_point[channel])``; biases carry their own scales.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from art3d_node.models.mini import Encoder
from training.mini.flatbuffer import Table

_CONV, _DEPTHWISE = 3, 4
_DTYPES = {2: "<i4", 3: "u1", 9: "i1"}


def _dequantised(tensor: Table, buffers: list[Table]) -> np.ndarray:
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
    model = Table.root(path.read_bytes(), where=str(path))
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
