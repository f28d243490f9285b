"""A clean plate's own depth, staged as the plate is, in the pixels of the new views."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from art3d_node.analysis import analyse
from art3d_node.clean_depth import continued
from art3d_node.plate import GIVEN
from art3d_node.prepared import prepare
from art3d_node.renderer import RenderedBox, render
from host_bridge.core.errors import BadInputError, DepthSourceError
from host_bridge.core.frame import Frame
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from host_bridge.wire.shot_frame import ShotFrame
from tests.art3d_node.analysed import LIBRARY, Shelf
from tests.art3d_node.staged import FULL, WIDE, H, W, carried, given_frame

COLUMN = np.broadcast_to(np.arange(W), (H, W))
FRONT = (COLUMN >= 40) & (COLUMN < 60)
# Steps on both sides of the middle, so that the hole of either eye shows one; inverse depth 0 … 1.
BEHIND = np.where((COLUMN >= 44) & (COLUMN < 56), np.float32(0.25), np.float32(0.0))
IZ = np.where(FRONT, np.float32(0.875), BEHIND)
CLEAN = np.random.default_rng(8).random((H, W, 4), np.float32)
CLEAN[..., 3] = 1.0
FIT = ShotFrame(0.0, 1.0, fit_scale=16 / W, fit_shift=-8 / W)  # d = 16 iz - 8 px
HIDDEN = replace(WIDE, fill="clean-plate")


def framed(**layers: Any) -> Frame:
    given = given_frame(0.0)
    kept = {name: array for name, array in given.layers.items() if name != "disparity"}
    every = {**kept, **layers}
    return replace(given, layers={name: array for name, array in every.items() if array is not None})


def staged(controls: Controls, settings: AnalysisSettings, **layers: Any) -> RenderedBox:
    color = np.where(FRONT[..., None], np.float32(0.9), CLEAN)
    frame = framed(color=color, extra=None, clean_plate=CLEAN, **layers)
    outputs = tuple(f"{kind}{eye}" for kind in ("", "occlusion_", "disparity_") for eye in ("left", "right"))
    return render(frame, analyse(frame, settings, LIBRARY), controls, FULL, outputs)


def filled_psnr(planes: Any, clean_disparity: Any, eye: str) -> float:
    """How near the holes of one eye come to the clean plate that is carried whole pixels."""
    truth, nearest = carried(CLEAN, clean_disparity, 1 if eye == "right" else -1)
    hole = (planes[f"occlusion_{eye}"][..., 0].numpy() > 0) & np.isfinite(nearest)
    assert hole.sum() >= 2 * H
    error = (planes[eye].numpy() - truth)[hole].astype(np.float64)
    return float(-10 * np.log10(max(float((error**2).mean()), 1e-20)))


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize(("hero", "eyes"), [("left", ["right"]), ("right", ["left"]), ("none", ["left", "right"])])
def test_a_given_disparity_and_the_clean_plates_own(hero: Any, eyes: list[str], edges: Any) -> None:
    d, behind = 16 * IZ - 8, 16 * BEHIND - 8
    layers = {"disparity": d[..., None], "clean_depth": behind[..., None]}
    planes = staged(replace(HIDDEN, hero=hero, edges=edges), AnalysisSettings(style=GIVEN), **layers).planes
    for eye in eyes:
        share = 0.5 if hero == "none" else 1.0
        assert filled_psnr(planes, share * behind, eye) >= 60, eye


@pytest.mark.parametrize(
    ("meaning", "z_of", "range_of"),
    [
        ("inverse", lambda iz: iz, (0.0, 1.0)),
        ("near-is-white", lambda iz: iz, (0.0, 1.0)),
        ("far-is-white", lambda iz: 1 - iz, (-1.0, 0.0)),
        ("distance", lambda iz: np.where(iz > 0, 1 / np.maximum(iz, 1e-9), np.inf), (0.0, 1.0)),
        ("distance", lambda iz: np.where(iz > 0, -1 / np.maximum(iz, 1e-9), -np.inf), (0.0, 1.0)),
    ],
)
def test_its_z_means_what_the_plates_does(meaning: str, z_of: Any, range_of: Any) -> None:
    settings = AnalysisSettings(
        depth="aov", z_meaning=meaning, shot=replace(FIT, iz_low=range_of[0], iz_high=range_of[1])
    )
    layers = {name: z_of(iz)[..., None].astype(np.float32) for name, iz in (("depth", IZ), ("clean_depth", BEHIND))}
    planes = staged(HIDDEN, settings, **layers).planes
    assert filled_psnr(planes, 16 * BEHIND - 8, "right") >= 60


@pytest.mark.parametrize(
    ("knobs", "moved"),
    [
        ({"zero_plane": 100 * 3 / W}, lambda d: d - 3),
        ({"depth_gain": 2.0}, lambda d: d + (d + 8)),  # the gain acts on s·iz
        ({"depth_gain": 2.0, "zero_plane": -100 * 2 / W}, lambda d: d + (d + 8) + 2),
    ],
)
def test_knobs_turn_both_alike(knobs: dict[str, Any], moved: Any) -> None:
    settings = AnalysisSettings(depth="aov", z_meaning="inverse", shot=FIT)
    layers = {"depth": IZ[..., None], "clean_depth": BEHIND[..., None]}
    planes = staged(replace(HIDDEN, **knobs), settings, **layers).planes
    assert filled_psnr(planes, moved(16 * BEHIND - 8), "right") >= 60


def test_without_it_the_same_holes_are_wrong() -> None:
    layers = {"disparity": (16 * IZ - 8)[..., None]}
    planes = staged(HIDDEN, AnalysisSettings(style=GIVEN), **layers).planes
    assert filled_psnr(planes, 16 * BEHIND - 8, "right") < 20


def wavy_frame(**layers: Any) -> Frame:
    z = {"depth": IZ[..., None], "clean_depth": BEHIND[..., None]}
    return framed(**{"clean_plate": CLEAN, **z, **layers})


def test_a_styles_blueprint_goes_on_behind_the_foreground() -> None:
    settings = AnalysisSettings(depth="aov", z_meaning="inverse", style="wavy", shot=FIT)
    found = analyse(wavy_frame(), settings, Shelf())
    assert found.clean is not None
    seen = torch.from_numpy(~FRONT)
    assert torch.equal(found.clean.hidden, ~seen)
    assert torch.equal(found.clean.disparity_px[seen], found.disparity_px[seen])
    scale = continued(found.scale, ~seen)
    step = scale[0, 40:60].diff()
    assert torch.allclose(step, step.mean().expand_as(step), atol=1e-6)  # a straight line
    assert not torch.allclose(scale[0, 40:60], scale[0, 39].expand(20), atol=1e-4)


def test_the_disparity_behind_is_staged_by_what_goes_on() -> None:
    """Of a flat ground it runs straight from one side of the foreground to the other."""
    settings = AnalysisSettings(depth="aov", z_meaning="inverse", style="wavy", shot=FIT)
    found = analyse(wavy_frame(clean_depth=np.zeros((H, W, 1), np.float32)), settings, Shelf())
    assert found.clean is not None
    behind = found.clean.disparity_px[0, 39:61]
    assert torch.allclose(behind, torch.linspace(float(behind[0]), float(behind[-1]), 22), atol=2e-5)
    assert float(behind[-1] - behind[0]) != 0.0


@pytest.mark.parametrize("eye", ["left", "right"])
def test_where_it_is_the_plate_it_moves_like_the_plate(eye: Any) -> None:
    """Local Sculpt under a matte over the foreground: the background behind stays as it is beside."""
    matte = FRONT[..., None].astype(np.float32)
    frame = wavy_frame(matte=matte, clean_depth=np.zeros((H, W, 1), np.float32))
    settings = AnalysisSettings(depth="aov", z_meaning="inverse", style="wavy", shot=FIT)
    found = analyse(frame, settings, Shelf())
    prepared = prepare(frame, found, replace(HIDDEN, sculpt=3.0, hero="none"))
    clean = prepared.eye_clean_disparity(eye, 0, H, (0, W))
    rest = prepare(frame, found, replace(HIDDEN, sculpt=1.0, hero="none")).eye_clean_disparity(eye, 0, H, (0, W))
    assert clean is not None and rest is not None
    assert torch.allclose(clean, rest, atol=1e-5)


def test_continued_takes_the_nearest_of_one_side_at_the_border() -> None:
    hidden = torch.tensor([[True, True, False, True, True, False, True], [True] * 7])
    plane = torch.tensor([[9.0, 9.0, 1.0, 9.0, 9.0, 4.0, 9.0], [5.0] * 7])
    wanted = [[1.0, 1.0, 1.0, 2.0, 3.0, 4.0, 4.0], [5.0] * 7]
    assert torch.allclose(continued(plane, hidden), torch.tensor(wanted))
    assert torch.equal(continued(torch.tensor(0.3), hidden), torch.tensor(0.3))


def test_what_cannot_be_is_refused() -> None:
    layers = {"depth": IZ[..., None], "clean_depth": BEHIND[..., None]}
    with pytest.raises(DepthSourceError, match="units of the plate's Z, and mini is a network"):
        staged(HIDDEN, AnalysisSettings(depth="mini"), **layers)
    alone = wavy_frame(clean_plate=None)
    settings = AnalysisSettings(depth="aov", z_meaning="inverse", shot=FIT)
    with pytest.raises(BadInputError, match="came without one"):
        prepare(alone, analyse(alone, settings, LIBRARY), WIDE)
    whole = {"disparity": IZ[..., None], "clean_depth": np.zeros((H, W, 1), np.uint16)}
    with pytest.raises(DepthSourceError, match="clean_depth is not a float layer"):
        staged(HIDDEN, AnalysisSettings(style=GIVEN), **whole)
