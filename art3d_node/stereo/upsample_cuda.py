"""Guided upsampling in tensor operations, for a GPU: the arithmetic of `upsample`, its sums in another order."""

from __future__ import annotations

import torch
from torch import Tensor

_SHARP_GUIDE = 250.0


def _likeness(other: Tensor, centre: Tensor, sharp: float) -> Tensor:
    """1 for equal guides (c, ...), falling with the fourth power of their distance; near 0 for what is no number."""
    unlike = sharp * (other - centre).square().sum(0)
    near = 1.0 / (1.0 + torch.nan_to_num(unlike, nan=1e6, posinf=1e6).clamp(max=1e6))
    return near * near


def shrink(guide: Tensor, size: tuple[int, int]) -> Tensor:
    """The guide (c, h, w) in the middle of each pixel of the small grid, and what is like it around, of (H, W, c)."""
    finite = torch.nan_to_num(guide, nan=0.0).clamp(0.0, 1.0).permute(2, 0, 1)
    height, width = finite.shape[1:]
    pairs = ((height, size[0]), (width, size[1]))
    middles = [(2 * torch.arange(m, device=guide.device) + 1) * n // (2 * m) for n, m in pairs]
    centre = finite[:, middles[0]][:, :, middles[1]]
    total, weights = torch.zeros_like(centre), torch.zeros_like(centre[0])
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            y, x = middles[0] + dy, middles[1] + dx
            sample = finite[:, y.clamp(0, height - 1)][:, :, x.clamp(0, width - 1)]
            inside = ((y >= 0) & (y < height))[:, None] & ((x >= 0) & (x < width))[None]
            weight = _likeness(sample, centre, _SHARP_GUIDE) * inside
            total += weight * sample
            weights += weight
    return total / weights


def refine(low: Tensor, guide: Tensor, radius: int, step: int, sharp: float) -> Tensor:
    """One joint bilateral pass over (k, h, w) maps, of every `step`-th pixel that has a mirror image there."""
    h, w = low.shape[1:]
    total, weights = torch.zeros_like(low), torch.zeros_like(low[0])
    for i in range(-radius, radius + 1):
        for j in range(-radius, radius + 1):
            dv, du = i * step, j * step
            rows, columns = (slice(abs(d), n - abs(d)) for d, n in ((dv, h), (du, w)))
            source = slice(rows.start + dv, rows.stop + dv), slice(columns.start + du, columns.stop + du)
            if rows.stop <= rows.start or columns.stop <= columns.start:
                continue
            space = 1.0 / (1.0 + (i * i + j * j) / (radius * radius))
            like = space * _likeness(guide[:, source[0], source[1]], guide[:, rows, columns], sharp)
            total[:, rows, columns] += like * low[:, source[0], source[1]]
            weights[rows, columns] += like
    return total / weights


def enlarge(low: Tensor, small: Tensor, guide: Tensor, sharp: float) -> Tensor:
    """Each plate pixel: its 2 × 2 neighbours on the small grid, weighed by distance and likeness of the guide."""
    picture = guide.permute(2, 0, 1)
    (y, sy), (x, sx) = (_places(n, m, low.device) for n, m in zip(guide.shape[:2], low.shape[1:], strict=True))
    total, weights = guide.new_zeros(low.shape[0], *guide.shape[:2]), guide.new_zeros(guide.shape[:2])
    for dv in range(2):
        wy, v = 1.1 - (sy - (y + dv)).abs(), (y + dv).clamp(0, low.shape[1] - 1)
        for du in range(2):
            wx, u = 1.1 - (sx - (x + du)).abs(), (x + du).clamp(0, low.shape[2] - 1)
            weight = wy[:, None] * wx[None] * _likeness(small[:, v][:, :, u], picture, sharp)
            total += weight * low[:, v][:, :, u]
            weights += weight
    return total / weights


def _places(size: int, small: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each plate row (or column): the first of its two neighbours on the small grid, and its place there."""
    position = (torch.arange(size, dtype=torch.float32, device=device) + 0.5) * (small / size) - 0.5
    return torch.floor(position).long(), position
