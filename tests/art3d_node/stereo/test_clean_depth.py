"""A clean plate that comes with its own disparity: holes hold what really stands behind, whatever its shape."""

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
from tests.art3d_node.staged import carried

HEIGHT, WIDTH = 40, 200
ACTOR = torch.tensor([0.9, 0.2, 0.1])
X = torch.arange(float(WIDTH)).repeat(HEIGHT, 1)
FRONT = ((X >= 75) & (X < 125))[..., None]
GROUNDS = {
    # Mirrored for the other eye; the step lies behind the actor, and on both sides of it the disparity is flat.
    "step": torch.where(X < 119, -12.0, -4.0),
    "box": torch.where((X > 113) & (X < 120), -5.0, -12.0),
}


def wall(x: Tensor) -> Tensor:
    """A texture that nothing could guess, read at the columns ``x``."""
    y = torch.arange(float(x.shape[0]))[:, None]
    waves = [torch.sin(x * a + y * b + c) for a, b, c in ((0.41, 0.13, 0.0), (0.23, -0.31, 1.0), (0.11, 0.47, 2.0))]
    return 0.5 + 0.15 * torch.stack([waves[0] + waves[1], waves[1] + waves[2], waves[2] + waves[0]], -1)


def moved(ground: Tensor, sign: int) -> tuple[Tensor, Tensor]:
    truth, nearest = carried(wall(X).numpy(), ground.numpy(), sign)
    return torch.from_numpy(truth), torch.from_numpy(nearest)


def shoot(ground: Tensor, *, toward: Any = "right", own: Any = True, **options: Any) -> NewView:
    """An actor 8 px before the screen, in front of that ground."""
    clean = wall(X)
    plate = torch.where(FRONT, ACTOR, clean)
    disparity = torch.where(FRONT[..., 0], 8.0, ground)
    behind: dict[str, Any] = {"clean_disparity": ground} if own else {}
    return new_view(plate, disparity, toward=toward, fill="clean-plate", clean_plate=clean, **behind, **options)


def inner(view: NewView) -> Tensor:
    return view.occlusion & ~view.beyond_border


@pytest.mark.parametrize("toward", ["right", "left"])
@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("shape", list(GROUNDS))
def test_holes_show_the_shape_behind_the_actor(shape: str, toward: Any, edges: Any) -> None:
    ground = GROUNDS[shape] if toward == "right" else GROUNDS[shape].flip(1)
    truth, nearest = moved(ground, 1 if toward == "right" else -1)
    view = shoot(ground, toward=toward, edges=edges)
    shown = inner(view) & torch.isfinite(nearest)
    assert shown.sum() >= 10 * HEIGHT
    assert psnr(view.image, truth, where=shown) >= 60
    assert torch.equal(view.disparity[shown], nearest[shown])
    guessed = shoot(ground, toward=toward, edges=edges, own=False)
    assert psnr(guessed.image, truth, where=shown) < 25


def test_a_wall_that_folds_behind_the_actor() -> None:
    """Its crease is hidden: what borders the hole says nothing of the slope that the hole shows."""
    ground = -14.0 + 0.12 * (X - 112.0).abs()
    view = shoot(ground, edges="hard")
    # Left of the crease u lands at u - d(u) = 1.12 u + 0.56, right of it at 0.88 u + 27.44.
    source = torch.where(X < 126.0, (X - 0.56) / 1.12, (X - 27.44) / 0.88)
    shown = inner(view) & (X > 117) & ((X - 126.0).abs() > 2)
    assert shown.sum() > 5 * HEIGHT
    assert psnr(view.image, wall(source), where=shown) >= 45
    assert psnr(shoot(ground, edges="hard", own=False).image, wall(source), where=shown) < 40


def test_where_the_clean_plate_leaves_a_hole_the_background_goes_on() -> None:
    """A step that opens: between its sides the clean plate's own view has nothing."""
    ground = torch.where(X < 115, -4.0, -12.0)
    view, guessed = shoot(ground, edges="hard"), shoot(ground, edges="hard", own=False)
    _, nearest = moved(ground, 1)
    bare = inner(view) & torch.isinf(nearest)
    assert bare.sum() == 8 * HEIGHT
    assert torch.equal(view.image[bare], guessed.image[bare])


def test_a_value_that_is_not_finite_is_nowhere() -> None:
    ground = torch.full((HEIGHT, WIDTH), -12.0)
    torn = ground.clone()
    torn[10:20, 105:112] = torch.nan
    clean = wall(X)
    plate = torch.where(FRONT, ACTOR, clean)
    disparity = torch.where(FRONT[..., 0], 8.0, ground)
    view = new_view(plate, disparity, fill="clean-plate", clean_plate=clean, clean_disparity=torn)
    assert torch.isfinite(view.image).all()
    assert psnr(view.image, wall(X - 12.0), where=inner(view)) >= 60  # flat background: its disparity goes on


@pytest.mark.parametrize("region", [(60, 10, 130, 30), (115, 30, 140, 40), (-20, -5, 60, 30)])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("times", [1.0, 9.0])  # the clean plate's pixels may come from much further than the plate's
def test_a_region_is_a_crop(region: tuple[int, int, int, int], known: bool, times: float) -> None:
    generator = np.random.default_rng(4)
    clean = torch.from_numpy(generator.random((HEIGHT, WIDTH, 4), np.float32))
    ground = torch.from_numpy(generator.uniform(-12, 2, (HEIGHT, 1)).astype(np.float32)) - 0.05 * (X - 90.0).abs()
    disparity = torch.where(FRONT[..., 0], 8.3, ground)
    own = times * ground
    options: dict[str, Any] = {"fill": "clean-plate", "clean_plate": clean, "clean_disparity": own, "alpha": 3}
    if known:
        options["disparity_range"] = (-170.0, 20.0)
    whole = new_view(clean.flip(0), disparity, region=(-30, -10, 240, 50), **options)
    x0, y0, x1, y1 = region
    part = new_view(clean.flip(0), disparity, region=region, **options)
    cut = slice(y0 + 10, y1 + 10), slice(x0 + 30, x1 + 30)
    for name in ("image", "disparity", "occlusion"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[cut]), name


@pytest.mark.parametrize("region", [(0, 0, 200, 40), (70, 12, 150, 30)])
def test_the_gpus_kernels_lay_it_alike(region: tuple[int, int, int, int]) -> None:
    clean = torch.rand(HEIGHT, WIDTH, 3, generator=torch.Generator().manual_seed(1))
    ground = torch.where(X < 116, -9.3, -4.1)
    disparity = torch.where(FRONT[..., 0], 7.6, ground)
    plate = torch.where(FRONT, ACTOR, clean)
    request = Request(1.0, region, -1, True, True, None, clean, ground)
    one, other = (module.render(plate, None, disparity, request) for module in (render_cpu, render_cuda))
    assert torch.equal(one.image, other.image) and torch.equal(one.disparity, other.disparity)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clean_plate": None, "fill": "background"}, "there is no clean_plate"),
        ({"clean_disparity": torch.zeros(HEIGHT, WIDTH - 1)}, "clean_disparity is"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], message: str) -> None:
    given = {"fill": "clean-plate", "clean_plate": wall(X), "clean_disparity": GROUNDS["step"]}
    with pytest.raises(ValueError, match=message):
        new_view(wall(X), GROUNDS["step"], **{**given, **options})
