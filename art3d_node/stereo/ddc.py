"""Disparity-depth consistency: does a disparity map show the same scene as an inverse depth?

The paper (arXiv 2603.05906) reports a DDC-IoU without a formula. Both readings live here behind one name;
docs/decisions/053 says which is the default and on what measurement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Reading = Literal["edges", "layers"]
READINGS: tuple[Reading, ...] = ("edges", "layers")
LAYERS = 5
EDGE_SHARE = 0.06
EDGE_REACH_PX = 2
SPAN = (0.02, 0.98)
_STEPS = 12
_FIT_SAMPLES = 16384


@dataclass(frozen=True)
class AffineFit:
    """A robust d ≈ s·iz + t per picture.

    Attributes:
        scale: (N,) s, unit of d per unit of iz.
        shift: (N,) t, unit of d.
        spread: (N,) robust standard deviation of what the fit leaves, unit of d.
    """

    scale: Tensor
    shift: Tensor
    spread: Tensor


def _usable(disparity: Tensor, inverse_depth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The same three, nil wherever the mask is or either map is not finite: what is masked out may hold anything."""
    if disparity.ndim != 3 or not disparity.shape == inverse_depth.shape == valid.shape:
        shapes = tuple(disparity.shape), tuple(inverse_depth.shape), tuple(valid.shape)
        raise ValueError(f"expected three tensors of one shape (N, H, W), got {shapes}")
    on = (valid > 0) & disparity.isfinite() & inverse_depth.isfinite()
    return disparity.where(on, 0.0), inverse_depth.where(on, 0.0), valid.where(on, 0.0)


def _median(values: Tensor, weight: Tensor) -> Tensor:
    """Median over the last axis of the values whose weight is positive; 0 where there is none."""
    kept = values.masked_fill(weight <= 0, float("nan"))
    return kept.nanmedian(-1).values.nan_to_num(0.0)


def robust_fit(disparity: Tensor, inverse_depth: Tensor, valid: Tensor) -> AffineFit:
    """Fit d ≈ s·iz + t so that pop-outs and mismatches do not pull it: reweighted least squares, Cauchy weights.

    Args:
        disparity: (N, H, W), any unit.
        inverse_depth: (N, H, W), larger = nearer.
        valid: (N, H, W) weights ≥ 0; non-zero counts.

    Raises:
        ValueError: the shapes differ or are not (N, H, W).
    """
    disparity, inverse_depth, valid = _usable(disparity, inverse_depth, valid.float())
    stride = max(1, round((disparity[0].numel() / _FIT_SAMPLES) ** 0.5))
    d, iz, m = (x[:, ::stride, ::stride].flatten(1).float() for x in (disparity, inverse_depth, valid))
    m = (m > 0).float()
    weight = m
    scale = shift = spread = torch.zeros(d.shape[0], device=d.device)
    for _ in range(_STEPS):
        total = weight.sum(1).clamp_min(1e-12)
        mean_iz, mean_d = (weight * iz).sum(1) / total, (weight * d).sum(1) / total
        away = iz - mean_iz[:, None]
        variance = (weight * away * away).sum(1) / total
        covariance = (weight * away * (d - mean_d[:, None])).sum(1) / total
        scale = torch.where(variance > 1e-10, covariance / variance.clamp_min(1e-10), 0.0)
        shift = mean_d - scale * mean_iz
        residual = d - scale[:, None] * iz - shift[:, None]
        spread = 1.4826 * _median(residual.abs(), m)
        weight = m / (1.0 + (residual / (1.5 * spread[:, None]).clamp_min(1e-6)) ** 2)
    return AffineFit(scale, shift, spread)


def _span(values: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    stride = max(1, round((values.shape[-1] * values.shape[-2] / _FIT_SAMPLES) ** 0.5))
    kept = values[:, ::stride, ::stride].masked_fill(valid[:, ::stride, ::stride] <= 0, float("nan")).flatten(1)
    low, high = kept.nanquantile(torch.tensor(SPAN, device=values.device), dim=1).nan_to_num(0.0)
    return low, high


def _layers_iou(disparity: Tensor, explained: Tensor, valid: Tensor, low: Tensor, step: Tensor) -> Tensor:
    """Soft layers: a pixel between two layers belongs to both in part, so noise at a border costs little."""
    found = total = torch.zeros(disparity.shape[0], device=disparity.device)
    top = float(LAYERS - 1)
    a, b = (((x - low[:, None, None]) / step[:, None, None]).clamp(0, top) for x in (disparity, explained))
    for layer in range(LAYERS):
        in_a, in_b = (valid * (1 - (x - layer).abs()).clamp_min(0) for x in (a, b))
        found = found + torch.minimum(in_a, in_b).sum((1, 2))
        total = total + torch.maximum(in_a, in_b).sum((1, 2))
    return found / total.clamp_min(1e-6)


def _edges(values: Tensor, valid: Tensor, threshold: Tensor) -> Tensor:
    dx = functional.pad((values[..., 1:] - values[..., :-1]).abs(), (0, 1))
    dy = functional.pad((values[..., 1:, :] - values[..., :-1, :]).abs(), (0, 0, 0, 1))
    interior = -functional.max_pool2d(-valid[:, None], 3, 1, 1)[:, 0]
    return (torch.maximum(dx, dy) > threshold[:, None, None]).float() * interior


def _edges_iou(disparity: Tensor, explained: Tensor, valid: Tensor, threshold: Tensor) -> Tensor:
    a, b = _edges(disparity, valid, threshold), _edges(explained, valid, threshold)
    size = 2 * EDGE_REACH_PX + 1
    near_a, near_b = (functional.max_pool2d(x[:, None], size, 1, EDGE_REACH_PX)[:, 0] for x in (a, b))
    both = (a * near_b).sum((1, 2)) + (b * near_a).sum((1, 2))
    dice = both / (a + b).sum((1, 2)).clamp_min(1e-6)
    return dice / (2 - dice)


def ddc_iou(
    disparity: Tensor,
    inverse_depth: Tensor,
    valid: Tensor,
    *,
    reading: Reading = "layers",
    min_span: float = 0.0,
) -> Tensor:
    """Agreement of a disparity with the scene's inverse depth, 0..1; (N,).

    After a robust positive affine fit r = s·iz + t either the edges of d and r are compared (within
    `EDGE_REACH_PX`) or their soft depth layers, as intersection over union. A map whose disparity falls with
    nearness, or that spans less than `min_span`, shows no depth and gets 0.

    Args:
        disparity: (N, H, W), any unit.
        inverse_depth: (N, H, W) on the same grid.
        valid: (N, H, W), where both may be trusted.
        reading: "layers" or "edges".
        min_span: smallest range of s·iz that counts as depth, unit of d.

    Raises:
        ValueError: shapes differ, or the reading has no such name.
    """
    if reading not in READINGS:
        raise ValueError(f"no DDC reading {reading!r}; there are {', '.join(READINGS)}")
    disparity, inverse_depth, valid = _usable(disparity, inverse_depth, valid.float())
    fit = robust_fit(disparity, inverse_depth, valid)
    on = (valid > 0).float()
    explained = fit.scale[:, None, None] * inverse_depth + fit.shift[:, None, None]
    low, high = _span(explained, on)
    span = (high - low).clamp_min(1e-9)
    if reading == "layers":
        value = _layers_iou(disparity, explained, on, low, span / (LAYERS - 1))
    else:
        value = _edges_iou(disparity, explained, on, EDGE_SHARE * span)
    shows_depth = (fit.scale > 0) & (high - low > max(min_span, 1e-9))
    return torch.where(shows_depth, value, 0.0)
