"""Losses for affine-invariant inverse depth; pure functions of tensors.

Shapes: ``prediction``, ``target``, ``mask`` are ``(n, h, w)``; mask is 1 where
the target is known, else 0. Every loss is per picture, then averaged.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def normalise(values: Tensor, mask: Tensor) -> Tensor:
    """Subtract the masked mean and divide by the masked mean deviation.

    Eq. 6 of Ranftl et al., "Towards Robust Monocular Depth Estimation" (2020),
    with the mean for the median, which has a smoother gradient.
    """
    count = mask.sum((1, 2), keepdim=True).clamp(min=1)
    centred = values - (values * mask).sum((1, 2), keepdim=True) / count
    spread = (centred.abs() * mask).sum((1, 2), keepdim=True) / count
    return centred / spread.clamp(min=1e-4)


def _per_picture(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum((1, 2)) / mask.sum((1, 2)).clamp(min=1)


def affine_invariant(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of both normalised maps: ``(n,)``."""
    return _per_picture((normalise(prediction, mask) - normalise(target, mask)).abs(), mask)


def gradient(prediction: Tensor, target: Tensor, mask: Tensor, *, scales: int = 4) -> Tensor:
    """Gradient difference over several scales: ``(n,)``. Eq. 11 of Ranftl et al. (2020)."""
    residual = normalise(prediction, mask) - normalise(target, mask)
    total = torch.zeros(len(residual), device=residual.device)
    for scale in range(scales):
        r, m = residual[:, :: 2**scale, :: 2**scale], mask[:, :: 2**scale, :: 2**scale]
        total = total + _per_picture((r[:, :, 1:] - r[:, :, :-1]).abs(), m[:, :, 1:] * m[:, :, :-1])
        total = total + _per_picture((r[:, 1:] - r[:, :-1]).abs(), m[:, 1:] * m[:, :-1])
    return total


def ranking(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor,
    *,
    generator: torch.Generator,
    ratio: float = 1.1,
    pairs: int = 1500,
) -> Tensor:
    """Logistic loss on the order of random pairs whose true ratio exceeds ``ratio``: ``(n,)``.

    Half the pairs are drawn anywhere, half within a sixteenth of the picture, where boundaries are decided.
    After Chen et al., "Single-Image Depth Perception in the Wild" (2016), eq. 1.
    """
    n, h, w = target.shape
    y = torch.randint(h, (n, 2, pairs), generator=generator)
    x = torch.randint(w, (n, 2, pairs), generator=generator)
    half = pairs // 2
    y[:, 1, half:] = (
        y[:, 0, half:] + torch.randint(-h // 16, h // 16 + 1, (n, pairs - half), generator=generator)
    ).clamp(0, h - 1)
    x[:, 1, half:] = (
        x[:, 0, half:] + torch.randint(-w // 16, w // 16 + 1, (n, pairs - half), generator=generator)
    ).clamp(0, w - 1)
    at = (y * w + x).view(n, -1)
    p, t, m = (v.reshape(n, -1).gather(1, at).view(n, 2, pairs) for v in (normalise(prediction, mask), target, mask))
    nearer, farther = t.max(1).values, t.min(1).values
    counts = (nearer > farther * ratio + 1e-6).float() * m[:, 0] * m[:, 1]
    sign = torch.sign(t[:, 0] - t[:, 1])
    loss = functional.softplus(-6 * sign * (p[:, 0] - p[:, 1])) * counts
    return loss.sum(1) / counts.sum(1).clamp(min=1)
