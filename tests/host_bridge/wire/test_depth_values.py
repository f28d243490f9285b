"""What a Z means, from what its frames say."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from host_bridge.wire.depth_values import Evidence, decide, varies

METRES = Evidence(larger_is_near=-0.8, smaller_is_near=0.8, low=1.5, high=40.0, zeros=False, far=False)


@pytest.mark.parametrize(
    ("evidence", "meaning"),
    [
        (METRES, "distance"),
        (replace(METRES, far=True), "distance"),
        (replace(METRES, low=-40.0, high=-1.5, larger_is_near=0.8), "distance"),
        (replace(METRES, larger_is_near=0.8, smaller_is_near=-0.8), "inverse"),
        (replace(METRES, larger_is_near=0.8, smaller_is_near=-0.8, low=0.0, high=0.4, zeros=True), "inverse"),
        (replace(METRES, low=-40.0, high=-1.5, larger_is_near=-0.8, smaller_is_near=-0.8), "inverse"),
        (replace(METRES, low=0.0, high=1.0, zeros=True, smaller_is_near=0.6), "far-is-white"),
        (replace(METRES, low=0.0, high=1.0, zeros=True, larger_is_near=-0.2, smaller_is_near=0.8), "distance"),
        (replace(METRES, low=0.0, high=1.0, larger_is_near=0.8, smaller_is_near=-0.8), "near-is-white"),
        (replace(METRES, low=-0.1, high=1.1, larger_is_near=0.8), "near-is-white"),
        (replace(METRES, low=-9.0, high=12.0, larger_is_near=-0.8), "far-is-white"),
    ],
)
def test_the_order_says_which_way_and_the_values_what(evidence: Evidence, meaning: str) -> None:
    decision = decide([evidence])
    assert (decision.meaning, decision.certain) == (meaning, True)
    assert decision.agreement == pytest.approx(0.8)


def test_all_frames_decide_together() -> None:
    odd = replace(METRES, larger_is_near=0.3, smaller_is_near=-0.3)
    assert decide([METRES, odd, METRES]).meaning == "distance"
    # One bright frame that never reaches 0 does not make another one's picture of depth a distance.
    picture = replace(METRES, low=0.0, high=1.0)
    assert decide([picture, replace(picture, low=0.4, high=0.9)]).meaning == "far-is-white"


@pytest.mark.parametrize(
    ("changes", "meaning"),
    [
        ({}, "distance"),
        ({"low": 0.0, "high": 0.8, "zeros": True}, "inverse"),
        ({"low": 0.0, "high": 0.8, "zeros": True, "far": True}, "distance"),
    ],
)
def test_where_the_order_says_nothing_the_values_guess(changes: Any, meaning: str) -> None:
    decision = decide([replace(METRES, larger_is_near=-0.1, smaller_is_near=0.1, **changes)])
    assert decision.meaning == meaning and not decision.certain


@pytest.mark.parametrize(
    ("surface", "changes", "meaning", "certain"),
    [
        (-0.4, {}, "distance", True),
        (0.4, {}, "inverse", True),
        (0.1, {}, "distance", False),
        (-0.1, {"low": 0.0, "high": 0.4}, "inverse", False),
        (-0.4, {"low": 0.0, "high": 0.4}, "distance", True),
        (-0.1, {"low": -4.0, "high": 0.0}, "distance", False),
        (0.4, {"low": -4.0, "high": 0.0, "larger_is_near": -0.33}, "inverse", True),
        (0.1, {"far": True, "smaller_is_near": 0.34}, "distance", True),
    ],
)
def test_an_object_before_zeros_says_by_its_own_surface(
    surface: float, changes: Any, meaning: str, certain: bool
) -> None:
    """That it stands before nothing agrees with either meaning."""
    element = Evidence(0.33, 0.32 if surface > 0.0 else 0.34, 0.0, 4.0, zeros=True, far=False)
    decision = decide([replace(element, larger_surface_is_near=surface, **changes)])
    assert (decision.meaning, decision.certain) == (meaning, certain)


@pytest.mark.parametrize("surface", [None, 0.5])
def test_evidence_travels(surface: float | None) -> None:
    evidence = replace(METRES, larger_surface_is_near=surface)
    assert Evidence.from_wire(evidence.to_wire()) == evidence


def test_an_older_server_says_nothing_of_surfaces() -> None:
    fields = METRES.to_wire()
    del fields["larger_surface_is_near"]
    assert Evidence.from_wire(fields) == METRES and decide([METRES]).certain


@pytest.mark.parametrize("only", [0.0, -3.0, math.inf, math.nan, 1e12])
def test_one_value_is_no_depth(only: float) -> None:
    assert not varies(np.full((40, 40, 1), only, np.float32))


@pytest.mark.parametrize("ground", [0.0, math.inf, 1e10, 5.0])
def test_one_surface_before_nothing_is_a_depth(ground: float) -> None:
    z = np.full((40, 40, 1), ground, np.float32)
    z[17, 21] = 2.0
    assert varies(z)


@pytest.mark.parametrize("ground", [math.inf, 1e10])
def test_far_away_has_many_spellings(ground: float) -> None:
    z = np.full((40, 40, 1), ground, np.float32)
    z[:, 20:] = 0.0
    assert not varies(z)
