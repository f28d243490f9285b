"""The copy of a plate that networks look at: small, display-referred, safe whatever the plate holds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from numba import prange
from torch import Tensor
from torch.nn import functional

from art3d_node.stereo.jit import FloatArray, cpu_kernel, f32

LOOK_LONG_SIDE_PX = 1024
_KNEE = 0.8
_BRIGHTEST = 64.0


def rgb_of(color: Tensor, channels: Sequence[str]) -> Tensor:
    """(H, W, 3) of the channels R, G, B; a plate without them shows its Y or first channel as grey."""
    if all(name in channels for name in "RGB"):
        wanted = [channels.index(name) for name in "RGB"]
        return color[..., :3] if wanted == [0, 1, 2] else color[..., wanted]
    grey = channels.index("Y") if "Y" in channels else 0
    return color[..., grey : grey + 1].expand(*color.shape[:2], 3)


def display_curve(linear: Tensor) -> Tensor:
    """Scene-linear light → display value 0..1: a highlight shoulder from 0.8 on, then the sRGB curve (IEC 61966-2-1).

    Args:
        linear: any shape; NaN counts as 0, infinity as very bright.
    """
    x = torch.nan_to_num(linear, nan=0.0, posinf=_BRIGHTEST, neginf=0.0).clamp(0.0, _BRIGHTEST)
    room = 1.0 - _KNEE
    over = (x - _KNEE).clamp_min(0.0)
    x = torch.where(x > _KNEE, _KNEE + room * over / (room + over), x)
    return torch.where(x <= 0.0031308, 12.92 * x, 1.055 * x.clamp_min(0.0031308).pow(1 / 2.4) - 0.055)


def make_look(color: Tensor, channels: Sequence[str], *, long_side_px: int = LOOK_LONG_SIDE_PX) -> Tensor:
    """The look of a scene-linear plate.

    Fireflies are cut before the area average, so that one hot pixel does not light its neighbourhood.

    Args:
        color: (H, W, C) float, scene-linear Rec.709 primaries.
        channels: names of its channels.
        long_side_px: the longer side of the result is at most this.

    Returns:
        (h, w, 3) uint8.
    """
    height, width = color.shape[:2]
    rgb = rgb_of(color, channels).float()
    ratio = min(1.0, long_side_px / max(height, width))
    size = max(1, round(height * ratio)), max(1, round(width * ratio))
    if size == (height, width):
        small = _bounded(rgb)
    elif rgb.device.type == "cpu":
        small = torch.empty((*size, 3), device=rgb.device)
        _shrink(rgb.detach().numpy(), small.numpy(), _BRIGHTEST)
    else:
        planes = _bounded(rgb).permute(2, 0, 1)[None]
        small = functional.interpolate(planes, size=size, mode="area")[0].permute(1, 2, 0)
    return (display_curve(small) * 255.0 + 0.5).to(torch.uint8).contiguous()


def _bounded(rgb: Tensor) -> Tensor:
    return torch.nan_to_num(rgb, nan=0.0, posinf=_BRIGHTEST, neginf=0.0).clamp(0.0, _BRIGHTEST)


@cpu_kernel
def _shrink(rgb: FloatArray, small: FloatArray, brightest: float) -> None:
    """`_bounded` and torch's area average in one pass, with the same sums in the same order: (H, W, 3) to (h, w, 3)."""
    rows, columns = rgb.shape[:2]
    h, w = small.shape[:2]
    for y in prange(h):
        top, bottom = y * rows // h, -(-(y + 1) * rows // h)
        for x in range(w):
            left, right = x * columns // w, -(-(x + 1) * columns // w)
            for c in range(3):
                total = f32(0.0)
                for v in range(top, bottom):
                    for u in range(left, right):
                        value = rgb[v, u, c]
                        total += min(max(value, f32(0.0)), f32(brightest)) if value == value else f32(0.0)
                small[y, x, c] = total / f32(bottom - top) / f32(right - left)
