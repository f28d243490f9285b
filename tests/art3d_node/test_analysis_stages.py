"""Plate → FrameAnalysis: its stages, networks and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse, stage
from art3d_node.estimate import estimate_depth
from art3d_node.plate import GIVEN
from host_bridge.core.errors import DepthSourceError, StyleError
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.analysed import LIBRARY, NEUTRAL, Shelf, make_frame, same


def test_smoke() -> None:
    found = analyse(make_frame(), NEUTRAL, LIBRARY)
    assert found.inverse_depth.shape == found.disparity_px.shape == (36, 64)
    assert found.scale.ndim == found.shift.ndim == 0
    assert found.nbytes == 2 * 4 * 36 * 64 + 8
    assert (found.depth_source, found.model_id, found.style_id) == ("aov", "aov:distance", "neutral-1")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DepthSourceError, match="no such depth source"):
        analyse(make_frame(), AnalysisSettings(depth="nix"), LIBRARY)
    with pytest.raises(StyleError, match="no style 'nix'"):
        analyse(make_frame(), AnalysisSettings(depth="aov", style="nix"), LIBRARY)


def test_a_plate_that_the_source_cannot_read_is_named() -> None:
    with pytest.raises(DepthSourceError, match="--depth aov: the plate has no depth channel"):
        analyse(make_frame(depth=None), NEUTRAL, LIBRARY)
    with pytest.raises(DepthSourceError, match="no picture"):
        analyse(make_frame(color=None, depth=None), AnalysisSettings(depth="small-net"), Shelf())
    with pytest.raises(DepthSourceError, match="carries no disparity"):
        analyse(make_frame(), AnalysisSettings(style=GIVEN), LIBRARY)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (2, 3)])
@pytest.mark.parametrize("depth", ["aov", "small-net"])
def test_tiny_plates(size: tuple[int, int], depth: str) -> None:
    settings = AnalysisSettings(depth=depth, z_meaning="distance", shot=ShotFrame(0.1, 0.3))
    found = analyse(make_frame(*size), settings, Shelf())
    assert found.disparity_px.shape == size
    assert bool(torch.isfinite(found.disparity_px).all())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_plate_full_of_nothing(value: float) -> None:
    frame = make_frame(color=np.full((36, 64, 4), value, np.float32))
    for depth in ("aov", "small-net"):
        assert bool(torch.isfinite(analyse(frame, AnalysisSettings(depth=depth), Shelf()).disparity_px).all())


def test_a_network_is_brought_to_plate_resolution() -> None:
    found = analyse(make_frame(depth=None), AnalysisSettings(), Shelf())
    assert found.inverse_depth.shape == (36, 64)
    assert found.model_id == "small-net:1"


def test_a_network_sees_the_look_that_came_with_the_frame() -> None:
    dark = np.zeros((18, 32, 3), np.uint8)
    dark[:, 16:] = 200
    raw = estimate_depth(make_frame(look=dark), AnalysisSettings(depth="small-net"), Shelf())
    assert raw.inverse_depth[0].tolist() == [0.0] * 4 + [200.0] * 4


def test_both_stages_make_the_analysis() -> None:
    frame, settings = make_frame(), AnalysisSettings(depth="small-net", style="wavy")
    raw = estimate_depth(frame, settings, Shelf())
    assert same(stage(frame, raw, settings, Shelf()), analyse(frame, settings, Shelf()))


def test_a_check_that_raises_cancels_between_stages() -> None:
    class Cancelled(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        analyse(make_frame(), AnalysisSettings(depth="small-net"), Shelf(), check=check)
    assert calls == 4


def test_the_same_frame_gives_the_same_analysis() -> None:
    settings = AnalysisSettings(depth="small-net", style="wavy")
    assert same(analyse(make_frame(), settings, Shelf()), analyse(make_frame(), settings, Shelf()))
