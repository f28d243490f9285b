"""The copy of a plate that networks look at: small, display-referred, safe whatever the plate holds."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

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
    rgb = torch.nan_to_num(rgb_of(color, channels).float(), nan=0.0, posinf=_BRIGHTEST, neginf=0.0)
    rgb = rgb.clamp(0.0, _BRIGHTEST).permute(2, 0, 1)[None]
    ratio = min(1.0, long_side_px / max(height, width))
    size = max(1, round(height * ratio)), max(1, round(width * ratio))
    small = rgb if size == (height, width) else functional.interpolate(rgb, size=size, mode="area")
    return (display_curve(small)[0].permute(1, 2, 0) * 255.0 + 0.5).to(torch.uint8).contiguous()
