"""What other converters do for the new view, rebuilt from their published descriptions.

All take (H, W, 3) colours and (H, W) disparity in px on the left grid, and return the right view.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_NEARNESS = 1.414**60  # how much more the nearest surface weighs than the farthest


def backward_sampling(image: Tensor, disparity: Tensor) -> Tensor:
    """Read the plate at ``x + d(x)``, as if the disparity lay on the new view's grid; bilinear."""
    height, width = disparity.shape
    x = torch.arange(width, dtype=torch.float32)[None] + disparity
    y = torch.arange(height, dtype=torch.float32)[:, None].expand(height, width)
    grid = torch.stack([(x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1], -1)
    planes = image.permute(2, 0, 1)[None]
    seen = torch.nn.functional.grid_sample(planes, grid[None], padding_mode="border", align_corners=False)
    return seen[0].permute(1, 2, 0)


def splat_and_row_fill(image: Tensor, disparity: Tensor) -> Tensor:
    """Forward splat with weights that grow with nearness, then copy the background along the row.

    Softmax splatting: Niklaus and Liu, 2020; with a base of 1.414 per step of nearness it is the
    warp of StereoCrafter (Zhao et al., 2024), whose network-made fill is replaced by a row copy.
    """
    height, width = disparity.shape
    near = (disparity - disparity.min()) / (disparity.max() - disparity.min()).clamp_min(1e-6)
    weight = _NEARNESS ** (near.double() - 0.5)
    target = torch.arange(width)[None] - disparity.double()
    first = target.floor()
    total = torch.zeros(height * (width + 1), image.shape[2] + 1, dtype=torch.float64)
    landed = torch.zeros(height * (width + 1), dtype=torch.float64)
    source = torch.cat([image.double(), torch.ones(height, width, 1, dtype=torch.float64)], -1)
    row = torch.arange(height)[:, None] * (width + 1)
    for step in (0, 1):
        share = 1 - (target - first - step).abs()
        column = first.long() + step
        column = torch.where((column >= 0) & (column < width), column, width)
        index = (row + column).flatten()
        total.index_add_(0, index, (source * (weight * share)[..., None]).flatten(0, 1))
        landed.index_add_(0, index, share.flatten())
    total = total.view(height, width + 1, -1)[:, :width]
    hole = landed.view(height, width + 1)[:, :width] < 0.3
    return _copy_along_row((total[..., :-1] / total[..., -1:].clamp_min(1e-12)).float(), hole)


def pyramid_fill(view: Tensor, disparity: Tensor, hole: Tensor) -> Tensor:
    """Holes from a pyramid of means over what is known, the background above all (pull-push).

    Gortler et al., "The Lumigraph" (1996), section 3.4.2, each pixel weighted by how far away it is.

    Args:
        view: (H, W, 3) the new view.
        disparity: (H, W) px, on its grid.
        hole: (H, W) bool.
    """
    low, high = disparity[~hole].aminmax()
    far = (high - disparity.double()) / (high - low).clamp_min(1e-6)
    weight = torch.where(hole, 0.0, _NEARNESS ** (far - 1.0))[None, None]
    pulled = [(view.permute(2, 0, 1)[None].double() * weight, weight)]
    while min(pulled[-1][1].shape[-2:]) > 1:
        odd = (0, pulled[-1][1].shape[-1] % 2, 0, pulled[-1][1].shape[-2] % 2)
        total, weight = (functional.avg_pool2d(functional.pad(plane, odd), 2) for plane in pulled[-1])
        pulled.append((total, weight))
    picture = pulled[-1][0]
    for total, weight in reversed(pulled):
        height, width = weight.shape[-2:]
        if picture is not total:
            picture = functional.interpolate(picture, scale_factor=2.0, mode="bilinear")[..., :height, :width]
        picture = torch.where(weight > 0, total / weight.clamp_min(1e-30), picture)
    return torch.where(hole[..., None], picture[0].permute(1, 2, 0).to(view.dtype), view)


def _copy_along_row(picture: Tensor, hole: Tensor) -> Tensor:
    """Fill from the right, where the background of a right view's holes lies; at its end from the left."""
    width = hole.shape[1]
    column = torch.arange(width)[None].expand_as(hole)
    right = torch.where(hole, width, column).flip(1).cummin(1).values.flip(1)
    left = torch.where(hole, -1, column).cummax(1).values
    source = torch.where(right < width, right, left.clamp_min(0))
    return picture.gather(1, source[..., None].expand_as(picture))
