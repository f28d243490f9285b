"""Plate → FrameAnalysis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from art3d_node.analysis import analyse, stage
from art3d_node.estimate import estimate_depth
from art3d_node.frame_analysis import FrameAnalysis
from art3d_node.library import Library
from art3d_node.models.depth_net import Estimate, SourceInput
from art3d_node.models.neutral import SCALE, SHIFT
from art3d_node.plate import GIVEN
from art3d_node.stereo import blueprint
from host_bridge.core.errors import DepthSourceError, StyleError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.wire.messages import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame

LIBRARY = Library()
NEUTRAL = AnalysisSettings(depth="aov", z_meaning="distance")


def make_frame(height: int = 36, width: int = 64, *, data: Box | None = None, **layers: Any) -> Frame:
    """A wall with a floor before it, and a box that stands on the floor."""
    box = data or Box.of_size(width, height)
    z = np.full((box.height, box.width), 10.0, np.float32)
    rows = np.arange(box.height, dtype=np.float32)[:, None] / box.height
    z = np.where(rows > 0.5, 10.0 - 14.0 * (rows - 0.5), z)
    z[int(0.3 * box.height) : int(0.8 * box.height), int(0.4 * box.width) : int(0.6 * box.width)] = 4.0
    generator = np.random.default_rng(3)
    color = generator.random((box.height, box.width, 4), np.float32)
    color[..., 3] = 1.0
    every: dict[str, Any] = {"color": color, "depth": z[..., None].astype(np.float32), **layers}
    kept = {name: value for name, value in every.items() if value is not None}
    return Frame(Box.of_size(width, height), box, kept, ("R", "G", "B", "A"))


class SmallNet:
    """A depth source that looks at the picture: nearness is brightness, at 1/4 of the size."""

    name, needs_look, licence_note = "small-net", True, ""

    def estimate(self, frame: SourceInput) -> Estimate:
        grey = frame.look.float().mean(dim=2)
        return Estimate(grey[::4, ::4].contiguous(), "small-net:1")


class Wavy:
    """A style whose vs and vt change over the picture."""

    id, name, needs_look = "wavy-1", "wavy", True

    def stage(self, look: Tensor, inverse_depth: Tensor, *, aspect: float) -> tuple[Tensor, Tensor]:
        assert look.numel() > 0
        ramp = torch.linspace(-1, 1, inverse_depth.shape[1]).expand(inverse_depth.shape)
        return SCALE + 0.004 * ramp, SHIFT + 0.003 * ramp * ramp


class Shelf:
    """A library with the two."""

    def depth(self, name: str) -> Any:
        return SmallNet() if name == "small-net" else LIBRARY.depth(name)

    def style(self, name: str) -> Any:
        return Wavy() if name == "wavy" else LIBRARY.style(name)

    def automatic(self, *, has_z: bool) -> str:
        return "aov" if has_z else "small-net"


def _same(a: FrameAnalysis, b: FrameAnalysis) -> bool:
    return torch.equal(a.disparity_px, b.disparity_px) and torch.equal(a.inverse_depth, b.inverse_depth)


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


def test_auto_takes_z_where_the_plate_has_it() -> None:
    assert analyse(make_frame(), AnalysisSettings(), Shelf()).depth_source == "aov"
    assert analyse(make_frame(depth=None), AnalysisSettings(), Shelf()).depth_source == "small-net"


def test_inverse_depth_is_normalised_between_robust_far_and_near() -> None:
    found = analyse(make_frame(360, 640), NEUTRAL, LIBRARY)
    iz = found.inverse_depth
    assert float(iz.quantile(0.01)) == pytest.approx(0.0, abs=1e-3)
    assert float(iz.quantile(0.99)) == pytest.approx(1.0, abs=1e-3)
    assert found.inverse_depth_range == (float(iz.min()), float(iz.max()))


def test_outliers_are_not_clipped() -> None:
    frame = make_frame(360, 640)
    frame.layers["depth"][0, 0] = 0.5
    assert float(analyse(frame, NEUTRAL, LIBRARY).inverse_depth[0, 0]) > 5.0


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


def test_flat_depth_lies_halfway() -> None:
    """In a shot; on its own such a frame has no depth."""
    frame = make_frame(depth=np.full((36, 64, 1), 7.0, np.float32))
    with pytest.raises(DepthSourceError, match="Z is 7 everywhere"):
        analyse(frame, NEUTRAL, LIBRARY)
    found = analyse(frame, replace(NEUTRAL, shot=ShotFrame(0.2, 0.2)), LIBRARY)
    assert torch.allclose(found.disparity_px, torch.tensor(64 * (0.5 * SCALE + SHIFT)))


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


def test_learned_styles_have_a_local_layer_whose_trend_is_nil() -> None:
    found = analyse(make_frame(), AnalysisSettings(depth="aov", style="wavy"), Shelf())
    local = blueprint.local_layer(found.disparity_px, found.inverse_depth, found.fit_px)
    left = blueprint.fit(local, found.inverse_depth)
    assert (left.scale, left.shift) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert found.local_range_px == pytest.approx((float(local.min()), float(local.max())))
    assert found.local_range_px[1] > 0.01


def test_both_stages_make_the_analysis() -> None:
    frame, settings = make_frame(), AnalysisSettings(depth="small-net", style="wavy")
    raw = estimate_depth(frame, settings, Shelf())
    assert _same(stage(frame, raw, settings, Shelf()), analyse(frame, settings, Shelf()))


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


def test_a_shot_fixes_normalisation() -> None:
    shot = ShotFrame(iz_low=0.05, iz_high=0.55)
    found = analyse(make_frame(), AnalysisSettings(depth="aov", shot=shot), LIBRARY)
    assert float(found.inverse_depth[20, 32]) == pytest.approx((0.25 - 0.05) / 0.5)
    alone = analyse(make_frame(), NEUTRAL, LIBRARY)
    assert found.raw_percentiles == alone.raw_percentiles


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
    assert _same(analyse(make_frame(), settings, Shelf()), analyse(make_frame(), settings, Shelf()))


def test_a_z_of_one_value_is_passed_over_by_auto() -> None:
    blank = make_frame(depth=np.zeros((36, 64, 1), np.float32))
    assert estimate_depth(blank, AnalysisSettings(), Shelf()).source == "small-net"
    assert estimate_depth(make_frame(), AnalysisSettings(z_meaning="distance"), Shelf()).source == "aov"


class Judged(Shelf):
    """A library whose small network sees the same scene, at its own size and scale."""

    def __init__(self, nearness: Tensor) -> None:
        self.nearness = nearness

    def depth(self, name: str) -> Any:
        if name != "mini":
            return super().depth(name)
        network = SmallNet()
        network.estimate = lambda frame: Estimate(self.nearness, "mini:1")  # type: ignore[method-assign]
        return network


@pytest.mark.parametrize(
    ("stored", "meaning"),
    [
        (lambda z: z, "distance"),
        (lambda z: -z, "distance"),
        (lambda z: 100.0 / z, "inverse"),
        (lambda z: (z - z.min()) / (z.max() - z.min()), "far-is-white"),
        (lambda z: 1.0 - (z - z.min()) / (z.max() - z.min()), "near-is-white"),
        (lambda z: 5.0 - z, "near-is-white"),
    ],
)
def test_what_z_means_is_decided_by_a_networks_order(stored: Any, meaning: str) -> None:
    z = make_frame().layers["depth"]
    seen = torch.nn.functional.interpolate(torch.from_numpy(1.0 / z[None, None, ..., 0]), size=(48, 80))[0, 0]
    settings = AnalysisSettings(depth="aov")
    raw = estimate_depth(make_frame(depth=stored(z).astype(np.float32)), settings, Judged(3.0 * seen + 1.0))
    assert raw.z is not None and raw.z.meaning == meaning and raw.model_id == f"aov:{meaning}"
    # Whatever was stored, the box is nearer than the wall.
    assert float(raw.inverse_depth[20, 32]) > float(raw.inverse_depth[2, 2])
    stats = raw.z.stats()
    assert stats["z_meaning"] == meaning and stats["z_agreement"] > 0.9


def test_a_named_meaning_asks_nobody() -> None:
    settings = replace(NEUTRAL, z_meaning="inverse")
    raw = estimate_depth(make_frame(), settings, Judged(torch.zeros(4, 4)))
    assert raw.z is not None and raw.z.stats() == {"z_meaning": "inverse"}
