"""The CUDA kernels give the CPU's result, shown in numba's simulator where there is no GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

TOLERANCE = 2e-6  # a few float32 steps: the order of roundings may differ, nothing else


def test_simulated_cuda_agrees_with_the_cpu(root: Path) -> None:
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(root)}
    script = Path(__file__).with_name("cuda_simulated.py")
    done = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == 3
    for apart, masks in rows:
        assert float(apart) <= TOLERANCE
        assert int(masks) == 0


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
