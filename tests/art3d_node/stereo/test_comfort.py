"""Parallax percentiles and the depth-budget verdict."""

from __future__ import annotations

import math

import pytest
import torch

from art3d_node.stereo.comfort import ParallaxRange, parallax_range, verdict


def test_nothing_finite_spans_nothing() -> None:
    assert parallax_range(torch.full((3, 3), math.nan), width=100.0) is None
    assert verdict(None, budget_front_pct=2.5, budget_behind_pct=2.0) == "empty"


def test_a_disparity_beyond_all_measure_stays_a_number() -> None:
    span = parallax_range(torch.tensor([[-3e38, 3e38]]), width=10.0)
    assert span is not None and math.isfinite(span.nearest) and math.isfinite(span.farthest)
    assert span.nearest < -1e38 and span.farthest > 1e38


def test_convention_parallax_is_minus_disparity_in_percent_of_width() -> None:
    span = parallax_range(torch.tensor([[20.0, -10.0, 0.0]]), width=1000.0)
    assert span is not None
    assert (span.nearest, span.p50, span.farthest) == pytest.approx((-2.0, 0.0, 1.0))


def test_percentiles_of_a_known_ramp() -> None:
    span = parallax_range(-torch.linspace(0.0, 10.0, 1001)[None], width=1000.0)
    assert span is not None
    assert (span.p1, span.p50, span.p99) == pytest.approx((0.01, 0.5, 0.99), abs=2e-3)


def test_a_large_frame_reads_as_the_same_small_one() -> None:
    small = torch.rand(100, 100)
    large = small.repeat_interleave(9, 0).repeat_interleave(9, 1)
    a, b = parallax_range(small, width=10.0), parallax_range(large, width=10.0)
    assert a is not None and b is not None
    assert (a.p1, a.p50, a.p99) == pytest.approx((b.p1, b.p50, b.p99), abs=0.1)


@pytest.mark.parametrize(
    ("p1", "p99", "expected"),
    [
        (-0.9, 1.9, "comfortable"),
        (-1.5, 1.0, "strong"),
        (-0.5, 2.5, "over budget"),
        (-2.6, 0.0, "over budget"),
        (0.4, 0.4, "flat"),
        (-3.0, -3.0, "flat"),
    ],
)
def test_verdicts(p1: float, p99: float, expected: str) -> None:
    span = ParallaxRange(nearest=p1, p1=p1, p50=0.0, p99=p99, farthest=p99)
    assert verdict(span, budget_front_pct=2.5, budget_behind_pct=2.0) == expected
