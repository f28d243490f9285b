"""What both renderers take and return."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from art3d_node.stereo.window import Region


@dataclass(frozen=True)
class Request:
    """What to render: ``sign`` +1 is towards the right eye, ``alpha`` -1 means there is none.

    ``clean_plate`` (H, W, C), contiguous float32, is the plate without what stands in front, ``clean_disparity`` (H, W)
    its own disparity, px. ``disparity_range`` holds for both disparities.
    """

    sign: float
    region: Region
    alpha: int
    soft: bool
    fill: bool
    disparity_range: tuple[float, float] | None
    clean_plate: Tensor | None = None
    clean_disparity: Tensor | None = None


@dataclass
class Rendered:
    """The region's tensors, all float32 or bool; see `synthesis.NewView`."""

    image: Tensor
    data: Tensor | None
    disparity: Tensor
    occlusion: Tensor
    beyond_border: Tensor
