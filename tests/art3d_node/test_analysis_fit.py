"""Inverse depth becomes disparity: the neutral style, learned ones, a shot's fit, given disparity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.estimate import estimate_depth
from art3d_node.models.neutral import SCALE, SHIFT
from art3d_node.plate import GIVEN
from art3d_node.stereo import blueprint
from host_bridge.core.errors import DepthSourceError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.analysed import LIBRARY, NEUTRAL, Shelf, make_frame


def test_neutral_is_affine_in_inverse_depth() -> None:
    found = analyse(make_frame(), NEUTRAL, LIBRARY)
    assert torch.equal(found.disparity_px, blueprint.blueprint(found.inverse_depth, found.scale * 64, found.shift * 64))
    assert (found.fit_scale, found.fit_shift) == pytest.approx((SCALE, SHIFT))
    assert found.local_range_px == (0.0, 0.0)


def test_convention_near_things_come_out() -> None:
    found = analyse(make_frame(), NEUTRAL, LIBRARY)
    assert float(found.disparity_px[20, 32]) > 0.0 > float(found.disparity_px[0, 0])


def test_fraction_of_picture_width_means_the_display_window() -> None:
    frame = make_frame(72, 128, data=Box(32, 18, 96, 54))
    whole = analyse(frame, NEUTRAL, LIBRARY)
    assert whole.disparity_px.shape == (36, 64)
    assert whole.width_px == 128
    step = float(whole.disparity_px.max() - whole.disparity_px.min())
    spread = whole.inverse_depth_range[1] - whole.inverse_depth_range[0]
    assert step == pytest.approx(SCALE * 128 * spread, rel=1e-4)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_the_same_percentage_at_any_resolution(factor: int) -> None:
    small = make_frame(90, 160)
    layers = {name: a.repeat(factor, 0).repeat(factor, 1) for name, a in small.layers.items()}
    large = Frame(
        Box.of_size(160 * factor, 90 * factor), Box.of_size(160 * factor, 90 * factor), layers, small.channels
    )
    a, b = (analyse(frame, NEUTRAL, LIBRARY) for frame in (small, large))
    assert torch.allclose(b.disparity_px[::factor, ::factor] / factor, a.disparity_px, atol=160 * SCALE * 0.01)


def test_learned_styles_have_a_local_layer_whose_trend_is_nil() -> None:
    found = analyse(make_frame(), AnalysisSettings(depth="aov", style="wavy"), Shelf())
    local = blueprint.local_layer(found.disparity_px, found.inverse_depth, found.fit_px)
    left = blueprint.fit(local, found.inverse_depth)
    assert (left.scale, left.shift) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert found.local_range_px == pytest.approx((float(local.min()), float(local.max())))
    assert found.local_range_px[1] > 0.01


def test_given_disparity_passes_bit_for_bit() -> None:
    generator = np.random.default_rng(0)
    given = generator.normal(0, 9, (36, 64, 1)).astype(np.float32)
    given[3, 4] = np.nan
    found = analyse(make_frame(disparity=given), AnalysisSettings(style=GIVEN), LIBRARY)
    assert np.array_equal(found.disparity_px.numpy(), given[..., 0], equal_nan=True)
    assert found.style_id == found.depth_source == GIVEN
    iz = found.inverse_depth
    rebuilt = found.fit_px.scale * iz + found.fit_px.shift
    assert torch.allclose(rebuilt, found.disparity_px, atol=1e-4, equal_nan=True)


def test_integer_disparity_is_refused() -> None:
    frame = make_frame(disparity=np.zeros((36, 64, 1), np.uint16))
    with pytest.raises(DepthSourceError, match="not a float layer"):
        analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)


def test_a_shots_fit_replaces_the_frames_own_and_keeps_the_sculpture() -> None:
    raw = estimate_depth(make_frame(), NEUTRAL, LIBRARY)
    low, high = (float(v) for v in (raw.inverse_depth.min(), raw.inverse_depth.max()))
    own, moved = (
        analyse(make_frame(), AnalysisSettings(depth="aov", style="wavy", shot=shot), Shelf())
        for shot in (ShotFrame(low, high), ShotFrame(low, high, fit_scale=0.03, fit_shift=-0.02))
    )
    assert (moved.fit_scale, moved.fit_shift) == (0.03, -0.02)
    found = blueprint.fit(moved.disparity_px, moved.inverse_depth)
    assert (found.scale, found.shift) == pytest.approx((0.03 * 64, -0.02 * 64), abs=1e-4)
    a, b = (blueprint.local_layer(x.disparity_px, x.inverse_depth, x.fit_px) for x in (own, moved))
    assert torch.allclose(a, b, atol=1e-5)
