"""The copy of a plate that networks look at: small, display-referred, safe whatever the plate holds."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from art3d_node import native
from art3d_node.native import ByteArray, FloatArray
from art3d_node.transfer import CPU

LOOK_LONG_SIDE_PX = 1024
_KNEE = 0.8
_BRIGHTEST = 64.0
_LEVELS = 256
_KEPT_BITS = 16  # of a float, enough to know its display level but for a step or two


def rgb_of(color: Tensor, channels: Sequence[str]) -> Tensor:
    """(H, W, 3) of the channels R, G, B; a plate without them shows its Y or first channel as grey."""
    if all(name in channels for name in "RGB"):
        order = [channels.index(name) for name in "RGB"]
        return color[..., :3] if order == [0, 1, 2] else color[..., order]
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
    if rgb.device.type == "cpu":
        look = torch.empty((*size, 3), dtype=torch.uint8, device=CPU)
        native.make_look(rgb.detach().numpy(), look.numpy(), _BRIGHTEST, *_levels())
        return look
    planes = _bounded(rgb).permute(2, 0, 1)[None]
    small = functional.interpolate(planes, size=size, mode="area")[0].permute(1, 2, 0)
    return (display_curve(small) * (_LEVELS - 1) + 0.5).to(torch.uint8).contiguous()


def _bounded(rgb: Tensor) -> Tensor:
    return torch.nan_to_num(rgb, nan=0.0, posinf=_BRIGHTEST, neginf=0.0).clamp(0.0, _BRIGHTEST)


@functools.cache
def _levels() -> tuple[FloatArray, ByteArray]:
    """What turns light into 8-bit levels of the display curve without a power: the least light of each level, and for
    the upper bits of a float the level of the least light that has them."""
    levels = torch.arange(1, _LEVELS, device=CPU)
    # Floats above 0 sort like their bits.
    low = torch.zeros(_LEVELS - 1, dtype=torch.int32, device=CPU)
    high = torch.full_like(low, int(np.float32(_BRIGHTEST).view(np.int32)))
    while bool((low < high).any()):
        middle = low + (high - low) // 2
        reached = (display_curve(middle.view(torch.float32)) * (_LEVELS - 1) + 0.5).to(torch.int64) >= levels
        low, high = torch.where(reached, low, middle + 1), torch.where(reached, middle, high)
    least = np.concatenate([[0.0], low.view(torch.float32).numpy()]).astype(np.float32)
    upper = np.arange((int(np.float32(_BRIGHTEST).view(np.int32)) >> _KEPT_BITS) + 1, dtype=np.int32)
    first = np.searchsorted(least, (upper << _KEPT_BITS).view(np.float32), side="right") - 1
    return least, first.astype(np.uint8)
