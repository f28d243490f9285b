"""``mini``: the small depth network that ships in the box.

A MobileNetV2 encoder (batch normalisation folded into its convolutions), two
attention layers over the coarsest grid, where the layout of the whole picture
is weighed, and a light decoder that works up to half resolution.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from art3d_node.models.mini_weights import read_weights

WORKING_SHORT_SIDE: int = 384
"""The shorter picture side is resized to this before the network, in pixels."""

_STRIDE = 32
# The size that training showed; larger pictures are weighed as a whole at this size first.
LAYOUT_SHORT_SIDE = 192
# Expansion, output channels, repeats, first stride: table 2 of Sandler et al., "MobileNetV2" (2018).
_BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
# The block after which each of the strides 2, 4, 8, 16, 32 has its richest features.
_TAPS = (0, 2, 5, 12, 16)
_TAP_CHANNELS = (16, 24, 32, 96, 320)
_CONTEXT = 192
_DECODER = (32, 48, 80, 128)


class _Conv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, so that its published weights fit.

    With stride 2 that pads the right and the bottom only. To copy the picture into a larger one would cost more than
    the convolution; a kernel of 4 with zeros on its left and top, padded evenly, gives the same sums.
    """

    def __init__(self, cin: int, cout: int, kernel: int = 1, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__(cin, cout, kernel, stride=stride, padding=kernel // 2, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        weight = functional.pad(self.weight, (1, 0, 1, 0)) if self.stride[0] == 2 else self.weight
        out: Tensor = self._conv_forward(x, weight, self.bias)
        return out


class _InvertedResidual(nn.Module):
    def __init__(self, cin: int, cout: int, *, stride: int, expand: int) -> None:
        super().__init__()
        hidden = cin * expand
        widen = [_Conv(cin, hidden), nn.ReLU6(inplace=True)] if expand > 1 else []
        self.body = nn.Sequential(
            *widen, _Conv(hidden, hidden, 3, stride=stride, groups=hidden), nn.ReLU6(inplace=True), _Conv(hidden, cout)
        )
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.body(x)
        return y.add_(x) if self.residual else y


class Encoder(nn.Module):
    """MobileNetV2 1.0 without its classifier; features at strides 2, 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_Conv(3, 32, 3, stride=2), nn.ReLU6(inplace=True))
        blocks: list[nn.Module] = []
        cin = 32
        for expand, cout, repeats, stride in _BLOCKS:
            for i in range(repeats):
                blocks.append(_InvertedResidual(cin, cout, stride=stride if i == 0 else 1, expand=expand))
                cin = cout
        self.blocks = nn.ModuleList(blocks)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        x = self.stem(rgb * 2 - 1)
        features = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in _TAPS:
                features.append(x)
        return features


class _Attention(nn.Module):
    """Pre-norm transformer layer over a feature map."""

    def __init__(self, width: int, heads: int = 6) -> None:
        super().__init__()
        self.heads = heads
        self.norm_mix, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        n, count, width = tokens.shape
        qkv = self.qkv(self.norm_mix(tokens)).view(n, count, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, count, width)
        tokens = tokens + self.out(mixed)
        out: Tensor = tokens + self.mlp(self.norm_mlp(tokens))
        return out


class _Context(nn.Module):
    """Weighs every region of the picture against every other, and knows where each lies."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = _Conv(_TAP_CHANNELS[-1], _CONTEXT)
        self.place = nn.Linear(4, _CONTEXT)
        self.layers = nn.ModuleList([_Attention(_CONTEXT), _Attention(_CONTEXT)])

    def forward(self, x: Tensor) -> Tensor:
        h, w = x.shape[-2:]
        y = torch.linspace(-1, 1, h, device=x.device, dtype=x.dtype)[:, None].expand(h, w)
        u = torch.linspace(-1, 1, w, device=x.device, dtype=x.dtype)[None].expand(h, w)
        where = torch.stack([u, y, u * u, y * y], -1).view(h * w, 4)
        tokens: Tensor = self.enter(x).flatten(2).transpose(1, 2) + self.place(where)
        for layer in self.layers:
            tokens = layer(tokens)
        return tokens.transpose(1, 2).reshape(x.shape[0], _CONTEXT, h, w)


class _Merge(nn.Module):
    """One step up: the coarser map meets the encoder's features of its own grid."""

    def __init__(self, coarse: int, skip: int, cout: int) -> None:
        super().__init__()
        self.coarse, self.skip = _Conv(coarse, cout), _Conv(skip, cout)
        self.mix = nn.Sequential(nn.ReLU(), _Conv(cout, cout, 3), nn.ReLU(inplace=True), _Conv(cout, cout, 3))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        up = functional.interpolate(self.coarse(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        y: Tensor = self.skip(skip).add_(up)
        out: Tensor = self.mix(y).add_(y)
        return out


class MiniDepth(nn.Module):
    """Relative inverse depth from one picture; 3.1 million parameters.

    The answer is affine-invariant: only its order and its proportions mean
    something, never its absolute values.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.context = _Context()
        widths = (*_DECODER, _CONTEXT)
        self.up = nn.ModuleList(
            _Merge(widths[i + 1], _TAP_CHANNELS[i], widths[i]) for i in reversed(range(len(_DECODER)))
        )
        self.head = nn.Sequential(nn.ReLU(inplace=True), _Conv(_DECODER[0], 1, 3))

    def forward(self, rgb: Tensor) -> Tensor:
        """Estimate inverse depth.

        In eval mode a picture larger than those of training is seen twice: small, for the
        layout of the whole, beside its mirror image, and as it is, for its edges.

        Args:
            rgb: ``(N, 3, h, w)`` display-referred, 0..1; h and w multiples of 32.

        Returns:
            ``(N, 1, h, w)`` relative inverse depth, larger = nearer, any affine scale.

        Raises:
            ValueError: the shape is not as above.
        """
        if rgb.ndim != 4 or rgb.shape[1] != 3 or rgb.shape[2] % _STRIDE or rgb.shape[3] % _STRIDE:
            raise ValueError(f"expected (N, 3, h, w) with h and w multiples of {_STRIDE}, got {tuple(rgb.shape)}")
        rgb = rgb.contiguous(memory_format=torch.channels_last)
        fine = self._once(rgb)
        size = _layout_size(rgb.shape[2], rgb.shape[3])
        if self.training or size == rgb.shape[2:]:
            return fine
        small = functional.interpolate(rgb, size=size, mode="bilinear", align_corners=False, antialias=True)
        layout = functional.interpolate(
            self._mirrored_mean(small), size=fine.shape[2:], mode="bilinear", align_corners=False
        )
        return _broad(layout) + _gain(fine, layout) * (fine - _broad(fine))

    def _mirrored_mean(self, rgb: Tensor) -> Tensor:
        """The mean of a picture's estimate and its mirror image's: left and right count alike, and errors cancel."""
        as_is, mirrored = self._once(torch.cat([rgb, rgb.flip(3)])).chunk(2)
        return (as_is + mirrored.flip(3)) / 2

    def _once(self, rgb: Tensor) -> Tensor:
        features = self.encoder(rgb)
        x = self.context(features[-1])
        for merge, skip in zip(self.up, reversed(features[:-1]), strict=True):
            x = merge(x, skip)
        return functional.interpolate(self.head(x), scale_factor=2.0, mode="bilinear", align_corners=False)


def _layout_size(h: int, w: int) -> tuple[int, int]:
    scale = min(1.0, LAYOUT_SHORT_SIDE / min(h, w))
    return _STRIDE * round(h * scale / _STRIDE), _STRIDE * round(w * scale / _STRIDE)


def _broad(values: Tensor) -> Tensor:
    """What varies over more than a network cell."""
    cells = functional.avg_pool2d(values, _STRIDE)
    return functional.interpolate(cells, size=values.shape[2:], mode="bilinear", align_corners=False)


def _gain(fine: Tensor, layout: Tensor) -> Tensor:
    """The factor ``(N, 1, 1, 1)`` that brings one estimate to the other's scale, by least squares."""
    f, g = (v - v.mean((2, 3), keepdim=True) for v in (fine, layout))
    gain = (f * g).sum((2, 3), keepdim=True) / (f * f).sum((2, 3), keepdim=True).clamp(min=1e-9)
    return gain.clamp(min=0.2)


def load_mini(path: Path | None = None) -> MiniDepth:
    """Load ``mini`` for inference: eval mode, float32, on the CPU, channels last, which takes a quarter less time.

    Args:
        path: a file of :mod:`art3d_node.models.mini_weights`; the bundled weights when None.

    Raises:
        ValueError: the file is missing, damaged, or no ``mini`` checkpoint.
    """
    state = read_weights(path)
    model = MiniDepth()
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(f"{path or 'bundled weights'}: tensors do not fit the network: {error}") from error
    return model.eval().to(memory_format=torch.channels_last)
