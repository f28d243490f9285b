"""A clean plate: the same camera without the actor, carried by the background's disparity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from art3d_node.stereo import render_cpu, render_cuda
from art3d_node.stereo.metrics import psnr
from art3d_node.stereo.request import Request
from art3d_node.stereo.synthesis import NewView, new_view

HEIGHT, WIDTH = 80, 200


def wall(shift: Tensor | float = 0.0) -> Tensor:
    """A texture that nothing could guess, fine enough to show a pixel's error, seen ``shift`` px further right."""
    y, x = torch.meshgrid(torch.arange(float(HEIGHT)), torch.arange(float(WIDTH)), indexing="ij")
    u = x + shift
    waves = [torch.sin(u * a + y * b + c) for a, b, c in ((0.41, 0.13, 0.0), (0.23, -0.31, 1.0), (0.11, 0.47, 2.0))]
    return 0.5 + 0.15 * torch.stack([waves[0] + waves[1], waves[1] + waves[2], waves[2] + waves[0]], -1)


def cover(softness: float, shift: float = 0.0) -> Tensor:
    """An actor of some width, the outline as soft as asked, moved to the right."""
    x = torch.arange(float(WIDTH)).repeat(HEIGHT, 1) - shift
    y = torch.arange(float(HEIGHT))[:, None]
    away = torch.maximum((x - 100).abs() - 25, (y - 45).abs() - 25)
    return (0.5 - away / max(softness, 1e-3)).clamp(0, 1)


def shoot(
    far: float | Tensor, *, toward: Any = "right", softness: float = 0.0, edges: Any = "hard"
) -> tuple[NewView, Tensor]:
    """The new view with a clean plate, and what the holes hold in truth."""
    clean, front = wall(), cover(softness)
    actor = torch.tensor([0.9, 0.2, 0.1])
    plate = front[..., None] * actor + (1 - front[..., None]) * clean
    disparity = torch.where(front >= 0.5, torch.tensor(8.0), torch.as_tensor(far).expand(HEIGHT, WIDTH))
    view = new_view(plate, disparity, toward=toward, edges=edges, fill="clean-plate", clean_plate=clean)
    sign = 1.0 if toward == "right" else -1.0
    moved = cover(softness, -8.0 * sign)[..., None]
    return view, moved * actor + (1 - moved) * wall(torch.as_tensor(far) * sign)


def inner(view: NewView) -> Tensor:
    return view.occlusion & ~view.beyond_border


@pytest.mark.parametrize("toward", ["right", "left"])
@pytest.mark.parametrize("edges", ["soft", "hard"])
def test_two_planes_and_a_textured_clean_plate(toward: Any, edges: Any) -> None:
    view, truth = shoot(-12.0, toward=toward, edges=edges)
    hole = inner(view)
    assert hole.sum() > 900
    assert psnr(view.image, truth, where=hole) >= 60
    assert (view.disparity[hole] == -12.0).all()


@pytest.mark.parametrize("toward", ["right", "left"])
def test_half_a_pixel_is_interpolated(toward: Any) -> None:
    view, truth = shoot(-11.5, toward=toward)
    assert psnr(view.image, truth, where=inner(view)) >= 45


def test_a_wall_that_runs_away_goes_on_behind_the_actor() -> None:
    """Its disparity changes by 0.04 px a pixel: taken as it was beside the hole, it would be half a pixel off."""
    x = torch.arange(float(WIDTH)).repeat(HEIGHT, 1)
    far = -14.0 + 0.04 * x
    view, _ = shoot(far)
    # Sample u with disparity d(u) lands at u - d(u): u = (target - 14) / 0.96.
    source = (x - 14.0) / 0.96
    hole = inner(view) & (x < 150)
    assert (view.disparity - (-14.0 + 0.04 * source))[hole].abs().max() < 0.05
    assert psnr(view.image, wall(source - x), where=hole) >= 40


def test_behind_a_soft_outline_stands_the_clean_plate() -> None:
    with_plate, truth = shoot(-12.0, softness=5.0, edges="soft")
    front = cover(5.0)
    plate = front[..., None] * torch.tensor([0.9, 0.2, 0.1]) + (1 - front[..., None]) * wall()
    without = new_view(plate, torch.where(front >= 0.5, 8.0, -12.0))
    x = torch.arange(WIDTH).repeat(HEIGHT, 1)
    beside = (x > 112) & (x < 145)  # what the actor's right outline leaves
    rows = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
    rows[26:66] = True
    found = psnr(with_plate.image, truth, where=beside & rows)
    assert found > 40
    assert found > psnr(without.image, truth, where=beside & rows) + 6


def test_where_the_clean_plate_ends_the_background_is_continued() -> None:
    view, _ = shoot(-12.0)
    plain = new_view(torch.where(cover(0.0)[..., None] > 0, torch.tensor([0.9, 0.2, 0.1]), wall()),
                     torch.where(cover(0.0) >= 0.5, 8.0, -12.0), edges="hard")  # fmt: skip
    assert view.beyond_border[:, :12].all()
    assert torch.equal(view.image[:, :12], plain.image[:, :12])


@pytest.mark.parametrize("region", [(60, 10, 130, 60), (115, 30, 140, 40), (-20, -5, 60, 30)])
def test_a_region_is_a_crop(region: tuple[int, int, int, int]) -> None:
    generator = np.random.default_rng(4)
    disparity = torch.where(cover(0.0) > 0, 8.3, -12.2 + 0.03 * torch.arange(float(WIDTH)).repeat(HEIGHT, 1))
    plate = torch.from_numpy(generator.random((HEIGHT, WIDTH, 4), np.float32))
    options: dict[str, Any] = {"fill": "clean-plate", "clean_plate": plate.flip(0), "alpha": 3}
    whole = new_view(plate, disparity, region=(-30, -10, 240, 90), **options)
    x0, y0, x1, y1 = region
    part = new_view(plate, disparity, region=region, **options)
    cut = slice(y0 + 10, y1 + 10), slice(x0 + 30, x1 + 30)
    for name in ("image", "disparity", "occlusion"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[cut]), name


def test_the_gpus_kernels_lay_it_alike() -> None:
    plate = torch.rand(20, 60, 3, generator=torch.Generator().manual_seed(1))
    disparity = torch.full((20, 60), -3.3)
    disparity[5:15, 20:35] = 4.6
    request = Request(1.0, (0, 0, 60, 20), -1, True, True, None, plate.flip(1).contiguous())
    one, other = (module.render(plate, None, disparity, request) for module in (render_cpu, render_cuda))
    assert torch.equal(one.image, other.image) and torch.equal(one.disparity, other.disparity)
