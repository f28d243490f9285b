"""How a Z agrees with a network's order, whatever the scale of either."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from art3d_node.models.z_order import order_of, spearman

NEAR = torch.linspace(0.1, 1.0, 60)[:, None].expand(60, 80).contiguous()


def test_ranks_share_ties_and_know_no_scale() -> None:
    a = np.arange(200.0)
    assert spearman(a, np.exp(a / 40)) == pytest.approx(1.0)
    assert spearman(a, -(a**3)) == pytest.approx(-1.0)
    assert spearman(a, np.ones(200)) == 0.0
    assert spearman(a[:10], a[:10]) == 0.0
    # By hand: x = 0 0 1 1, y = 0 1 0 1 in equal parts have no correlation; half of each tied does.
    x = np.repeat([0.0, 0.0, 1.0, 1.0], 25)
    assert spearman(x, np.repeat([0.0, 1.0, 0.0, 1.0], 25)) == pytest.approx(0.0, abs=1e-12)
    assert spearman(x, np.repeat([0.0, 0.0, 0.0, 1.0], 25)) == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
def test_a_distance_and_its_inverse_at_any_scale_and_size(scale: float) -> None:
    nearness = torch.nn.functional.interpolate(NEAR[None, None], size=(23, 31), mode="area")[0, 0]
    distance = order_of(scale / NEAR, nearness)
    assert distance.smaller_is_near > 0.99 and distance.larger_is_near < -0.99
    assert (distance.low, distance.high) == (pytest.approx(scale, rel=0.1), pytest.approx(10 * scale, rel=0.1))  # type: ignore[comparison-overlap]
    assert order_of(scale * NEAR, nearness).larger_is_near > 0.99


@pytest.mark.parametrize("nothing", [0.0, math.inf, 1e30])
def test_nothing_is_far_away_in_a_distance(nothing: float) -> None:
    z = 1.0 / NEAR
    z[:20] = nothing
    order = order_of(z, NEAR)
    assert order.smaller_is_near > 0.95
    assert (order.zeros, order.far) == (nothing == 0.0, nothing > 1e9)


@pytest.mark.parametrize("nothing", [0.0, math.inf, 1e30])
def test_among_surfaces_nothing_has_no_say(nothing: float) -> None:
    """A network that sees an object inside out, before nothing, far away."""
    near = NEAR.clone()
    near[20:] = NEAR[20:].flip(0)
    z = 1.0 / NEAR
    z[:20], near[:20] = nothing, 0.0
    order = order_of(z, near)
    assert order.larger_surface_is_near > 0.99
    assert order_of(-z, near).larger_surface_is_near > 0.99


def test_what_is_not_a_number_is_not_asked() -> None:
    z = 1.0 / NEAR
    z[::2] = math.nan
    assert order_of(z, NEAR).smaller_is_near > 0.99
    assert order_of(torch.full((9, 9), math.nan), NEAR).larger_is_near == 0.0


def test_a_mark_for_nothing_is_not_asked() -> None:
    z = 1.0 / NEAR
    z[:20] = -1.0
    order = order_of(z, NEAR)
    assert order.smaller_is_near > 0.99 and order.larger_is_near < -0.99
    assert order.low > 0.0
