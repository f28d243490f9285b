"""Depth that came with the plate: every way renderers write Z."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from art3d_node.models.aov import AovDepth
from art3d_node.models.depth_net import SourceInput

LOOK = torch.zeros(0, 0, 3, dtype=torch.uint8)


def _inverse(z: Tensor, alpha: Tensor | None = None, meaning: str = "distance") -> Tensor:
    seen = SourceInput(look=LOOK, aspect=z.shape[1] / z.shape[0], z=z, alpha=alpha, z_meaning=meaning)
    return AovDepth().estimate(seen).inverse_depth


def _scene(*, background: float = 20.0) -> Tensor:
    """A wall and, in front of it, a square."""
    z = torch.full((20, 24), background)
    z[6:14, 8:16] = 4.0
    return z


def test_smoke() -> None:
    assert _inverse(_scene()).shape == (20, 24)


def test_a_plate_without_z_is_refused() -> None:
    with pytest.raises(ValueError, match="no depth channel"):
        AovDepth().estimate(SourceInput(look=LOOK, aspect=1.0))


def test_a_z_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="no usable value"):
        _inverse(torch.full((4, 4), math.nan))


def test_convention_distance_grows_away_from_the_lens() -> None:
    inverse = _inverse(_scene(), meaning="distance")
    assert float(inverse[10, 12]) == 0.25
    assert float(inverse[0, 0]) == pytest.approx(0.05)


def test_convention_inverse_grows_toward_the_lens() -> None:
    z = 1.0 / _scene()
    assert torch.equal(_inverse(z, meaning="inverse"), z)


@pytest.mark.parametrize("far", [math.inf, 1e10, 1e30, 0.0])
def test_every_spelling_of_nothing_is_infinitely_far(far: float) -> None:
    inverse = _inverse(_scene(background=far))
    assert float(inverse[0, 0]) == 0.0
    assert float(inverse[10, 12]) == 0.25


def test_camera_space_z_counts_by_its_size() -> None:
    assert torch.equal(_inverse(-_scene()), _inverse(_scene()))


def test_nan_takes_its_neighbours_depth() -> None:
    z = _scene()
    z[10, 12] = math.nan
    z[0] = math.nan
    assert torch.equal(_inverse(z), _inverse(_scene()))


def test_convention_pictures_of_depth_keep_sign_and_offset() -> None:
    z = torch.linspace(-0.2, 1.1, 24).expand(20, 24).contiguous()
    assert torch.equal(_inverse(z, meaning="near-is-white"), z)
    assert torch.equal(_inverse(z, meaning="far-is-white"), -z)


def test_a_meaning_that_nobody_settled_is_refused() -> None:
    with pytest.raises(ValueError, match="auto"):
        _inverse(_scene(), meaning="auto")


def test_premultiplied_outlines_lie_on_the_object() -> None:
    z = _scene(background=0.0)
    alpha = (z > 0).float()
    z[6:14, 7], alpha[6:14, 7] = 2.0, 0.5
    inverse = _inverse(z, alpha)
    assert set(inverse.flatten().tolist()) == {0.0, 0.25}
    assert bool((inverse[6:14, 7] == 0.25).all())


@pytest.mark.parametrize("background", [20.0, 1e10])
def test_filtered_outlines_lie_on_one_of_two_surfaces(background: float) -> None:
    z = _scene(background=background)
    z[6:14, 7] = 0.5 * (4.0 + background)
    far = 0.0 if background == 1e10 else torch.tensor(1.0 / 20.0).item()
    assert set(_inverse(z).flatten().tolist()) == {far, 0.25}


def test_the_model_id_says_how_z_was_read() -> None:
    seen = SourceInput(look=LOOK, aspect=1.2, z=_scene(), z_meaning="inverse")
    assert AovDepth().estimate(seen).model_id == "aov:inverse"


@pytest.mark.parametrize("meaning", ["distance", "inverse", "near-is-white"])
def test_one_negative_value_marks_nothing(meaning: str) -> None:
    z = _scene() if meaning == "distance" else 1.0 / _scene()
    z[:4] = -1.0
    inverse = _inverse(z, meaning=meaning)
    assert float(inverse[0, 0]) == float(inverse.min()) < float(inverse[10, 12])
    assert float(inverse[10, 12]) == 0.25


def test_an_outline_that_was_filtered_with_nothing_does_not_fly() -> None:
    z = _scene(background=0.0)
    z[6:14, 7], z[6:14, 16] = 0.3 * 4.0, 0.7 * 4.0
    inverse = _inverse(z)
    assert set(inverse.flatten().tolist()) == {0.0, 0.25}
    assert (float(inverse[10, 7]), float(inverse[10, 16])) == (0.0, 0.25)


def test_no_value_where_nothing_is_shown_is_far() -> None:
    z = _scene(background=math.nan)
    alpha = torch.isfinite(z).float()
    assert float(_inverse(z, alpha)[10, 0]) == 0.0
    assert float(_inverse(z, torch.zeros_like(z))[10, 0]) == 0.25
