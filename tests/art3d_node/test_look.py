"""The look: small, 8-bit, safe whatever the plate holds."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.look import display_curve, make_look, rgb_of

RGB = ("R", "G", "B")


def test_known_levels_of_the_srgb_curve() -> None:
    assert display_curve(torch.tensor([0.0, 0.18, 0.5])).tolist() == pytest.approx([0.0, 0.4614, 0.7354], abs=1e-3)


def test_highlights_roll_off_instead_of_clipping() -> None:
    one, two, sun = display_curve(torch.tensor([1.0, 2.0, 60.0])).tolist()
    assert display_curve(torch.tensor(0.8)).item() < one < two < sun <= 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -3.0, 1e30])
def test_nothing_in_a_plate_is_unsafe(value: float) -> None:
    color = torch.full((6, 8, 3), 0.2)
    color[3, 4] = value
    look = make_look(color, RGB)
    clean = make_look(torch.full((6, 8, 3), 0.2), RGB)
    changed = (look != clean).any(dim=2)
    changed[3, 4] = False
    assert not bool(changed.any())


@pytest.mark.parametrize(
    ("size", "expected"), [((540, 960), (540, 960)), ((2160, 3840), (576, 1024)), ((1, 4000), (1, 1024)), ((1, 1),) * 2]
)
def test_the_long_side_is_bounded(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert make_look(torch.zeros(*size, 1), ("Y",)).shape == (*expected, 3)


def test_channels_are_found_by_name() -> None:
    color = torch.arange(4.0).expand(2, 2, 4)
    assert rgb_of(color, ("A", "B", "G", "R"))[0, 0].tolist() == [3.0, 2.0, 1.0]
    assert rgb_of(color, ("Z", "Y", "U", "V"))[0, 0].tolist() == [1.0, 1.0, 1.0]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-10, 100, width=32), min_size=2, max_size=30))
def test_brighter_stays_brighter(values: list[float]) -> None:
    assert bool((torch.diff(display_curve(torch.tensor(sorted(values)))) >= 0).all())


def test_levels_without_a_power_are_those_of_the_curve() -> None:
    light = torch.linspace(-0.1, 2.0, 3 * 200_000) ** 3
    look = make_look(light.reshape(500, 400, 3), RGB)
    assert torch.equal(look.reshape(-1), (display_curve(light) * 255.0 + 0.5).to(torch.uint8))
