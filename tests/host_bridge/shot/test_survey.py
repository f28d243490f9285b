"""A whole survey through the real analysis and renderer, in this process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.renderer import render
from host_bridge.errors import ShotError
from host_bridge.frame import Frame
from host_bridge.geometry import Box
from host_bridge.params import Controls
from host_bridge.shot.survey import Plan, survey
from host_bridge.wire.messages import AnalysisSettings, Tile

STYLE = (float(np.float32(0.02)), float(np.float32(-0.013)))
AOV = AnalysisSettings(depth="aov", style="neutral", z_meaning="distance")


class Here:
    """The compute node without a wire between."""

    def __init__(self) -> None:
        self.library = Library()

    def submit(
        self, frame: Frame, settings: AnalysisSettings, controls: Controls, box: Box, outputs: Sequence[str]
    ) -> Tile:
        rendered = render(frame.proxy(settings.proxy), analyse(frame, settings, self.library), controls, box, outputs)
        return Tile(box, {name: plane.numpy() for name, plane in rendered.planes.items()}, rendered.stats)

    def result(self, pending: Tile) -> Tile:
        return pending


def frame(seed: int, near: float) -> Frame:
    rng = np.random.default_rng(seed)
    color = np.kron(rng.uniform(0, 1, (9, 16, 3)), np.ones((8, 8, 1))).astype("<f2")
    depth = np.full((72, 128, 1), 20.0, "<f4")
    depth[20:60, 40:90] = near
    box = Box.of_size(128, 72)
    return Frame(box, box, {"color": color, "depth": depth})


def shot_frames() -> list[tuple[int, Frame]]:
    first = [(1001 + i, frame(1, 4.0 - 0.2 * i)) for i in range(6)]
    return first + [(1007 + i, frame(2, 2.0 + 0.1 * i)) for i in range(6)]


def test_survey_finds_the_cut_and_one_range_a_scene() -> None:
    done: list[int] = []
    shot = survey(shot_frames(), Here(), AOV, Plan(), plate="p.####.exr", missing=(1020,), done=done.append)
    assert done == list(range(1001, 1013))
    assert shot.cuts == (1007,) and shot.missing == (1020,) and shot.steady == 0
    ranges = {(e.scene, e.iz_low, e.iz_high) for e in shot.frames.values()}
    assert len(ranges) == 2
    assert any("1007" in line for line in shot.reasons)
    assert {(e.fit_scale, e.fit_shift) for e in shot.frames.values()} == {STYLE}


def test_handover_meets_at_the_cut() -> None:
    hard = survey(shot_frames(), Here(), AOV, Plan(handover=0), plate="p")
    eased = survey(shot_frames(), Here(), AOV, Plan(handover=4), plate="p")
    assert all(e.zero_plane == 0 for e in hard.frames.values())
    assert eased.frames[1006].zero_plane == pytest.approx(-eased.frames[1007].zero_plane)
    assert eased.frames[1006].zero_plane != 0
    assert eased.frames[1001].zero_plane == pytest.approx(0, abs=0.02)


def test_nothing_read_is_an_error() -> None:
    with pytest.raises(ShotError, match="no frame"):
        survey([], Here(), AOV, Plan(), plate="p")
