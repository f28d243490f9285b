"""What one step of training minimises, and its terms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training import losses
from training.config import FitConfig
from training.dataset import Batch


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
    if config.art:
        data = losses.art_loss(
            batch.target,
            prediction,
            batch.global_mask,
            batch.local,
            local=config.local,
            balance=config.local_balance,
            local_ridge=config.local_ridge,
        )
    else:
        data = losses.regression_loss(batch.target, prediction, batch.valid)
    terms = {
        "data": data,
        "smoothness": losses.smoothness_loss(torch.stack([scale, shift], 1), batch.rgb),
        "consistency": losses.consistency_loss(prediction, right),
    }
    total = terms["data"] + config.smoothness * terms["smoothness"] + config.consistency * terms["consistency"]
    return Losses(total, terms)
