"""The GPU's kernels: the CPU's result, and compiled for every architecture without a GPU or a toolkit."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from art3d_node.native import cuda
from art3d_node.stereo import render_cpu, render_cuda
from art3d_node.stereo.request import Request

CASES = {
    "right, filled, soft, with alpha": (1.0, (0, 0, 30, 14), 3, True, True, 4),
    "left, filled, hard": (-1.0, (0, 0, 30, 14), -1, False, True, 3),
    "right, unfilled, a part": (1.0, (-3, 2, 17, 9), -1, True, False, 1),
    "left, filled, soft, five channels": (-1.0, (4, -2, 40, 12), 4, True, True, 5),
}
TOLERANCE = 2e-6  # a few float32 steps: a GPU divides and takes roots as exactly, its compiler may order sums otherwise


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


def check(case: str, device: str, tolerance: float) -> None:
    sign, region, alpha, soft, fill, channels = CASES[case]
    plate = stage(channels)
    request = Request(sign, region, alpha, soft, fill, None)
    expected: Any = render_cpu.render(*plate, request)
    found: Any = render_cuda.render(*(tensor.to(device) for tensor in plate), request)  # type: ignore[arg-type, call-arg]
    for name in ("image", "data", "disparity"):
        away = (getattr(expected, name) - getattr(found, name).cpu()).abs().max()
        assert away <= tolerance, f"{name} by {away}"
    for name in ("occlusion", "beyond_border"):
        assert torch.equal(getattr(expected, name), getattr(found, name).cpu()), name


@pytest.mark.parametrize("case", CASES)
def test_the_kernels_agree_with_the_cpu_one_thread_after_the_other(case: str) -> None:
    check(case, "cpu", 0.0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("case", CASES)
def test_a_device_agrees_with_the_cpu(case: str) -> None:
    check(case, "cuda", TOLERANCE)


@pytest.mark.parametrize("architecture", cuda.ARCHITECTURES)
def test_every_kernel_compiles_without_a_toolkit(architecture: str) -> None:
    """And a thread keeps what it works with in registers: local memory is as far away as the plate."""
    channels = 4 if architecture != "sm_75" else 0
    figures = cuda.figures(architecture, channels)
    assert {figure.kernel for figure in figures} == set(cuda.KERNELS)
    for figure in figures:
        print(f"{architecture} {figure.kernel}: {figure.registers} registers, {figure.local_bytes} B local")
        assert figure.registers <= 128
        assert figure.local_bytes <= 64
