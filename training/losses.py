"""The training objective, as pure functions of tensors.

Convention:
    Every disparity here is x_L − x_R in **% of picture width**, > 0 in front of the screen. In that unit one
    tenth of s and half a pixel of t at 512 wide weigh about the same in L_st (docs/decisions/050).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.config import RIDGE_PCT2

EDGE_SHARPNESS = 10.0
"""How fast smoothness lets go at picture edges; per unit of 0..1 colour."""


@dataclass(frozen=True)
class PathFit:
    """The best affine map of the prediction onto the target inside one mask, per picture.

    Attributes:
        loss: (N,) weighted mean of squared residuals, %²; 0 where the mask is empty.
        scale: (N,) s, no unit; 1 where the mask is empty or the prediction flat in it.
        shift: (N,) t, % of width; 0 where the mask is empty.
        area: (N,) sum of the mask, px.
    """

    loss: Tensor
    scale: Tensor
    shift: Tensor
    area: Tensor


def path_fit(target: Tensor, prediction: Tensor, mask: Tensor, *, ridge: float = RIDGE_PCT2) -> PathFit:
    """L_path(M) = min over s, t of Σ M (d_L − (s·d̂_L + t))² / Σ M, arXiv 2603.05906, in closed form.

    `ridge` adds ridge·(s − 1)² inside the minimum: it decides s where the prediction is flat and vanishes beside
    any real variance. With 0 the published minimum is met exactly, and s is 1 where the variance is nil.

    Args:
        target: (N, H, W) d_L of the film, %; may hold anything finite outside the mask.
        prediction: (N, H, W) d̂_L of the network, %.
        mask: (N, H, W) weights ≥ 0.
        ridge: %², see above.

    Raises:
        ValueError: shapes differ or are not (N, H, W).
    """
    if target.ndim != 3 or target.shape != prediction.shape or target.shape != mask.shape:
        shapes = tuple(target.shape), tuple(prediction.shape), tuple(mask.shape)
        raise ValueError(f"expected three tensors of one shape (N, H, W), got {shapes}")
    area = mask.sum((1, 2))
    weight = mask / area.clamp_min(1e-12)[:, None, None]
    mean_target = (weight * target).sum((1, 2))
    mean_prediction = (weight * prediction).sum((1, 2))
    centred_target = target - mean_target[:, None, None]
    centred = prediction - mean_prediction[:, None, None]
    variance = (weight * centred * centred).sum((1, 2))
    covariance = (weight * centred * centred_target).sum((1, 2))
    flat = variance + ridge <= 1e-12
    scale = torch.where(flat, 1.0, (covariance + ridge) / torch.where(flat, 1.0, variance + ridge))
    empty = area <= 0
    scale = torch.where(empty, 1.0, scale)
    shift = torch.where(empty, 0.0, mean_target - scale * mean_prediction)
    residual = centred_target - scale[:, None, None] * centred
    return PathFit((weight * residual * residual).sum((1, 2)), scale, shift, area)


def st_loss(fit: PathFit) -> Tensor:
    """L_st = (s − 1)² + t², arXiv 2603.05906; (N,), t in %; 0 where the mask was empty."""
    return (fit.scale - 1.0) ** 2 + fit.shift**2


@dataclass(frozen=True)
class ArtOptions:
    """How L_Art weighs its paths.

    Attributes:
        local: False leaves out L_path(M_local) and its L_st (the paper's ablation).
        local_st: whether L_st holds the local path too.
        balance: power of the share that M_local has in both masks, by which its path and L_st are weighed. 0: a
            pop-out weighs as much as the frame around it; 1: each of its pixels as much as one of the frame.
        ridge, local_ridge: `path_fit`'s ridge outside and inside M_local, %².
    """

    local: bool = True
    local_st: bool = True
    balance: float = 0.0
    ridge: float = RIDGE_PCT2
    local_ridge: float = RIDGE_PCT2


PLAIN = ArtOptions()


def art_loss(
    target: Tensor,
    prediction: Tensor,
    global_mask: Tensor,
    local_mask: Tensor,
    *,
    options: ArtOptions = PLAIN,
) -> Tensor:
    """L_Art = L_path(M_global) + L_path(M_local) + L_st, averaged over the batch; a scalar.

    L_st holds the affine map of each path that is trained, so the local path also places what it sculpts: inside
    a flat pop-out the residual is nil for any prediction and only t can tell where it stands.

    Args:
        target, prediction: (N, H, W), %.
        global_mask, local_mask: (N, H, W) weights.
        options: how the paths are weighed.
    """
    global_fit = path_fit(target, prediction, global_mask, ridge=options.ridge)
    total = global_fit.loss + st_loss(global_fit)
    if options.local:
        stroke = path_fit(target, prediction, local_mask, ridge=options.local_ridge)
        share = stroke.area / (stroke.area + global_fit.area).clamp_min(1.0)
        held = st_loss(stroke) if options.local_st else 0.0
        total = total + share**options.balance * (stroke.loss + held)
    return total.mean()


def regression_loss(target: Tensor, prediction: Tensor, valid: Tensor) -> Tensor:
    """Mean |d̂_L − d_L| over the valid pixels, %: the `baseline` that knows neither path nor L_st."""
    return (valid * (prediction - target).abs()).sum() / valid.sum().clamp_min(1.0)


def smoothness_loss(field: Tensor, guide: Tensor, *, sharpness: float = EDGE_SHARPNESS) -> Tensor:
    """Edge-aware total variation: fields may change where the picture does; a scalar in the field's unit.

    Formula: Godard et al., "Unsupervised Monocular Depth Estimation with Left-Right Consistency" (2017), eq. 3.

    Args:
        field: (N, C, H, W), any unit.
        guide: (N, 3, H, W) picture, 0..1.
    """
    dx = (field[..., 1:] - field[..., :-1]).abs()
    dy = (field[..., 1:, :] - field[..., :-1, :]).abs()
    edge_x = (guide[..., 1:] - guide[..., :-1]).abs().mean(1, keepdim=True)
    edge_y = (guide[..., 1:, :] - guide[..., :-1, :]).abs().mean(1, keepdim=True)
    return (dx * torch.exp(-sharpness * edge_x)).mean() + (dy * torch.exp(-sharpness * edge_y)).mean()


def sample_rows(values: Tensor, columns: Tensor) -> Tensor:
    """`values` (N, H, W) read at fractional `columns` (N, H, W), px, linearly; the border repeats."""
    width = values.shape[-1]
    place = columns.clamp(0, width - 1)
    # A coordinate that is no number stays one in the result, but must not become an index.
    before = place.detach().nan_to_num().floor().clamp(0, max(width - 2, 0)).long()
    share = place - before
    left = values.gather(-1, before)
    right = values.gather(-1, (before + 1).clamp(max=width - 1))
    return left + share * (right - left)


def consistency_loss(disparity_left: Tensor, disparity_right: Tensor, *, cap_pct: float = 1.0) -> Tensor:
    """Left-right consistency: a point has one disparity, seen from either eye; a scalar in %.

    Differences are capped, for what only one eye sees has no partner to agree with.

    Args:
        disparity_left: (N, H, W) on the left grid, %.
        disparity_right: (N, H, W) on the right grid, %.
        cap_pct: largest difference that counts, %.
    """
    width = disparity_left.shape[-1]
    x = torch.arange(width, device=disparity_left.device, dtype=disparity_left.dtype).expand_as(disparity_left)
    px = width / 100.0
    carried = sample_rows(disparity_right, x - px * disparity_left)
    back = sample_rows(disparity_left, x + px * disparity_right)
    forth = (disparity_left - carried).abs().clamp(max=cap_pct).mean()
    return forth + (disparity_right - back).abs().clamp(max=cap_pct).mean()
