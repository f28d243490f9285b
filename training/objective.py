"""What one step of training minimises, and its terms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training import losses
from training.config import FitConfig
from training.dataset import Batch, EyeTruth


@dataclass(frozen=True)
class Losses:
    """One step's terms (scalars) and their weighted sum."""

    total: Tensor
    terms: dict[str, Tensor]


def objective(maps: Tensor, batch: Batch, config: FitConfig) -> Losses:
    """The weighted objective of one batch; all disparities in % of width.

    Args:
        maps: (N, 3, h, w) vs, vt, d̂_R, fractions of width.
        batch: what the film says.
        config: recipe and weights.
    """
    scale, shift, right = (100.0 * maps.float()).contiguous().unbind(1)
    prediction = scale * batch.iz + shift
    terms = {
        "data": _data(batch.left, prediction, config),
        "smoothness": losses.smoothness_loss(torch.stack([scale, shift], 1), batch.rgb),
        "consistency": losses.consistency_loss(prediction, right),
    }
    total = terms["data"] + config.smoothness * terms["smoothness"] + config.consistency * terms["consistency"]
    if config.right:
        terms["right"] = _data(batch.right, right, config)
        total = total + config.right * terms["right"]
    return Losses(total, terms)


def _data(truth: EyeTruth, prediction: Tensor, config: FitConfig) -> Tensor:
    """What the film says against what the network does, on one eye's grid."""
    if not config.art:
        return losses.regression_loss(truth.disparity, prediction, truth.valid)
    options = losses.ArtOptions(config.local, config.local_st, config.local_balance, config.ridge, config.local_ridge)
    return losses.art_loss(truth.disparity, prediction, truth.global_mask, truth.local, options=options)
