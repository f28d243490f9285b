"""PSNR, SSIM and SIoU against values worked out by hand or by another library."""

from __future__ import annotations

import math

import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from art3d_node.stereo.metrics import psnr, psnr_by_region, siou, ssim


def picture(seed: int = 0) -> Tensor:
    return torch.rand(40, 50, 3, generator=torch.Generator().manual_seed(seed))


def test_psnr_of_a_known_error() -> None:
    assert psnr(torch.full((4, 4, 3), 0.6), torch.full((4, 4, 3), 0.5)) == pytest.approx(20.0, abs=1e-4)
    assert psnr(picture(), picture()) == math.inf
    assert math.isnan(psnr(picture(), picture(), where=torch.zeros(40, 50, dtype=torch.bool)))


def test_psnr_counts_its_region_only() -> None:
    truth, view = torch.zeros(4, 4, 1), torch.zeros(4, 4, 1)
    view[0], view[1:] = 0.1, 0.01
    occlusion = torch.zeros(4, 4, dtype=torch.bool)
    occlusion[0] = True
    outline = torch.zeros(4, 4, dtype=torch.bool)
    outline[1] = True
    regions = psnr_by_region(view, truth, occlusion, outline=outline)
    assert regions["holes"] == pytest.approx(20.0, abs=1e-3)
    assert regions["visible"] == regions["outline"] == pytest.approx(40.0, abs=1e-3)
    assert 20 < regions["all"] < 40


def test_shapes_must_agree() -> None:
    for metric in (psnr, ssim):
        with pytest.raises(ValueError):
            metric(torch.zeros(20, 20, 3), torch.zeros(20, 20, 1))
    with pytest.raises(ValueError):
        ssim(torch.zeros(8, 20, 3), torch.zeros(8, 20, 3))


def test_ssim_agrees_with_scikit_image() -> None:
    one, other = picture(), (picture() + 0.1 * picture(1)) / 1.1
    _, full = structural_similarity(  # type: ignore[no-untyped-call]
        one.numpy(),
        other.numpy(),
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
        full=True,
    )
    assert ssim(one, other) == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-4)


def boxed(x: int) -> Tensor:
    view = torch.zeros(40, 60, 3)
    view[10:30, x : x + 15] = 1.0
    return view


def test_siou_rewards_the_right_shift_only() -> None:
    source, truth = boxed(20), boxed(14)
    assert siou(truth, truth, source) == 1.0
    assert siou(source, truth, source) < 0.5
    assert siou(boxed(17), truth, source) < 0.75


def test_siou_by_hand() -> None:
    """No edges anywhere, and half of the moved pixels agree: 0.75 * 1 + 0.25 * 1/3."""
    source, truth, view = torch.zeros(3, 20, 20, 3)
    truth[:, :10], view[:, 5:15] = 0.1, 0.1
    assert siou(view, truth, source) == pytest.approx(0.75 + 0.25 / 3)
