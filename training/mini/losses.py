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
    pairs: int = 1800,
) -> Tensor:
    """Logistic loss on the order of random pairs whose true ratio exceeds ``ratio``: ``(n,)``.

    A third of the pairs is drawn anywhere, a third within a sixteenth of the picture, and a third straddles true
    boundaries, where a careful network would rather answer with a soft ramp.
    After Chen et al., "Single-Image Depth Perception in the Wild" (2016), eq. 1; the last third after Xian et al.,
    "Structure-Guided Ranking Loss for Single Image Depth Prediction" (2020), section 3.2.
    """
    h, w = target.shape[1:]
    y, x = (
        torch.cat(parts, 2)
        for parts in zip(
            _anywhere(target, pairs // 3, generator),
            _near(target, pairs // 3, generator),
            _across(target, mask, pairs // 3, ratio, generator),
            strict=True,
        )
    )
    at = (y.clamp(0, h - 1) * w + x.clamp(0, w - 1)).flatten(1)
    p, t, m = (v.flatten(1).gather(1, at).unflatten(1, (2, -1)) for v in (normalise(prediction, mask), target, mask))
    nearer, farther = t.max(1).values, t.min(1).values
    counts = (nearer > farther * ratio + 1e-6).float() * m[:, 0] * m[:, 1]
    sign = torch.sign(t[:, 0] - t[:, 1])
    loss = functional.softplus(-6 * sign * (p[:, 0] - p[:, 1])) * counts
    order: Tensor = loss.sum(1) / counts.sum(1).clamp(min=1)
    return order


def _anywhere(target: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Rows and columns ``(n, 2, count)`` of pairs of points."""
    n, h, w = target.shape
    shape = (n, 2, count)
    y, x = torch.randint(h, shape, generator=generator), torch.randint(w, shape, generator=generator)
    return y.to(target.device), x.to(target.device)


def _near(target: Tensor, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The same, each pair within a sixteenth of the picture."""
    _, h, w = target.shape
    y, x = _anywhere(target, count, generator)
    for at, side in ((y, h), (x, w)):
        step = torch.randint(-side // 16, side // 16 + 1, at[:, 0].shape, generator=generator)
        at[:, 1] = at[:, 0] + step.to(at.device)
    return y, x


def _across(
    target: Tensor, mask: Tensor, count: int, ratio: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """The same, each pair 1 to 4 pixels to either side of a boundary, along its normal; may leave the picture."""
    w = target.shape[2]
    padded = functional.pad(target * mask, (1, 1, 1, 1), mode="replicate")
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    interior = -functional.max_pool2d(-mask[:, None], 3, 1, 1)[:, 0]
    jump = torch.hypot(dx, dy)
    # Every pixel keeps a whisper of a chance, so that a picture without boundaries is no special case.
    chance = (jump > (ratio - 1) * target.abs()).float() * interior + 1e-6
    at = torch.multinomial(chance.flatten(1).cpu(), count, replacement=True, generator=generator).to(target.device)
    size = jump.flatten(1).gather(1, at).clamp(min=1e-9)
    away = torch.randint(1, 5, (len(target), 2, count), generator=generator).to(target.device)
    away[:, 1] *= -1
    y, x = at // w, at % w
    ny, nx = dy.flatten(1).gather(1, at) / size, dx.flatten(1).gather(1, at) / size
    return (y[:, None] + (away * ny[:, None]).round().long(), x[:, None] + (away * nx[:, None]).round().long())


def wholeness_loss(
    prediction: Tensor,
    target: Tensor,
    mask: Tensor,
    ids: Tensor,
    *,
    generator: torch.Generator,
    ratio: float = 1.05,
    pairs: int = 600,
) -> Tensor:
    """How far whole things are torn: ``(n,)``, 0 without any.

    Pairs of a pixel of a numbered thing and one outside it, up to a quarter of the picture away, that truly lies
    behind; logistic loss on their order, the mean of the worst quarter of them. A mean over all would let a lost head
    pass for a well-placed body.
    """
    n, h, w = target.shape
    chance = (ids.flatten(1) > 0).float() + 1e-6
    at = torch.multinomial(chance.cpu(), pairs, replacement=True, generator=generator).to(target.device)
    turn = torch.rand((n, pairs), generator=generator).to(target.device) * (2 * torch.pi)
    away = 3 + torch.rand((n, pairs), generator=generator).to(target.device) * (max(h, w) / 4)
    y = ((at // w) + (away * turn.sin()).round().long()).clamp(0, h - 1)
    x = ((at % w) + (away * turn.cos()).round().long()).clamp(0, w - 1)
    both = torch.stack([at, y * w + x], 1).flatten(1)
    p, t, m, k = (
        v.flatten(1).gather(1, both).unflatten(1, (2, -1)) for v in (normalise(prediction, mask), target, mask, ids)
    )
    counts = (k[:, 0] > 0) & (k[:, 0] != k[:, 1]) & (t[:, 0] > t[:, 1] * ratio + 1e-6) & (m[:, 0] * m[:, 1] > 0)
    loss = functional.softplus(-6 * (p[:, 0] - p[:, 1])) * counts
    worst = loss.topk(pairs // 4, dim=1).values
    share = (counts.sum(1) / 4).clamp(min=1, max=pairs // 4).floor()
    torn: Tensor = (worst * (torch.arange(pairs // 4, device=worst.device)[None] < share[:, None])).sum(1) / share
    return torn
