"""A tile is a crop: any tiles, in any order, equal the whole frame, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.analysis import analyse
from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.library import Library
from art3d_node.models.camera_net import CameraNet
from art3d_node.models.style_file import StyleCard
from art3d_node.models.styles import LearnedStyle
from art3d_node.prepared import Prepared, prepare
from art3d_node.renderer import render_box
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.outputs import OUTPUTS
from host_bridge.wire.settings import AnalysisSettings

DISPLAY = Box(-4, 3, 220, 147)
DATA = Box(10, 12, 200, 140)
EVERY = tuple(OUTPUTS)


class _Shelf(Library):
    """The library, with a style that sculpts."""

    def style(self, name: str) -> LearnedStyle:
        torch.manual_seed(2)
        net = CameraNet(4).eval()
        torch.nn.init.normal_(net.out.weight, std=0.3)
        return LearnedStyle(StyleCard(name="bold", id="bold-1", architecture={}, input_size=64), net)


def _frame() -> Frame:
    """Slanted ground, three objects at several depths, thin lines, a value that is not finite, soft alpha."""
    generator = np.random.default_rng(11)
    height, width = DATA.height, DATA.width
    z = 12.0 - 8.0 * np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None].repeat(width, 1)
    behind = z + np.where(np.arange(width) > 95, np.float32(2.5), np.float32(0.0))
    z[20:70, 30:60], z[50:110, 90:100], z[40:60, 140:180], z[30:120, 120] = 3.0, 2.0, 5.0, 1.5
    color = generator.random((height, width, 4), np.float32) * 2.0 - 0.1
    color[..., 3] = np.clip(color[..., 3], 0.0, 1.0)
    color[17, 23, 0] = np.nan
    layers = {
        "color": color,
        "depth": z[..., None],
        "extra": generator.random((height, width, 1), np.float32),
        "matte": generator.random((height, width, 1), np.float32),
        "clean_plate": generator.random((height, width, 4), np.float32),
        "clean_depth": behind[..., None],
    }
    return Frame(DISPLAY, DATA, layers, ("R", "G", "B", "A"))


FRAME = _frame()


@pytest.fixture(scope="module")
def analysed() -> FrameAnalysis:
    return analyse(FRAME, AnalysisSettings(depth="aov", style="bold"), _Shelf())


controls = st.builds(
    Controls,
    depth_gain=st.sampled_from([1.0, 0.0, 2.5]),
    zero_plane=st.sampled_from([0.0, -3.0, 1.5]),
    sculpt=st.sampled_from([1.0, 0.0, 4.0]),
    budget_front=st.sampled_from([2.5, 12.0]),
    budget_behind=st.sampled_from([2.0, 9.0]),
    depth_budget=st.sampled_from(["soft", "none"]),
    hero=st.sampled_from(["left", "right", "none"]),
    fill=st.sampled_from(["background", "none", "clean-plate"]),
    edges=st.sampled_from(["soft", "hard"]),
    occlusion_to_alpha=st.booleans(),
    floating_window=st.sampled_from(["off", "manual"]),
    floating_left=st.sampled_from([0.0, 7.3]),
    floating_right=st.just(4.1),
    floating_left_slant=st.sampled_from([0.0, 0.6]),
    floating_softness=st.sampled_from([0.0, 2.0]),
    floating_mask=st.sampled_from(["picture", "layer"]),
)


def _assert_is_crop(tile: dict[str, torch.Tensor], whole: dict[str, torch.Tensor], box: Box, within: Box) -> None:
    at = box.slices(within)
    for name in EVERY:
        assert tile[name].numpy().tobytes() == whole[name][at].contiguous().numpy().tobytes(), (name, box)


def _fresh(analysed: FrameAnalysis, knobs: Controls) -> Prepared:
    return prepare(FRAME, analysed, knobs)


@settings(deadline=None, max_examples=20)
@given(controls, st.integers(24, 250), st.integers(20, 170), st.randoms(use_true_random=False))
def test_tiles_stitch_to_the_whole_frame(
    analysed: FrameAnalysis, knobs: Controls, width: int, height: int, order: object
) -> None:
    whole = render_box(_fresh(analysed, knobs), DISPLAY, EVERY).planes
    tiles = list(DISPLAY.tiles(width, height))
    order.shuffle(tiles)  # type: ignore[attr-defined]
    prepared = _fresh(analysed, knobs)
    for box in tiles:
        _assert_is_crop(render_box(prepared, box, EVERY).planes, whole, box, DISPLAY)


@settings(deadline=None, max_examples=25)
@given(controls, st.data())
def test_any_box_on_a_fresh_server_is_a_crop(analysed: FrameAnalysis, knobs: Controls, data: st.DataObject) -> None:
    around = DISPLAY.grow(30, 20)
    x0, y0 = data.draw(st.integers(around.x0, around.x1 - 1)), data.draw(st.integers(around.y0, around.y1 - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, around.x1)), data.draw(st.integers(y0 + 1, around.y1)))
    whole = render_box(_fresh(analysed, knobs), around, EVERY).planes
    _assert_is_crop(render_box(_fresh(analysed, knobs), box, EVERY).planes, whole, box, around)


@settings(deadline=None, max_examples=10)
@given(controls, st.sets(st.sampled_from(EVERY), min_size=1))
def test_an_output_does_not_depend_on_what_else_is_asked(
    analysed: FrameAnalysis, knobs: Controls, names: set[str]
) -> None:
    box = Box(0, 40, 120, 90)
    every = render_box(_fresh(analysed, knobs), box, EVERY).planes
    some = render_box(_fresh(analysed, knobs), box, tuple(sorted(names))).planes
    for name in names:
        assert some[name].numpy().tobytes() == every[name].numpy().tobytes(), name


def test_knobs_at_rest_leave_the_styles_disparity_bit_exact(analysed: FrameAnalysis) -> None:
    wide = Controls(budget_front=20.0, budget_behind=20.0)
    plane = render_box(_fresh(analysed, wide), DATA, ("disparity_left",)).planes["disparity_left"]
    assert torch.equal(plane[..., 0], analysed.disparity_px)


@settings(deadline=None, max_examples=40)
@given(controls)
def test_no_disparity_leaves_the_bounds_that_the_new_view_is_told(analysed: FrameAnalysis, knobs: Controls) -> None:
    prepared = _fresh(analysed, knobs)
    d = prepared.disparity_px(0, DATA.height)
    low, high = prepared.bounds_px
    assert low <= float(d.min()) and float(d.max()) <= high
