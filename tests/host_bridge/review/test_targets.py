"""Comfort on real screens: limits by formula, verdicts exact on known parallax."""

from __future__ import annotations

import math

import pytest

from host_bridge.review.targets import EYES_M, SKY_EXCURSION_PCT, TARGETS, FrameRange, Target, judge

CINEMA = next(t for t in TARGETS if t.id == "cinema")


def test_parallax_by_similar_triangles() -> None:
    """Half-way to the screen the parallax is the eyes' distance, in front; at infinity it is that, behind."""
    assert CINEMA.parallax_pct(6.0) == pytest.approx(-100 * EYES_M / 10)
    assert CINEMA.parallax_pct(math.inf) == pytest.approx(CINEMA.divergence_pct) == pytest.approx(0.65)
    assert CINEMA.parallax_pct(CINEMA.distance_m) == 0


def test_limits_at_a_tablet_are_the_zone_of_comfort() -> None:
    """Focus 2.5 D: far vergence (2.5 − 0.442) / 1.129 = 1.823 D, near (2.5 + 0.626) / 1.035 = 3.020 D."""
    tablet = Target("x", "x", 0.24, 0.4)
    near, far = tablet.limits_pct
    assert near == pytest.approx(100 * 0.065 * (1 - 0.4 * 3.0203) / 0.24, abs=0.01)
    assert far == pytest.approx(100 * 0.065 * (1 - 0.4 * 1.8228) / 0.24, abs=0.01)


def test_no_target_lets_eyes_diverge_and_television_keeps_its_budget() -> None:
    assert all(t.limits_pct[1] <= t.divergence_pct and t.limits_pct[0] < 0 for t in TARGETS)
    assert next(t for t in TARGETS if t.id == "tv").limits_pct == SKY_EXCURSION_PCT


def test_degrees() -> None:
    assert CINEMA.degrees(0.65) == pytest.approx(math.degrees(math.atan(0.065 / 12)))


SCREEN = Target("s", "s", 2.5, 3.0, (-2.0, 1.0))


@pytest.mark.parametrize(
    ("near", "far", "verdict"),
    [
        (-2.0, 1.0, "comfortable"),
        (-2.001, 1.0, "too near"),
        (-2.0, 1.001, "too far"),
        (-2.5, 1.5, "too near and too far"),
        (math.nan, math.nan, "no depth"),
    ],
)
def test_verdicts_are_exact(near: float, far: float, verdict: str) -> None:
    assert judge([FrameRange(1, near, far)], SCREEN).verdict == verdict


def test_what_it_proposes_brings_every_frame_inside() -> None:
    frames = [FrameRange(1, -3.0, 0.5), FrameRange(2, -1.0, 2.5), FrameRange(3, 0.0, 0.2)]
    found = judge(frames, SCREEN)
    assert found.failing == pytest.approx({1: 1.0, 2: 1.5})
    assert found.gain == pytest.approx(3.0 / 5.5)
    near = 2.5 + found.gain * (-3.0 - 2.5)
    assert near + found.zero_plane_pct == pytest.approx(-2.0)
    assert 2.5 + found.zero_plane_pct == pytest.approx(1.0)
