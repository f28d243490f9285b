"""The knobs in one pass are the knobs one after the other."""

from __future__ import annotations

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.stereo.blueprint import Fit, Knobs, soft_limit, turn_knobs
from art3d_node.stereo.turn_cpu import Turn, turn_and_limit

amount = st.sampled_from([0.0, 0.3, 1.0, 1.7, 3.0])
knobs = st.builds(
    Knobs,
    st.sampled_from([0.1, 2.5, math.inf]),
    st.sampled_from([0.2, 2.0, math.inf]),
    amount,
    st.sampled_from([-1.3, 0.0, 0.4]),
    amount,
)
layers = st.builds(Fit, st.floats(-60.0, 60.0), st.floats(-30.0, 30.0))


@settings(max_examples=60, deadline=None)
@given(knobs, layers, st.booleans(), st.integers(0, 2**20))
def test_bit_for_bit_as_blueprint(knobs: Knobs, layer: Fit, with_matte: bool, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    d = torch.randn(9, 26, generator=rng)[:, ::2] * 40.0
    d[0, :4] = torch.tensor([torch.nan, torch.inf, -torch.inf, 0.0])
    iz = torch.rand(9, 13, generator=rng) * 1.5 - 0.2
    matte = torch.rand(9, 13, generator=rng) if with_matte else None
    wanted = soft_limit(turn_knobs(d, iz, layer, knobs, width=1920.0, matte=matte), knobs, width=1920.0)
    made = turn_and_limit(d, iz, Turn(layer, knobs, 1920.0), matte=matte)
    assert torch.allclose(made, wanted, rtol=0.0, atol=0.0, equal_nan=True)
    part, into = (slice(2, 7), slice(3, 12)), torch.full_like(made, 77.0)
    turn_and_limit(d, iz, Turn(layer, knobs, 1920.0, 0.5), matte=matte, at=part, out=into)
    assert torch.allclose(into[part], wanted[part] * 0.5, rtol=0.0, atol=0.0, equal_nan=True)
    into[part] = 77.0
    assert bool((into == 77.0).all())


def test_at_rest_and_inside_the_budget_nothing_changes() -> None:
    d = torch.linspace(-30.0, 38.0, 70).reshape(7, 10)
    assert torch.equal(
        turn_and_limit(d, d * 0.01, Turn(Fit(1.0, 2.0), Knobs(budget_front_pct=2.5, budget_behind_pct=2.0), 1920.0)), d
    )
