"""The new view: identities, order of surfaces, regions, bad input."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from art3d_node.stereo.synthesis import NewView, new_view


def plate(height: int = 24, width: int = 40, channels: int = 4, seed: int = 0) -> Tensor:
    return torch.rand(height, width, channels, generator=torch.Generator().manual_seed(seed))


def layered(height: int = 24, width: int = 40) -> Tensor:
    """A slanted background, a square in front, a thin line in front of both."""
    disparity = torch.linspace(-3.0, -2.0, width).repeat(height, 1)
    disparity[6:18, 12:24] = 4.3
    disparity[:, 30] = 2.6
    return disparity


def same(one: NewView, other: NewView) -> bool:
    names = ("image", "data", "disparity", "occlusion", "beyond_border")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return all(a is b is None or torch.equal(a, b) for a, b in pairs)


def crop(view: NewView, x0: int, y0: int, x1: int, y1: int) -> NewView:
    part = (slice(y0, y1), slice(x0, x1))
    data = None if view.data is None else view.data[part]
    return NewView(view.image[part], data, view.disparity[part], view.occlusion[part], view.beyond_border[part])


def test_smoke() -> None:
    view = new_view(plate(), layered())
    assert view.image.shape == (24, 40, 4)
    assert view.data is None
    assert view.image.isfinite().all()
    assert view.occlusion.any()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"image": torch.zeros(4, 5, 3, dtype=torch.int32)}, TypeError),
        ({"image": torch.zeros(4, 5)}, ValueError),
        ({"image": torch.zeros(0, 5, 3)}, ValueError),
        ({"disparity": torch.zeros(4, 6)}, ValueError),
        ({"data": torch.zeros(4, 6, 1)}, ValueError),
        ({"alpha": 3}, ValueError),
        ({"toward": "up"}, ValueError),
        ({"edges": "blurred"}, ValueError),
        ({"fill": "magic"}, ValueError),
        ({"fill": "clean-plate"}, ValueError),
        ({"fill": "clean-plate", "clean_plate": torch.zeros(4, 4, 3)}, ValueError),
        ({"clean_plate": torch.zeros(4, 5, 3)}, ValueError),
        ({"region": (3, 0, 2, 4)}, ValueError),
        ({"region": (0.5, 0, 4, 4)}, ValueError),
        ({"region": (0, 0, 4)}, ValueError),
        ({"region": (0, 0, 10**9, 10**9)}, ValueError),
        ({"region": (10**12, 0, 10**12 + 1, 1)}, ValueError),
        ({"disparity_range": (1, -1)}, ValueError),
        ({"disparity_range": (float("nan"), 1)}, ValueError),
        ({"disparity_range": (-1, 0, 1)}, ValueError),
        ({"alpha": 1.5}, TypeError),
        ({"disparity": None}, TypeError),
        ({"image": [[0.0]]}, TypeError),
    ],
)
def test_refuses(changes: dict[str, Any], error: type[Exception]) -> None:
    arguments: dict[str, Any] = {"image": torch.zeros(4, 5, 3), "disparity": torch.zeros(4, 5)}
    with pytest.raises(error):
        new_view(**(arguments | changes))


def test_zero_size_region_is_empty() -> None:
    view = new_view(plate(), layered(), region=(5, 5, 5, 9), data=plate(channels=1))
    assert view.image.shape == (4, 0, 4)
    assert view.data is not None and view.data.shape == (4, 0, 1)
    assert new_view(plate(), layered(), region=(5, 5, 9, 5)).image.shape == (0, 4, 4)


@pytest.mark.parametrize("toward", ["right", "left"])
@pytest.mark.parametrize("edges", ["soft", "hard"])
def test_zero_disparity_is_the_identity(toward: Any, edges: Any) -> None:
    image = plate() * 41.0 - 0.5
    image[0, 0] = -0.0
    image[3, 3, 1] = float("nan")
    image[4, 4, 2] = float("inf")
    view = new_view(image, torch.zeros(24, 40), toward=toward, edges=edges, alpha=3)
    assert torch.equal(view.image.view(torch.int32), image.view(torch.int32))
    assert not view.occlusion.any()


@pytest.mark.parametrize("shift", [-5, 7])
@pytest.mark.parametrize("edges", ["soft", "hard"])
def test_constant_whole_disparity_is_a_shift(shift: int, edges: Any) -> None:
    image = plate()
    view = new_view(image, torch.full((24, 40), float(shift)), edges=edges, fill="none")
    seen = torch.roll(image, -shift, dims=1)
    hidden = torch.zeros(24, 40, dtype=torch.bool)
    hidden[:, (slice(40 - shift, 40) if shift > 0 else slice(0, -shift))] = True
    assert torch.equal(view.occlusion, hidden)
    assert torch.equal(view.beyond_border, hidden)
    assert torch.equal(view.image[~hidden], seen[~hidden])
    assert (view.image[hidden] == 0).all()


def test_convention_positive_disparity_pops_out() -> None:
    """A near dot moves left in the right eye and right in the left eye."""
    image, disparity = torch.zeros(5, 20, 1), torch.zeros(5, 20)
    image[2, 10], disparity[2, 10] = 1.0, 4.0
    assert new_view(image, disparity, toward="right", edges="hard").image[2, 6] == 1.0
    assert new_view(image, disparity, toward="left", edges="hard").image[2, 14] == 1.0


@pytest.mark.parametrize("toward", ["right", "left"])
def test_nearest_surface_wins(toward: Any) -> None:
    image, disparity = torch.zeros(1, 30, 1), torch.full((1, 30), -4.0)
    disparity[0, 10:20] = 3.0
    image[0, 10:20] = 1.0
    view = new_view(image, disparity, toward=toward, edges="hard", fill="none")
    start = 7 if toward == "right" else 13
    assert (view.image[0, start : start + 10] == 1.0).all()
    assert (view.disparity[0, start : start + 10] == 3.0).all()


def test_half_a_pixel_of_a_straight_ramp_is_exact() -> None:
    image = torch.arange(40.0).repeat(3, 1)[..., None]
    view = new_view(image, torch.full((3, 40), 1.5), edges="hard")
    assert torch.allclose(view.image[:, :38, 0], torch.arange(38.0) + 1.5, atol=1e-5)


def test_slanted_surface_opens_no_hole() -> None:
    disparity = torch.linspace(-12.0, 12.0, 40).repeat(3, 1)
    view = new_view(plate(3), disparity, edges="hard", fill="none")
    assert torch.equal(view.occlusion, view.beyond_border)


def test_extreme_values_survive() -> None:
    image = torch.full((6, 20, 3), -0.5)
    image[:, 10:] = 40.0
    disparity = torch.full((6, 20), 0.0)
    disparity[:, 10:] = 2.0
    view = new_view(image, disparity, edges="hard")
    assert set(view.image[~view.occlusion].unique().tolist()) == {-0.5, 40.0}
    assert view.image.min() > -0.501 and view.image.max() < 40.001


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("edges", ["soft", "hard"])
def test_value_that_is_not_finite_stays_in_its_pixel(bad: float, edges: Any) -> None:
    image, disparity = plate(), layered() + 0.3
    image[2, 3] = image[10, 15] = image[12, 29] = bad
    view = new_view(image, disparity, edges=edges)
    assert 1 <= int((~view.image[..., 0].isfinite()).sum()) <= 6
    spread = (~view.image[..., 0].isfinite()).sum(dim=1)
    assert int(spread.max()) <= 2


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_sample_without_disparity_is_nowhere(bad: float) -> None:
    image, disparity = plate(), torch.zeros(24, 40)
    disparity[5, 8] = bad
    view = new_view(image, disparity, edges="hard")
    expected = torch.zeros(24, 40, dtype=torch.bool)
    expected[5, 8] = True
    assert torch.equal(view.occlusion, expected)
    assert torch.equal(view.image[~expected], image[~expected])
    assert view.image.isfinite().all() and view.disparity.isfinite().all()


def test_no_disparity_at_all_is_all_hole() -> None:
    view = new_view(plate(), torch.full((24, 40), float("nan")))
    assert view.occlusion.all() and view.beyond_border.all()
    assert (view.image == 0).all() and (view.disparity == 0).all()


@pytest.mark.parametrize("value", [1e3, -1e3, 1e9, -1e9, 3e38])
def test_disparity_wider_than_the_frame(value: float) -> None:
    disparity = layered()
    disparity[:, 20] = value
    view = new_view(plate(), disparity)
    assert view.image.isfinite().all()
    assert view.image.shape == (24, 40, 4)


@pytest.mark.parametrize("toward", ["right", "left"])
@pytest.mark.parametrize("edges", ["soft", "hard"])
@pytest.mark.parametrize("region", [(3, 2, 17, 9), (0, 0, 40, 24), (-9, -4, 12, 30), (33, 11, 52, 12), (90, 3, 95, 6)])
def test_region_is_a_crop(toward: Any, edges: Any, region: tuple[int, int, int, int]) -> None:
    image, disparity, data = plate(), layered(), plate(channels=2, seed=1)
    disparity[9, 17] = float("nan")
    options: dict[str, Any] = {"toward": toward, "edges": edges, "data": data, "alpha": 3}
    whole = new_view(image, disparity, region=(-20, -10, 120, 50), **options)
    x0, y0, x1, y1 = region
    part = new_view(image, disparity, region=region, **options)
    assert same(part, crop(whole, x0 + 20, y0 + 10, x1 + 20, y1 + 10))
    loose = new_view(image, disparity, region=region, disparity_range=(-30.0, 30.0), **options)
    assert same(part, loose)


def test_extra_layers_and_alpha_do_not_overshoot() -> None:
    matte = torch.zeros(4, 40, 1)
    matte[:, 20:] = 1.0
    image = matte.repeat(1, 1, 4)
    view = new_view(image, torch.full((4, 40), 0.4), data=matte, alpha=3, edges="hard")
    assert view.data is not None
    assert view.data.min() >= 0 and view.data.max() <= 1
    assert view.image[..., 3].min() >= 0 and view.image[..., 3].max() <= 1
    assert view.image[..., 0].max() > 1


def test_half_precision_comes_back_as_half() -> None:
    image = plate().half()
    view = new_view(image, torch.zeros(24, 40), data=plate(channels=1).half())
    assert view.image.dtype == torch.float16 and torch.equal(view.image, image)
    assert view.data is not None and view.data.dtype == torch.float16
    assert view.disparity.dtype == torch.float32


def test_occlusion_is_no_alpha() -> None:
    image, disparity = plate(), layered()
    plain, view = (new_view(image, disparity, alpha=3, occlusion_to_alpha=mark) for mark in (False, True))
    assert view.occlusion.any() and bool((view.image[..., 3][view.occlusion] == 0).all())
    assert torch.equal(view.image[~view.occlusion], plain.image[~view.occlusion])
    assert torch.equal(view.image[..., :3], plain.image[..., :3])
    appended = new_view(image[..., :3].contiguous(), disparity, occlusion_to_alpha=True)
    assert torch.equal(appended.image[..., 3], (~appended.occlusion).float())


def test_clean_plate_shows_in_holes_only() -> None:
    image, disparity = plate(), layered()
    clean = torch.full_like(image, 7.0)
    view = new_view(image, disparity, fill="clean-plate", clean_plate=clean, edges="hard", region=(-5, 0, 40, 24))
    filled = new_view(image, disparity, edges="hard", region=(-5, 0, 40, 24))
    inside = view.occlusion & ~view.beyond_border  # beyond the border the clean plate has nothing either
    assert inside.any()
    assert (view.image[inside] - 7.0).abs().max() < 1e-5
    assert torch.equal(view.image[~inside], filled.image[~inside])


def test_input_is_left_alone() -> None:
    image, disparity = plate(), layered()
    before = image.clone(), disparity.clone()
    new_view(image, disparity, alpha=3, occlusion_to_alpha=True)
    assert torch.equal(image, before[0]) and torch.equal(disparity, before[1])


def test_order_of_surfaces_is_the_same_at_any_resolution() -> None:
    """Away from outlines, which a pixel grid rounds, both sizes show the same surface."""
    disparity = layered()
    small = new_view(plate(), disparity, edges="hard")
    tall = disparity.repeat_interleave(2, 0).repeat_interleave(2, 1) * 2
    large = new_view(plate(48, 80), tall, edges="hard")
    front_small, front_large = small.disparity > 1, large.disparity[::2, ::2] > 2
    steady = (front_small[:, 1:-1] == front_small[:, :-2]) & (front_small[:, 1:-1] == front_small[:, 2:])
    assert steady.float().mean() > 0.8
    assert torch.equal(front_small[:, 1:-1][steady], front_large[:, 1:-1][steady])


def test_unfilled_rows_outside_the_plate_are_empty() -> None:
    view = new_view(plate(), layered(), region=(0, -3, 40, 27), fill="none", data=plate(channels=1))
    assert view.data is not None
    assert view.occlusion[:3].all() and view.occlusion[-3:].all()
    for layer in (view.image.sum(-1), view.data.sum(-1), view.disparity):
        assert (layer[view.occlusion] == 0).all()
