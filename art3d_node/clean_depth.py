"""The depth of a clean plate: what stands behind the foreground, staged as the plate is.

A style's blueprint is the plate's, pixel by pixel. Where the plate shows something in front of the clean plate, that
something's scale and shift say nothing of what is behind it: they go on from the background on either side, row by row.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

HIDDEN = 0.01
"""Of the scene's range of inverse depth: what lies further behind the plate's surface is another one."""


@dataclass(frozen=True)
class CleanDepth:
    """What a `FrameAnalysis` says of the plate, said of its clean plate.

    Attributes:
        inverse_depth, disparity_px: (H, W) float32 on the hero grid.
        hidden: (H, W) bool, where the plate shows something in front of it.
        inverse_depth_range, disparity_range_px, local_range_px: (lowest, highest), as the plate's.
    """

    inverse_depth: Tensor
    disparity_px: Tensor
    hidden: Tensor
    inverse_depth_range: tuple[float, float]
    disparity_range_px: tuple[float, float]
    local_range_px: tuple[float, float]


def hidden_behind(inverse_depth: Tensor, clean_inverse_depth: Tensor) -> Tensor:
    """(H, W) bool: where the plate shows something in front of the clean plate; both normalised."""
    return inverse_depth - clean_inverse_depth > HIDDEN


def continued(plane: Tensor, hidden: Tensor) -> Tensor:
    """A plane with its hidden pixels taken from the nearest others of their row, a straight line between two.

    Args:
        plane: (H, W), or 0-d, which is the same everywhere. A row that is hidden whole stays as it is.
        hidden: (H, W) bool.
    """
    if plane.ndim == 0:
        return plane
    width = plane.shape[1]
    column = torch.arange(width, device=plane.device).expand_as(hidden)
    before = torch.where(hidden, -1, column).cummax(dim=1).values
    after = torch.where(hidden, width, column).flip(1).cummin(dim=1).values.flip(1)
    has_before, has_after = before >= 0, after < width
    left, right = (plane.gather(1, at.clamp(0, width - 1)) for at in (before, after))
    share = (column - before) / (after - before).clamp(min=1)
    between = left + (right - left) * share
    one_sided = torch.where(has_before, left, torch.where(has_after, right, plane))
    return torch.where(hidden, torch.where(has_before & has_after, between, one_sided), plane)
