"""The objective: errors, safety, known answers, gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from training import losses
from training.losses import ArtOptions


def _pair(seed: int = 0, n: int = 2, h: int = 6, w: int = 7) -> tuple[Tensor, Tensor]:
    g = torch.Generator().manual_seed(seed)
    return (torch.randn(n, h, w, generator=g, dtype=torch.float64) for _ in range(2))  # type: ignore[return-value]


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="one shape"):
        losses.path_fit(torch.zeros(1, 4, 4), torch.zeros(1, 4, 5), torch.zeros(1, 4, 4))


def test_empty_mask_and_flat_prediction_are_safe() -> None:
    target, prediction = _pair()
    prediction = torch.full_like(prediction, 0.5).requires_grad_()
    mask = torch.ones_like(target)
    mask[0] = 0
    for ridge in (0.0, losses.RIDGE_PCT2):  # type: ignore[attr-defined]
        fit = losses.path_fit(target, prediction, mask, ridge=ridge)
        assert fit.loss[0] == 0 and fit.scale[0] == 1 and fit.shift[0] == 0
        assert fit.scale[1] == 1
        torch.testing.assert_close(fit.shift[1], target[1].mean() - 0.5)
        (gradient,) = torch.autograd.grad((fit.loss + losses.st_loss(fit)).sum(), prediction)
        assert gradient.isfinite().all()
        assert gradient[0].abs().max() == 0 and gradient[1].abs().max() > 0


def test_is_the_least_squares_minimum() -> None:
    target, prediction = _pair(3)
    mask = (torch.rand(target.shape, generator=torch.Generator().manual_seed(1)) > 0.4).double()
    fit = losses.path_fit(target, prediction, mask, ridge=0.0)
    for i in range(2):
        rows = torch.stack([prediction[i][mask[i] > 0], torch.ones(int(mask[i].sum()), dtype=torch.float64)], 1)
        best = torch.linalg.lstsq(rows, target[i][mask[i] > 0][:, None]).solution[:, 0]
        torch.testing.assert_close(torch.stack([fit.scale[i], fit.shift[i]]), best)
        torch.testing.assert_close(fit.loss[i], ((rows @ best - target[i][mask[i] > 0]) ** 2).mean())


@settings(deadline=None, max_examples=25)
@given(st.floats(0.2, 4.0), st.floats(-3, 3), st.integers(0, 1000))
def test_affine_images_cost_only_st(scale: float, shift: float, seed: int) -> None:
    _, prediction = _pair(seed)
    fit = losses.path_fit(scale * prediction + shift, prediction, torch.ones_like(prediction), ridge=0.0)
    assert fit.loss.max() < 1e-20
    torch.testing.assert_close(losses.st_loss(fit), torch.full((2,), (scale - 1) ** 2 + shift**2).double())


@pytest.mark.parametrize("name", ["art", "balanced", "no_local", "regression", "smoothness", "consistency"])
def test_gradients_match_numeric_ones(name: str) -> None:
    target, prediction = _pair(5)
    g = torch.Generator().manual_seed(2)
    local = (torch.rand(target.shape, generator=g) > 0.7).double()
    guide = torch.rand(2, 3, 6, 7, generator=g, dtype=torch.float64)
    balanced = ArtOptions(balance=0.35, local_ridge=1.0)
    functions = {
        "art": lambda p: losses.art_loss(target, p, 1 - local, local),
        "balanced": lambda p: losses.art_loss(target, p, 1 - local, local, options=balanced),
        "no_local": lambda p: losses.art_loss(target, p, 1 - local, local, options=ArtOptions(local=False)),
        "regression": lambda p: losses.regression_loss(target, p, 1 - local),
        "smoothness": lambda p: losses.smoothness_loss(p[:, None], guide),
        "consistency": lambda p: losses.consistency_loss(p, 0.3 * target, cap_pct=100.0),
    }
    assert torch.autograd.gradcheck(functions[name], prediction.requires_grad_(), eps=1e-6, atol=1e-6)


def test_only_the_local_path_places_a_flat_pop_out() -> None:
    target, prediction = torch.zeros(1, 8, 8), torch.zeros(1, 8, 8)
    target[:, 2:5, 2:5] = 1.5
    local = (target > 0).float()
    prediction.requires_grad_()
    for use_local in (True, False):
        loss = losses.art_loss(target, prediction, 1 - local, local, options=ArtOptions(local=use_local))
        (gradient,) = torch.autograd.grad(loss, prediction)
        assert bool((gradient[local > 0] < 0).all()) is use_local


def test_balance_weighs_a_pop_out_by_its_share() -> None:
    target, prediction = _pair(8)
    local = torch.zeros_like(target)
    local[:, :2, :3] = 1
    alone, both, by_area = (
        losses.art_loss(target, prediction, 1 - local, local, options=ArtOptions(local=on, balance=power))
        for on, power in ((False, 0.0), (True, 0.0), (True, 1.0))
    )
    torch.testing.assert_close(by_area - alone, (both - alone) * 6 / 42)
    empty = losses.art_loss(target, prediction, 1 - local, 0 * local, options=ArtOptions(balance=1.0))
    torch.testing.assert_close(empty, alone)


def test_a_wide_ridge_asks_a_flat_pop_out_only_for_what_it_lacks() -> None:
    """Unevenness of the prediction must not pass for s ≈ 0, which would make t the whole disparity."""
    _, noise = _pair(4)
    prediction, target = 2.0 + 0.4 * (noise - noise.mean((1, 2), keepdim=True)), torch.full_like(noise, 3.0)
    narrow, wide = (losses.path_fit(target, prediction, torch.ones_like(noise), ridge=r) for r in (0.04, 1e4))
    assert narrow.scale.max() < 0.4 and narrow.shift.min() > 2
    torch.testing.assert_close(losses.st_loss(wide), torch.ones(2).double(), rtol=1e-3, atol=0)


def test_smoothness_lets_go_at_picture_edges() -> None:
    field = torch.zeros(1, 1, 4, 8)
    field[..., 4:] = 1
    guide = torch.zeros(1, 3, 4, 8)
    plain = losses.smoothness_loss(field, guide)
    guide[..., 4:] = 1
    assert losses.smoothness_loss(field, guide) < 1e-3 * plain


def test_consistency_is_nil_for_one_scene_seen_by_two_eyes() -> None:
    left = torch.full((1, 5, 64), 3.125)  # 2 px of 64
    torch.testing.assert_close(losses.consistency_loss(left, left), torch.tensor(0.0))
    x = torch.arange(64.0)
    ramp_left = (0.05 * x).expand(1, 5, 64)  # %; a point at x_L lands at x_L (1 − 0.032), but for the border
    px = 0.64 * 0.05
    ramp_right = (0.05 * x / (1 - px)).expand(1, 5, 64)
    assert losses.consistency_loss(ramp_left, ramp_right) < 4e-3
    assert losses.consistency_loss(ramp_left, ramp_left) > losses.consistency_loss(ramp_left, ramp_right) * 3
