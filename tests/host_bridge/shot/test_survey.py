"""A whole survey through the real analysis and renderer, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.renderer import render
from host_bridge.client.tile import Tile
from host_bridge.core.errors import ShotError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.shot.scenes import Cuts
from host_bridge.shot.survey import Plan, SurveySource, survey
from host_bridge.wire.settings import AnalysisSettings

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
    shot = survey(shot_frames(), Here(), AOV, Plan(), SurveySource("p.####.exr", (1020,)), done=done.append)
    assert done == list(range(1001, 1013))
    assert shot.cuts == (1007,) and shot.missing == (1020,) and shot.steady == 0
    ranges = {(e.scene, e.iz_low, e.iz_high) for e in shot.frames.values()}
    assert len(ranges) == 2
    assert any("1007" in line for line in shot.reasons)
    assert {(e.fit_scale, e.fit_shift) for e in shot.frames.values()} == {STYLE}


def test_handover_meets_at_the_cut() -> None:
    hard = survey(shot_frames(), Here(), AOV, Plan(handover=0), SurveySource("p"))
    eased = survey(shot_frames(), Here(), AOV, Plan(handover=4), SurveySource("p"))
    assert all(e.zero_plane == 0 for e in hard.frames.values())
    assert eased.frames[1006].zero_plane == pytest.approx(-eased.frames[1007].zero_plane)
    assert eased.frames[1006].zero_plane != 0
    assert eased.frames[1001].zero_plane == pytest.approx(0, abs=0.02)


def test_nothing_read_is_an_error() -> None:
    with pytest.raises(ShotError, match="no frame"):
        survey([], Here(), AOV, Plan(), SurveySource("p"))


def dimmed(one: Frame, share: float) -> Frame:
    color = (one.layers["color"].astype(np.float32) * share).astype("<f2")
    return replace(one, layers={**one.layers, "color": color})


def mixed(a: Frame, b: Frame, share: float) -> Frame:
    color = np.square((1 - share) * np.sqrt(a.layers["color"]) + share * np.sqrt(b.layers["color"])).astype("<f2")
    return replace(a, layers={**a.layers, "color": color})


@pytest.mark.parametrize("kind", ["cut", "fade", "dissolve", "flash"])
def test_the_first_frame_after_a_transition_is_as_its_scene_alone(kind: str) -> None:
    """Nothing of the one scene's range reaches the other, whatever lies between them."""
    a, b = [frame(1, 4.0 - 0.1 * i) for i in range(8)], [frame(2, 2.0 + 0.1 * i) for i in range(8)]
    between = {
        "cut": [],
        "fade": [dimmed(a[-1], s) for s in (0.6, 0.25, 0.06, 0.0, 0.0)] + [dimmed(b[0], s) for s in (0.06, 0.25, 0.6)],
        "dissolve": [mixed(a[-1], b[0], (i + 1) / 7) for i in range(6)],
        "flash": [],
    }[kind]
    frames = [*a, *between, *b] if kind != "flash" else [*b[:4], dimmed(b[4], 6.0), *b[5:]]
    numbered = list(enumerate(frames, 1001))
    shot = survey(numbered, Here(), AOV, Plan(), SurveySource("p"))
    assert [t.kind for t in shot.transitions] == [kind]
    alone = survey(list(enumerate(b, 1)), Here(), AOV, Plan(), SurveySource("p")).frames[1]
    first = shot.frames[1001 if kind == "flash" else 1001 + len(a) + len(between)]
    for name in ("iz_low", "iz_high", "fit_scale", "fit_shift"):
        assert getattr(first, name) == pytest.approx(getattr(alone, name), rel=0.03), name
    if kind == "fade":
        black = shot.frames[1001 + len(a) + 3]
        assert black.fit_scale == 0 and black.iz_high - black.iz_low > 1e3


def test_a_flash_that_a_scene_begins_with_has_the_scenes_range() -> None:
    scene = [frame(2, 2.0 + 0.1 * i) for i in range(8)]
    flashed = [*[dimmed(frame(2, 0.4), 6.0)] * 4, *scene[4:]]
    shot = survey(list(enumerate(flashed, 1001)), Here(), AOV, Plan(), SurveySource("p"))
    assert [(t.kind, t.first, t.last) for t in shot.transitions] == [("flash", 1001, 1004)]
    alone = survey(list(enumerate(scene[4:], 1)), Here(), AOV, Plan(), SurveySource("p"))
    # Four of eight frames have the figures of the fifth, which is the scene's nearest by 6 %.
    for name in ("iz_low", "iz_high"):
        assert getattr(shot.frames[1001], name) == pytest.approx(getattr(alone.frames[1], name), rel=0.07), name


def test_a_persons_cuts_are_written_down() -> None:
    shot = survey(shot_frames(), Here(), AOV, Plan(cuts=Cuts(more=(1004,), none=(1007,))), SurveySource("p"))
    assert shot.cuts == (1004,)
    assert [(t.kind, t.first, t.by) for t in shot.transitions] == [("cut", 1004, "user")]
