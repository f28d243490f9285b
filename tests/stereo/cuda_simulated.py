"""Cases that both renderers must agree on; run as a script it renders them with the CUDA kernels.

test_synthesis_cuda.py starts it in a process of its own, in numba's CUDA simulator.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

from art3d_node.stereo.request import Rendered, Request


def stage(channels: int) -> tuple[Tensor, Tensor, Tensor]:
    """A small plate with a soft-edged square, a thin line in front of it, a slant and a NaN; one extra layer."""
    generator = torch.Generator().manual_seed(channels)
    image = torch.rand(14, 30, channels, generator=generator)
    disparity = torch.linspace(-2.2, -1.1, 30).repeat(14, 1)
    disparity[4:10, 9:19] = 4.3
    disparity[:, 24] = 9.0  # its soft outline lands on that of the square
    disparity[2, 3] = float("nan")
    image[4:10, 9:19] += 1.0
    image[4:10, [8, 19]] = image[4:10, [8, 19]] * 0.5 + 0.75
    return image, torch.rand(14, 30, 1, generator=generator), disparity


def render_all(render: Any) -> list[Rendered]:
    """Render every case with ``render``."""
    cases = [
        (1.0, (0, 0, 30, 14), True, True, 4, 3),
        (-1.0, (0, 0, 30, 14), False, True, 3, -1),
        (1.0, (-3, 2, 17, 9), True, False, 1, -1),
    ]
    views = []
    for sign, region, soft, fill, channels, alpha in cases:
        image, data, disparity = stage(channels)
        views.append(render(image, data, disparity, Request(sign, region, alpha, soft, fill, None)))
    return views


if __name__ == "__main__":
    from art3d_node.stereo import render_cuda

    torch.save([vars(view) for view in render_all(render_cuda.render)], sys.argv[1])
