"""What a tile holds: shapes, units, statistics, and what cannot be made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.plate import GIVEN
from art3d_node.prepared import prepare
from art3d_node.renderer import render, render_box
from host_bridge.core.errors import BadInputError
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.staged import EVERY, FULL, LIBRARY, WIDE, W, given_frame, pop_out, shoot


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_every_output_covers_the_box(hero: str) -> None:
    box = Box(5, 7, 50, 31)
    planes = shoot(given_frame(pop_out()), replace(WIDE, hero=hero), box).planes
    channels = {"left": 4, "right": 4, "left_extra": 2, "right_extra": 2}
    assert tuple(planes) == EVERY
    for name, plane in planes.items():
        assert plane.shape == (24, 45, channels.get(name, 1)), name
        assert plane.dtype == torch.float32, name
        assert bool(torch.isfinite(plane).all()), name


def test_only_what_is_asked_is_made() -> None:
    assert tuple(shoot(given_frame(pop_out()), outputs=("disparity_right",)).planes) == ("disparity_right",)


def test_an_empty_box_gives_the_statistics_alone() -> None:
    rendered = shoot(given_frame(pop_out()), box=Box(3, 3, 3, 9))
    assert rendered.planes == {}
    assert rendered.stats["depth_source"] == GIVEN


def test_what_cannot_be_made_is_refused() -> None:
    frame = given_frame(pop_out(), extra=None)
    with pytest.raises(BadInputError, match="no output 'middle'"):
        shoot(frame, outputs=("middle",))
    for name in ("left_extra", "right_extra"):
        with pytest.raises(BadInputError, match="no extra layers"):
            shoot(frame, outputs=(name,))
    with pytest.raises(BadInputError, match="no clean plate"):
        shoot(frame, replace(WIDE, fill="clean-plate"))
    with pytest.raises(BadInputError, match="Global Depth"):
        shoot(frame, replace(WIDE, depth_gain=9.0))
    with pytest.raises(BadInputError, match="no colour"):
        shoot(given_frame(pop_out(), color=None, extra=None), outputs=("left",))


def test_analysis_planes_speak_their_units() -> None:
    z = np.where(pop_out() > 0, 4.0, 10.0).astype(np.float32)[..., None]
    frame = given_frame(0.0, depth=z)
    found = analyse(frame, AnalysisSettings(depth="aov"), LIBRARY)
    planes = render(frame, found, Controls(), FULL, ("inverse_depth", "scale", "shift", "disparity_local")).planes
    assert torch.equal(planes["inverse_depth"][..., 0], found.inverse_depth)
    assert planes["scale"].unique().tolist() == pytest.approx([0.020])
    assert planes["shift"].unique().tolist() == pytest.approx([-0.013])
    assert not planes["disparity_local"].any()


def test_statistics_are_of_the_whole_frame() -> None:
    frame = given_frame(pop_out())
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    prepared = prepare(frame, found, WIDE)
    a = render_box(prepared, Box(0, 0, 5, 5), ("right",)).stats
    b = render_box(prepared, FULL, EVERY).stats
    assert {**a, "ms": 0} == {**b, "ms": 0}
    assert a["parallax_min_pct"] == pytest.approx(-100.0 * 6 / W)
    assert a["parallax_max_pct"] == pytest.approx(100.0 * 4 / W)
    assert a["budget"] == "strong"
    assert a["beyond_border_px"] == 4.0
    assert prepare(frame, found, replace(WIDE, hero="right")).stats["beyond_border_px"] == 4.0
    assert prepare(frame, found, replace(WIDE, hero="none")).stats["beyond_border_px"] == 2.0


def test_statistics_are_plain_values_that_travel() -> None:
    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(item) for key, item in value.items())
        return type(value) in (float, int, str, bool)

    assert plain(shoot(given_frame(pop_out())).stats)
