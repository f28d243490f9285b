"""The CUDA kernels give the CPU's result, shown in numba's simulator where there is no GPU."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from art3d_node.stereo import render_cpu

TOLERANCE = 2e-6  # a few float32 steps: the order of roundings may differ, nothing else


def test_simulated_cuda_agrees_with_the_cpu(root: Path, tmp_path: Path) -> None:
    script, saved = Path(__file__).with_name("cuda_simulated.py"), tmp_path / "views.pt"
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(root)}
    command = [sys.executable, str(script), str(saved)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    expected = runpy.run_path(str(script))["render_all"](render_cpu.render)
    simulated = torch.load(saved)
    assert len(expected) == len(simulated) == 3
    for view, other in zip(expected, simulated, strict=True):
        for name in ("image", "data", "disparity"):
            assert (getattr(view, name) - other[name]).abs().max() <= TOLERANCE, name
        for name in ("occlusion", "beyond_border"):
            assert torch.equal(getattr(view, name), other[name]), name


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_device_agrees_with_the_cpu() -> None:
    from art3d_node.stereo.synthesis import new_view

    image = torch.rand(64, 96, 4, generator=torch.Generator().manual_seed(1))
    disparity = torch.full((64, 96), -3.0)
    disparity[20:40, 30:60] = 6.4
    one = new_view(image, disparity, alpha=3)
    other = new_view(image.cuda(), disparity.cuda(), alpha=3)
    assert (one.image - other.image.cpu()).abs().max() <= TOLERANCE
    assert torch.equal(one.occlusion, other.occlusion.cpu())
