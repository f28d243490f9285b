"""Run by test_synthesis_cuda.py in a process of its own: the CUDA kernels in numba's simulator.

Prints one line per case: the largest difference between the CUDA and the CPU result, and how many
pixels of the masks differ.
"""

from __future__ import annotations

import sys

import torch

from art3d_node.stereo import render_cpu, render_cuda
from art3d_node.stereo.request import Request


def stage(channels: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(channels)
    image = torch.rand(14, 30, channels, generator=generator)
    disparity = torch.linspace(-2.2, -1.1, 30).repeat(14, 1)
    disparity[4:10, 9:19] = 4.3
    disparity[:, 24] = 2.0
    disparity[2, 3] = float("nan")
    image[4:10, 9:19] += 1.0
    image[4:10, [8, 19]] = image[4:10, [8, 19]] * 0.5 + 0.75
    return image, torch.rand(14, 30, 1, generator=generator), disparity


def main() -> None:
    cases = [
        (1.0, (0, 0, 30, 14), True, True, 4, 3),
        (-1.0, (0, 0, 30, 14), False, True, 3, -1),
        (1.0, (-3, 2, 17, 9), True, False, 1, -1),
    ]
    for sign, region, soft, fill, channels, alpha in cases:
        image, data, disparity = stage(channels)
        request = Request(sign, region, alpha, soft, fill, None)
        one = render_cpu.render(image, data, disparity, request)
        other = render_cuda.render(image, data, disparity, request)
        assert one.data is not None and other.data is not None
        pairs = ((one.image, other.image), (one.data, other.data), (one.disparity, other.disparity))
        apart = max(float((a - b).abs().max()) for a, b in pairs)
        masks = ((one.occlusion, other.occlusion), (one.beyond_border, other.beyond_border))
        sys.stdout.write(f"{apart} {sum(int((a != b).sum()) for a, b in masks)}\n")


if __name__ == "__main__":
    main()
