"""What both renderers take and return."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from art3d_node.stereo.window import Region, Window


@dataclass(frozen=True)
class Request:
    """What to render: ``sign`` +1 is towards the right eye, ``alpha`` -1 means there is none."""

    sign: float
    region: Region
    alpha: int
    soft: bool
    fill: bool
    disparity_range: tuple[float, float] | None


@dataclass
class Rendered:
    """The region's tensors, all float32 or bool; see `synthesis.NewView`."""

    image: Tensor
    data: Tensor | None
    disparity: Tensor
    occlusion: Tensor
    beyond_border: Tensor


def crop(tensor: Tensor, window: Window, *, outside: bool | None = None) -> Tensor:
    """Cut the region out of the inner rows of its window.

    Args:
        tensor: (inner rows, w, ...).
        window: the plan that was rendered.
        outside: value for the rows of the region that lie above or below the plate.
    """
    rows, columns = window.rows - window.inner[0], window.columns
    if rows.size == 0 or columns.size == 0:
        return tensor.new_empty(rows.size, columns.size, *tensor.shape[2:])
    whole = rows[-1] - rows[0] + 1 == rows.size and columns[-1] - columns[0] + 1 == columns.size
    if whole and not window.outside.any():
        return tensor[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].contiguous()
    part = tensor[torch.from_numpy(rows).to(tensor.device)][:, torch.from_numpy(columns).to(tensor.device)]
    if outside is not None:
        part[torch.from_numpy(window.outside).to(tensor.device)] = outside
    return part
