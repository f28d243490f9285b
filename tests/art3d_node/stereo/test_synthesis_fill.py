"""Holes: exactly which pixels, always filled, never with foreground, steady."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from art3d_node.stereo.synthesis import new_view


def stage(width: int = 120, height: int = 60, *, near: float = 14.0, far: float = -6.0) -> tuple[Tensor, Tensor]:
    """A red square in front of a background that varies only from top to bottom."""
    image = torch.zeros(height, width, 3)
    image[..., 1] = torch.linspace(0.2, 0.8, height)[:, None]
    disparity = torch.full((height, width), far)
    image[15:45, 40:70] = torch.tensor([1.0, 0.0, 0.0])
    disparity[15:45, 40:70] = near
    return image, disparity


@pytest.mark.parametrize("toward", ["right", "left"])
def test_mask_is_the_uncovered_background(toward: Any) -> None:
    image, disparity = stage()
    view = new_view(image, disparity, toward=toward, edges="hard", fill="none")
    expected = torch.zeros(60, 120, dtype=torch.bool)
    if toward == "right":
        expected[15:45, 56:76] = True
        expected[:, :6] = True
    else:
        expected[15:45, 34:54] = True
        expected[:, 114:] = True
    assert torch.equal(view.occlusion, expected)
    assert torch.equal(view.beyond_border, expected & (torch.arange(120) % 114 < 6))


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("toward", ["right", "left"])
def test_no_foreground_is_pulled_in(edges: Any, toward: Any) -> None:
    view = new_view(*stage(), toward=toward, edges=edges)
    assert view.image[..., 0][view.occlusion].max() < 1e-3
    assert (view.disparity[view.occlusion] == -6.0).all()


def test_fill_continues_the_background() -> None:
    view = new_view(*stage(), edges="hard")
    truth = torch.linspace(0.2, 0.8, 60)[:, None].expand(60, 120)
    assert (view.image[..., 1] - truth)[view.occlusion].abs().max() < 0.12


@pytest.mark.parametrize("near", [3.0, 30.0, 100.0, 119.0])
def test_every_hole_is_filled_at_any_width(near: float) -> None:
    image, disparity = stage(near=near)
    view = new_view(image + 1.0, disparity)
    assert view.image.min() >= 0.99


def test_fill_is_steady_under_small_changes_of_disparity() -> None:
    image, disparity = stage()
    image += 0.05 * torch.rand(image.shape, generator=torch.Generator().manual_seed(3))
    one = new_view(image, disparity, edges="hard")
    other = new_view(image, disparity + 0.01, edges="hard")
    both = one.occlusion & other.occlusion
    assert both.sum() > 0.9 * one.occlusion.sum()
    assert (one.image - other.image)[both].abs().max() < 0.02


def test_extra_layers_keep_values_that_exist() -> None:
    image, disparity = stage()
    ids = torch.where(disparity > 0, 7.0, 3.0)[..., None]
    view = new_view(image, disparity, data=ids, edges="hard")
    assert view.data is not None
    assert set(view.data.unique().tolist()) == {3.0, 7.0}
    assert (view.data[view.occlusion] == 3.0).all()


def test_bad_value_beside_a_hole_does_not_spread() -> None:
    image, disparity = stage()
    image[30, 70] = float("nan")
    view = new_view(image, disparity, edges="hard")
    assert int((~view.image[..., 0].isfinite()).sum()) == 1


@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("toward", ["right", "left"])
@pytest.mark.parametrize("gap", [1, 3, 8])
def test_gap_that_closes_shows_background_not_foreground(edges: Any, toward: Any, gap: int) -> None:
    """Between two bars nearer together than the parallax, the hole has foreground on both sides."""
    image, disparity = torch.zeros(40, 100, 3), torch.full((40, 100), -6.0)
    image[..., 1] = 0.5
    for bar in (slice(40, 55), slice(55 + gap, 70 + gap)):
        image[:, bar], disparity[:, bar] = torch.tensor([1.0, 0.0, 0.0]), 14.0
    view = new_view(image, disparity, toward=toward, edges=edges)
    assert view.image[..., 0][view.occlusion].max() < 1e-3
    assert (view.disparity[view.occlusion] == -6.0).all()


@pytest.mark.parametrize("toward", ["right", "left"])
def test_hole_of_a_thin_object_is_filled_from_both_of_its_sides(toward: Any) -> None:
    image, disparity = torch.zeros(40, 100, 3), torch.zeros(40, 100)
    image[:, :50, 1], image[:, 50:, 1] = 0.2, 0.8
    image[:, 47:53], disparity[:, 47:53] = torch.tensor([1.0, 0.0, 0.0]), 3.0
    view = new_view(image, disparity, toward=toward, edges="hard")
    hole = view.image[view.occlusion]
    assert hole.shape[0] == 3 * 40
    assert hole[:, 0].max() == 0
    assert hole[:, 1].min() > 0.21 and hole[:, 1].max() < 0.79
