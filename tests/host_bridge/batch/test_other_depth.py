"""A style that meets another depth than it was trained on is said, with figures."""

from __future__ import annotations

from typing import Any

import pytest

from host_bridge.batch.other_depth import other_depth

STATS = {"model_id": "da2-small:1", "fit_scale": 0.02, "fit_shift": -0.01}
FIGURES = {"s_mean": 0.014, "s_std": 0.001, "t_mean": -0.009}


def _card(depth: str) -> dict[str, Any]:
    return {"name": "nolan", "depth_source": depth, "statistics": FIGURES}


@pytest.mark.parametrize("depth", ["da2-small:1", "da2-small", "any", "sidecar", ""])
def test_the_same_depth_is_no_news(depth: str) -> None:
    assert other_depth([_card(depth)], "nolan", STATS) == ""


def test_another_depth_is_said_with_what_moved() -> None:
    said = other_depth([_card("mini:9")], "nolan", STATS)
    assert said == (
        "style nolan was trained on the depth of mini:9, and meets da2-small:1 here: s is 2.00 % of the width "
        "(trained: 1.40 ± 0.10), t is -1.00 % of the width (trained: -0.90 ± 0.00)"
    )
    assert other_depth([_card("mini:9")], "neutral", STATS) == ""
    assert "nolan was trained" in other_depth([_card("mini:9")], "nolan:1,neutral:1", STATS)
    assert other_depth([_card("da2-small:2")], "nolan", STATS) and other_depth([_card("mini")], "nolan", {}) == ""
