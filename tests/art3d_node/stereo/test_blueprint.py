"""The blueprint: signs, the fit, knobs at rest, the soft knee."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from art3d_node.stereo.blueprint import (
    INNER,
    Fit,
    Knobs,
    blueprint,
    fit,
    local_layer,
    replace_fit,
    soft_limit,
    turn_knobs,
)

WIDTH = 1000.0


def at_rest(**turned: float) -> Knobs:
    """The knob table's resting values, but for those named."""
    return Knobs(**{"budget_front_pct": 2.5, "budget_behind_pct": 2.0, **turned})


def _scene(seed: int = 0, size: tuple[int, int] = (24, 32)) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    iz = torch.rand(size, generator=generator)
    return iz, blueprint(iz, torch.tensor(20.0), torch.tensor(-13.0)) + torch.randn(size, generator=generator)


IZ, ONE = torch.rand(4, 6), torch.tensor(1.0)


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        ((IZ, torch.rand(3, 6), ONE), r"scale \(3, 6\).*must broadcast"),
        ((IZ, ONE, torch.rand(6, 4)), r"shift \(6, 4\).*must broadcast"),
        ((torch.rand(4, 1), torch.rand(4, 6), ONE), "must broadcast"),
        ((IZ.to_sparse(), ONE, ONE), r"inverse_depth is no dense tensor.*give inverse_depth.to_dense\(\)"),
        ((IZ, IZ.to_sparse(), ONE), "scale is no dense tensor"),
        ((IZ, ONE, IZ.to_sparse()), "shift is no dense tensor"),
        ((IZ.numpy(), ONE, ONE), "inverse_depth is a ndarray: give a torch.Tensor"),
        ((IZ, 20.0, ONE), "scale is a float: give a torch.Tensor"),
        ((IZ, ONE.to(torch.complex64), ONE), "scale is torch.complex64: give real numbers"),
    ],
)
def test_what_is_no_map_is_refused(maps: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        blueprint(*maps)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("out", [torch.empty(4, 5), torch.empty(4, 6, dtype=torch.int32), torch.empty(24)])
def test_memory_of_another_kind_is_refused(out: Tensor) -> None:
    with pytest.raises(ValueError, match=r"out is .*give torch.float32 \(4, 6\)"):
        blueprint(IZ, ONE, ONE, out=out)


def test_a_fit_of_no_dense_maps_is_refused() -> None:
    with pytest.raises(ValueError, match="disparity is no dense tensor"):
        fit(IZ.to_sparse(), IZ)
    with pytest.raises(ValueError, match=r"valid .* must be bool"):
        fit(IZ, IZ, IZ)


def test_leading_axes_broadcast() -> None:
    several = blueprint(IZ, torch.tensor([1.0, 2.0])[:, None, None], ONE)
    assert torch.equal(several, torch.stack([IZ + 1, 2 * IZ + 1]))


def test_budget_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        Knobs(budget_front_pct=0.0, budget_behind_pct=2.0)


def test_fit_refuses_different_shapes() -> None:
    with pytest.raises(ValueError, match="one shape"):
        fit(torch.zeros(2, 3), torch.zeros(3, 2))


def test_blueprint_is_affine_in_inverse_depth() -> None:
    d = blueprint(torch.tensor([[0.0, 0.5, 1.0]]), torch.tensor(0.02), torch.tensor(-0.013))
    assert torch.allclose(d, torch.tensor([[-0.013, -0.003, 0.007]]))


def test_fit_finds_a_planted_line() -> None:
    iz = torch.rand(40, 50)
    found = fit(3.0 * iz - 0.5, iz)
    assert found.scale == pytest.approx(3.0, abs=1e-5)
    assert found.shift == pytest.approx(-0.5, abs=1e-5)


def test_fit_is_least_squares() -> None:
    iz, d = _scene()
    matrix = torch.stack([iz.flatten(), torch.ones(iz.numel())], 1).double()
    expected = torch.linalg.lstsq(matrix, d.flatten().double()[:, None]).solution[:, 0]
    found = fit(d, iz)
    assert (found.scale, found.shift) == pytest.approx(expected.tolist(), rel=1e-9)


def test_fit_leaves_out_what_is_not_valid_or_not_finite() -> None:
    iz, d = torch.rand(10, 10), torch.zeros(10, 10)
    d[0], d[1] = math.nan, 1e6
    valid = torch.ones(10, 10, dtype=torch.bool)
    valid[1] = False
    assert fit(d, iz, valid) == Fit(0.0, 0.0)


def test_fit_of_a_flat_frame_is_its_mean() -> None:
    assert fit(torch.tensor([[1.0, 3.0]]), torch.full((1, 2), 0.5)) == Fit(0.0, 2.0)


def test_fit_of_nothing_is_nothing() -> None:
    assert fit(torch.full((2, 2), math.nan), torch.zeros(2, 2)) == Fit(0.0, 0.0)


def test_local_layer_has_no_trend_left() -> None:
    iz, d = _scene()
    left = fit(local_layer(d, iz, fit(d, iz)), iz)
    assert (left.scale, left.shift) == pytest.approx((0.0, 0.0), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_knobs_at_rest_are_bit_exact(seed: int) -> None:
    iz, d = _scene(seed)
    turned = turn_knobs(d, iz, fit(d, iz), at_rest(), width=WIDTH, matte=torch.rand(iz.shape))
    assert torch.equal(turned, d)
    inside = d.clamp(-INNER * 20.0, INNER * 25.0)
    assert torch.equal(soft_limit(inside, at_rest(), width=WIDTH), inside)


def test_convention_zero_plane_above_zero_pushes_behind() -> None:
    iz, d = _scene()
    moved = turn_knobs(d, iz, fit(d, iz), at_rest(zero_plane_pct=1.0), width=WIDTH)
    parallax_pct = -100.0 * (moved - d) / WIDTH
    assert torch.allclose(parallax_pct, torch.ones_like(d), atol=1e-5)


def test_convention_larger_inverse_depth_comes_nearer() -> None:
    d = blueprint(torch.tensor([0.0, 1.0]), torch.tensor(0.02), torch.tensor(-0.013))
    assert d[0] < 0.0 < d[1]


def test_depth_gain_multiplies_the_global_layer_alone() -> None:
    iz, d = _scene()
    layer = fit(d, iz)
    doubled = turn_knobs(d, iz, layer, at_rest(depth_gain=2.0), width=WIDTH)
    assert torch.allclose(doubled - d, layer.scale * iz, atol=1e-4)


def test_sculpt_zero_leaves_the_global_layer() -> None:
    iz, d = _scene()
    layer = fit(d, iz)
    flat = turn_knobs(d, iz, layer, at_rest(sculpt=0.0), width=WIDTH)
    assert torch.allclose(flat, layer.scale * iz + layer.shift, atol=1e-4)


def test_matte_says_where_sculpt_acts() -> None:
    iz, d = _scene()
    matte = torch.zeros_like(d)
    matte[:, :16] = 1.0
    turned = turn_knobs(d, iz, fit(d, iz), at_rest(sculpt=3.0), width=WIDTH, matte=matte)
    assert torch.equal(turned[:, 16:], d[:, 16:])
    assert not torch.equal(turned[:, :16], d[:, :16])


def test_knobs_lie_on_top_of_the_shot() -> None:
    both = at_rest(depth_gain=2.0, zero_plane_pct=0.5).under(depth_gain=1.5, zero_plane_pct=-0.2)
    assert (both.depth_gain, both.zero_plane_pct) == (3.0, 0.3)


def test_replaced_fit_moves_the_global_layer_and_keeps_the_local() -> None:
    iz, d = _scene()
    own, wanted = fit(d, iz), Fit(10.0, -4.0)
    moved = replace_fit(d, iz, own, wanted)
    found = fit(moved, iz)
    assert (found.scale, found.shift) == pytest.approx((10.0, -4.0), abs=1e-4)
    assert torch.allclose(local_layer(moved, iz, wanted), local_layer(d, iz, own), atol=1e-4)
    assert replace_fit(d, iz, own, own) is d


def test_units_do_not_matter() -> None:
    iz, d = _scene()
    knobs = at_rest(depth_gain=1.7, zero_plane_pct=0.6, sculpt=0.4)
    px = soft_limit(turn_knobs(d, iz, fit(d, iz), knobs, width=WIDTH), knobs, width=WIDTH)
    f = d / WIDTH
    fraction = soft_limit(turn_knobs(f, iz, fit(f, iz), knobs, width=1.0), knobs, width=1.0)
    assert torch.allclose(px, fraction * WIDTH, atol=1e-3)


def test_infinite_disparity_lands_on_the_budget_and_nan_stays() -> None:
    d = soft_limit(torch.tensor([math.inf, -math.inf, math.nan]), at_rest(), width=WIDTH)
    assert d[:2].tolist() == [25.0, -20.0]
    assert math.isnan(d[2])


def test_the_knee_is_smooth() -> None:
    knee = INNER * 25.0
    x = torch.linspace(knee - 1.0, knee + 1.0, 2001, dtype=torch.float64)
    slope = torch.diff(soft_limit(x, at_rest(), width=WIDTH)) / torch.diff(x)
    assert float(torch.diff(slope).abs().max()) < 1e-3


budgets = st.floats(0.1, 20.0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-1e4, 1e4, width=32), min_size=2, max_size=40),
    budgets,
    budgets,
    st.floats(16.0, 8192.0),
)
def test_the_budget_holds_and_order_is_kept(values: list[float], front: float, behind: float, width: float) -> None:
    knobs = Knobs(budget_front_pct=front, budget_behind_pct=behind)
    d = torch.tensor(sorted(values), dtype=torch.float32)
    limited = soft_limit(d, knobs, width=width)
    assert bool((torch.diff(limited) >= 0).all())
    # One float32 step of slack: the budget itself is rounded to float32.
    assert float(limited.max()) <= front / 100 * width * (1 + 1e-6)
    assert float(limited.min()) >= -behind / 100 * width * (1 + 1e-6)
    inner = (d <= INNER * front / 100 * width) & (d >= -INNER * behind / 100 * width)
    assert torch.equal(limited[inner], d[inner])
