"""CameraNet: from a picture and its inverse depth to the artistic blueprint vs, vt, and the right eye's disparity.

Architecture after "Beyond Geometry" (arXiv 2603.05906): three levels down, three up, one output layer with three
channels. Ours are the widths, and the mean of the whole frame at the coarsest level: a stereographer sets the depth
of a shot by all that is in it, and a light network's field of view is too small to know that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from art3d_node.models.neutral import SCALE, SHIFT

WIDTH = 16
WIDTHS = (4, 128)
STRIDE = 8
INPUT_SIZE = 512

_UNIT = 1.0 / 64.0
"""One unit of the last layer, fraction of picture width; a power of two, so that neutral's constants stay exact."""

_IZ_RANGE = (-0.5, 1.5)

_LEAK = 0.1


@dataclass(frozen=True)
class CameraMaps:
    """The blueprint of a batch.

    Attributes:
        scale, shift: vs, vt on the left grid, (N, 1, h, w), fractions of picture width.
        right: d̂_R, disparity x_L − x_R on the right grid, (N, 1, h, w), fraction of picture width.
    """

    scale: Tensor
    shift: Tensor
    right: Tensor


def _conv(cin: int, cout: int, *, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride=stride, padding=dilation, dilation=dilation), nn.LeakyReLU(_LEAK, inplace=True)
    )


class _Down(nn.Module):
    def __init__(self, cin: int, cout: int, *, dilation: int = 1) -> None:
        super().__init__()
        self.halve = _conv(cin, cout, stride=2)
        self.mix = _conv(cout, cout, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.halve(x)
        mixed: Tensor = self.mix(y)
        return y + mixed


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class _Doubled(torch.autograd.Function):
    """`_doubled` with a gradient that is gathered, not scattered: three times as fast on a CPU, and repeatable."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return _doubled(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _halved(_halved(gradient, 2), 3)


def _halved(gradient: Tensor, dim: int) -> Tensor:
    """The adjoint of doubling along `dim`: a sample went to its own two places by 3/4, to the next on each side by 1/4,
    and beyond the border it was repeated."""
    size = gradient.shape[dim] // 2
    even, odd = gradient.unflatten(dim, (size, 2)).unbind(dim + 1)
    passed: Tensor = 0.75 * (even + odd)
    passed.narrow(dim, 0, size - 1).add_(even.narrow(dim, 1, size - 1), alpha=0.25)
    passed.narrow(dim, 1, size - 1).add_(odd.narrow(dim, 0, size - 1), alpha=0.25)
    passed.select(dim, 0).add_(even.select(dim, 0), alpha=0.25)
    passed.select(dim, size - 1).add_(odd.select(dim, size - 1), alpha=0.25)
    return passed


class _Up(nn.Module):
    def __init__(self, cin: int, skip: int, cout: int) -> None:
        super().__init__()
        self.mix = _conv(cin + skip, cout)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        # Exporters know torch's own operation only; the values are the same.
        up = _Doubled.apply(x) if self.training else _doubled(x)
        y: Tensor = self.mix(torch.cat([up, skip], dim=1))
        return y


class _Frame(nn.Module):
    """Adds what the mean of the whole frame says to every place in it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.say = nn.Sequential(nn.Linear(channels, channels), nn.LeakyReLU(_LEAK), nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        offset: Tensor = self.say(x.mean(dim=(2, 3)))[:, :, None, None]
        return x + offset


def network_input(rgb: Tensor, inverse_depth: Tensor) -> Tensor:
    """Picture and inverse depth as the network takes them, centred: (N, 4, h, w).

    Args:
        rgb: (N, 3, h, w), display-referred, 0..1; square pixels.
        inverse_depth: (N, 1, h, w), normalised iz; what lies outside −0.5..1.5 is clamped.

    Raises:
        ValueError: shapes that differ, or sides that are no multiples of 8.
    """
    if rgb.ndim != 4 or rgb.shape[1] != 3 or inverse_depth.shape != rgb[:, :1].shape:
        raise ValueError(f"expected (N, 3, h, w) and (N, 1, h, w), got {rgb.shape} and {inverse_depth.shape}")
    if rgb.shape[2] % STRIDE or rgb.shape[3] % STRIDE:
        raise ValueError(f"sides must be multiples of {STRIDE}, got {rgb.shape[3]}×{rgb.shape[2]}")
    return torch.cat([rgb - 0.5, inverse_depth.clamp(*_IZ_RANGE) - 0.5], dim=1)


class CameraNet(nn.Module):
    """The trained part of Art3D; a fresh one is the style `neutral`, exactly.

    Args:
        width: channels at the finest level; 16 makes 0.12 million parameters.

    Raises:
        ValueError: a width outside 4..128.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        if not WIDTHS[0] <= width <= WIDTHS[1]:
            raise ValueError(f"CameraNet's width is {width}, it may be {WIDTHS[0]} to {WIDTHS[1]}")
        self.width = width
        self.down = nn.ModuleList([_Down(4, width), _Down(width, 2 * width), _Down(2 * width, 4 * width, dilation=2)])
        self.frame = _Frame(4 * width)
        fine = max(4, width // 2)
        self.up = nn.ModuleList(
            [_Up(4 * width, 2 * width, 2 * width), _Up(2 * width, width, width), _Up(width, 4, fine)]
        )
        self.out = nn.Conv2d(fine, 3, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                # Without normalisation layers the default weights shrink a signal to nothing over ten layers.
                nn.init.kaiming_normal_(module.weight, a=_LEAK, nonlinearity="leaky_relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.out.weight)
        self.out.bias = nn.Parameter(torch.tensor([SCALE, SHIFT, 0.5 * SCALE + SHIFT]) / _UNIT)

    def forward(self, rgb: Tensor, inverse_depth: Tensor) -> CameraMaps:
        """The blueprint of a batch of frames; arguments and errors are those of `network_input`."""
        maps = self.maps(network_input(rgb, inverse_depth))
        return CameraMaps(maps[:, 0:1], maps[:, 1:2], maps[:, 2:3])

    def maps(self, x: Tensor) -> Tensor:
        """vs, vt, d̂_R as (N, 3, h, w) from what `network_input` made, in whichever memory format it lies."""
        features = [x]
        for down in self.down:
            features.append(down(features[-1]))
        y = self.frame(features.pop())
        for up in self.up:
            y = up(y, features.pop())
        maps: Tensor = self.out(y) * _UNIT
        return maps
