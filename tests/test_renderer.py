"""FrameAnalysis + Controls + Box → pixels: signs, windows, knobs, what a tile holds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.library import Library
from art3d_node.plate import GIVEN
from art3d_node.renderer import Plate, Rendered, prepare, render, render_box
from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.core.params import Controls
from host_bridge.wire.messages import AnalysisSettings
from host_bridge.wire.outputs import OUTPUTS

LIBRARY = Library()
H, W = 40, 96
FULL = Box.of_size(W, H)
WIDE = Controls(budget_front=20.0, budget_behind=20.0, edges="hard")
EVERY = tuple(OUTPUTS)


def given_frame(disparity: Any, *, data: Box = FULL, display: Box = FULL, **layers: Any) -> Frame:
    """Noise with a staged disparity, px."""
    size = (data.height, data.width)
    generator = np.random.default_rng(5)
    every: dict[str, Any] = {
        "color": generator.random((*size, 4), np.float32),
        "extra": generator.random((*size, 2), np.float32),
        "disparity": np.broadcast_to(np.asarray(disparity, np.float32), size)[..., None].copy(),
        **layers,
    }
    return Frame(display, data, {k: v for k, v in every.items() if v is not None}, ("R", "G", "B", "A"))


def pop_out() -> Any:
    """A wall 4 px behind the screen and a square 6 px in front of it."""
    d = np.full((H, W), -4.0, np.float32)
    d[10:30, 40:60] = 6.0
    return d


def shoot(
    frame: Frame, controls: Controls = WIDE, box: Box | None = None, outputs: tuple[str, ...] = EVERY
) -> Rendered:
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    return render(frame, found, controls, frame.data if box is None else box, outputs)


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


@pytest.mark.parametrize("hero", ["left", "right"])
def test_the_hero_view_is_the_plate_bit_for_bit(hero: str) -> None:
    frame = given_frame(pop_out())
    frame.layers["color"][3, 4] = (-0.5, 40.0, math.nan, math.inf)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    assert np.array_equal(planes[hero].numpy(), frame.layers["color"], equal_nan=True)
    assert np.array_equal(planes[f"{hero}_extra"].numpy(), frame.layers["extra"])
    assert np.array_equal(planes[f"disparity_{hero}"].numpy(), frame.layers["disparity"])
    assert not planes[f"occlusion_{hero}"].any()


def test_half_float_plates_are_read_by_value() -> None:
    frame = given_frame(0.0)
    half = given_frame(0.0, color=frame.layers["color"].astype(np.float16))
    assert np.array_equal(shoot(half).planes["left"].numpy(), half.layers["color"].astype(np.float32))


def test_integer_plates_are_shares_of_their_largest_value() -> None:
    frame = given_frame(0.0, color=np.full((H, W, 4), 255, np.uint8))
    assert bool((shoot(frame).planes["right"] == 1.0).all())


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_no_disparity_is_the_identity_bit_for_bit(hero: str) -> None:
    frame = given_frame(0.0)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    for eye in ("left", "right"):
        assert np.array_equal(planes[eye].numpy(), frame.layers["color"])
        assert not planes[f"occlusion_{eye}"].any()


def test_convention_positive_disparity_moves_the_right_eye_left() -> None:
    """x_R = x_L − d: what pops out lies further left in the right eye's view."""
    frame = given_frame(6.0)
    right = shoot(frame).planes["right"].numpy()
    assert np.array_equal(right[:, :-6], frame.layers["color"][:, 6:])


def test_convention_positive_disparity_moves_the_left_eye_right() -> None:
    frame = given_frame(6.0)
    left = shoot(frame, replace(WIDE, hero="right")).planes["left"].numpy()
    assert np.array_equal(left[:, 6:], frame.layers["color"][:, :-6])


def test_convention_without_a_hero_each_eye_takes_half() -> None:
    frame = given_frame(6.0)
    planes = shoot(frame, replace(WIDE, hero="none")).planes
    assert np.array_equal(planes["left"].numpy()[:, 3:], frame.layers["color"][:, :-3])
    assert np.array_equal(planes["right"].numpy()[:, :-3], frame.layers["color"][:, 3:])


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_convention_both_disparities_are_x_left_minus_x_right(hero: str) -> None:
    """Writers make Nuke's channels of these: disparityR.x = −disparity_left, disparityL.x = +disparity_right."""
    planes = shoot(given_frame(pop_out()), replace(WIDE, hero=hero)).planes
    for eye, sign in (("left", 1), ("right", -1)):
        shift = {"left": 0, "right": 6, "none": 3}[hero] * sign if eye != hero else 0
        if hero in ("left", "right") and eye != hero:
            shift = 6 * sign
        disparity = planes[f"disparity_{eye}"][..., 0]
        assert float(disparity[20, 50 + shift]) == 6.0
        assert float(disparity[2, 50]) == -4.0


@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_convention_the_disparities_lead_from_view_to_view(hero: str) -> None:
    """left(x) = right(x − disparity_left(x)) wherever neither is invented."""
    planes = shoot(given_frame(pop_out()), replace(WIDE, hero=hero)).planes
    d = planes["disparity_left"][..., 0].round().long()
    x = torch.arange(W) - d
    inside = (x >= 0) & (x < W)
    x = x.clamp(0, W - 1)
    seen = torch.gather(planes["right"], 1, x[..., None].expand(-1, -1, 4))
    back = torch.gather(planes["disparity_right"][..., 0], 1, x)
    clean = torch.gather(planes["occlusion_right"][..., 0], 1, x) == 0
    both = inside & clean & (planes["occlusion_left"][..., 0] == 0) & (back == d)
    assert float(both.float().mean()) > 0.7
    assert torch.equal(seen[both], planes["left"][both])


def test_convention_occlusion_is_one_where_a_view_was_invented() -> None:
    planes = shoot(given_frame(pop_out())).planes
    occlusion = planes["occlusion_right"][..., 0]
    assert set(occlusion.unique().tolist()) == {0.0, 1.0}
    # The square moved 6 px left and the wall 4 px right: ten columns open behind the square's right border.
    assert int(occlusion[20].sum()) == 10 + 4
    assert occlusion[20, 54:64].tolist() == [1.0] * 10
    assert occlusion[20, :4].tolist() == [1.0] * 4


def test_analysis_planes_speak_their_units() -> None:
    z = np.where(pop_out() > 0, 4.0, 10.0).astype(np.float32)[..., None]
    frame = given_frame(0.0, depth=z)
    found = analyse(frame, AnalysisSettings(depth="aov"), LIBRARY)
    planes = render(frame, found, Controls(), FULL, ("inverse_depth", "scale", "shift", "disparity_local")).planes
    assert torch.equal(planes["inverse_depth"][..., 0], found.inverse_depth)
    assert planes["scale"].unique().tolist() == pytest.approx([0.020])
    assert planes["shift"].unique().tolist() == pytest.approx([-0.013])
    assert not planes["disparity_local"].any()


def test_outside_the_data_window_is_transparent_black() -> None:
    data = Box(20, 10, 70, 30)
    frame = given_frame(pop_out()[10:30, 20:70], data=data)
    whole = shoot(frame, box=FULL).planes
    for name in ("left", "left_extra", "disparity_left", "inverse_depth", "scale", "occlusion_left"):
        outside = whole[name].clone()
        outside[10:30, 20:70] = 0.0
        assert not outside.any(), name
    assert np.array_equal(whole["left"][10:30, 20:70].numpy(), frame.layers["color"])
    assert not whole["right"][:10].any() and not whole["right"][30:].any()


def test_a_new_view_extends_beyond_the_data_window() -> None:
    data = Box(20, 10, 70, 30)
    frame = given_frame(6.0, data=data)
    planes = shoot(frame, box=FULL).planes
    right = planes["right"].numpy()
    assert np.array_equal(right[10:30, 14:64], frame.layers["color"])
    assert not right[:, :14].any()
    assert not planes["occlusion_right"][:, :20].any()
    assert bool((planes["disparity_right"][10:30, 14:64] == 6.0).all())


def test_a_box_far_away_is_empty() -> None:
    planes = shoot(given_frame(pop_out()), box=Box(1000, 1000, 1010, 1008)).planes
    assert all(not plane.any() for name, plane in planes.items() if not name.startswith("window_"))


def test_matte_of_eight_bits_says_where_sculpt_acts() -> None:
    d = pop_out()
    matte = np.zeros((H, W, 1), np.uint8)
    frame = given_frame(d, matte=matte)
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    found = replace(found, fit=replace(found.fit, scale=0.0, shift=0.0), local_range_px=(-4.0, 6.0))
    plain = render(frame, found, replace(WIDE, sculpt=2.0), FULL, ("disparity_left",)).planes["disparity_left"]
    assert np.array_equal(plain[..., 0].numpy(), d)
    matte[:] = 255
    full = render(frame, found, replace(WIDE, sculpt=2.0), FULL, ("disparity_left",)).planes["disparity_left"]
    assert np.allclose(full[..., 0].numpy(), 2.0 * d)


def test_the_shots_knobs_lie_under_the_artists() -> None:
    frame = given_frame(pop_out())
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    shot = replace(found, shot_gain=0.5, shot_zero_plane_pct=1.0)
    a = render(frame, shot, WIDE, FULL, ("disparity_left",)).planes["disparity_left"]
    b = render(frame, found, replace(WIDE, depth_gain=0.5, zero_plane=1.0), FULL, ("disparity_left",)).planes
    assert torch.equal(a, b["disparity_left"])


def test_the_depth_budget_holds_in_every_output() -> None:
    planes = shoot(given_frame(pop_out() * 10.0), Controls(edges="hard")).planes
    for name in ("disparity_left", "disparity_right"):
        assert float(planes[name].max()) <= 0.025 * W
        assert float(planes[name].min()) >= -0.02 * W


def test_occlusion_to_alpha_clears_the_filled_pixels() -> None:
    planes = shoot(given_frame(pop_out()), replace(WIDE, occlusion_to_alpha=True)).planes
    filled = planes["occlusion_right"][..., 0] == 1.0
    assert not planes["right"][..., 3][filled].any()
    assert bool((planes["right"][..., 3][~filled] != 0.0).any())


def test_a_clean_plate_fills_the_holes() -> None:
    clean = np.full((H, W, 4), 7.0, np.float32)
    planes = shoot(given_frame(pop_out(), clean_plate=clean), replace(WIDE, fill="clean-plate")).planes
    filled = planes["occlusion_right"][..., 0] == 1.0
    inner = filled & ~filled[:1]  # the first row shows no more than what lies beyond the border, of which nobody knows
    assert bool(inner.any()) and bool((planes["right"][inner] == 7.0).all())


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


def test_a_plate_is_converted_once_for_all_knobs() -> None:
    frame = given_frame(pop_out())
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    plate = Plate(frame)
    first, second = prepare(frame, found, WIDE, plate=plate), prepare(frame, found, Controls(), plate=plate)
    assert first.plate.color is second.plate.color
    assert plate.nbytes == 4 * (4 + 2 + 1) * H * W


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1)])
@pytest.mark.parametrize("hero", ["left", "right", "none"])
def test_tiny_plates(size: tuple[int, int], hero: str) -> None:
    box = Box.of_size(size[1], size[0])
    frame = given_frame(0.3, data=box, display=box)
    planes = shoot(frame, replace(WIDE, hero=hero)).planes
    assert all(plane.shape[:2] == size for plane in planes.values())


def test_disparity_without_a_value_shows_nowhere() -> None:
    d = pop_out()
    d[20, 50] = math.nan
    frame = given_frame(d)
    planes = shoot(frame).planes
    assert bool(torch.isfinite(planes["right"]).all())
    assert float(planes["occlusion_right"][20, 44, 0]) == 1.0


def test_plate_values_that_are_not_finite_stay_in_their_own_pixels() -> None:
    frame = given_frame(2.5)
    clean = shoot(frame).planes["right"]
    frame.layers["color"][20, 50, 0] = math.nan
    frame.layers["color"][30, 50, 1] = math.inf
    right = shoot(frame).planes["right"]
    assert int((~torch.isfinite(right)).sum()) <= 4
    far = torch.ones(H, W, dtype=torch.bool)
    far[18:33, 44:52] = False
    assert torch.equal(right[far], clean[far])


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("box", [Box(0, H, W, H + 1), Box(0, -3, W, 0), Box(-90, 0, -40, H), Box(W + 40, 0, W + 60, H)])
def test_rows_and_columns_that_nothing_reaches_are_empty(box: Box, edges: str) -> None:
    planes = shoot(given_frame(pop_out()), replace(WIDE, edges=edges), box).planes
    assert all(not plane.any() for name, plane in planes.items() if not name.startswith("window_"))
