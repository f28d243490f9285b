"""Ramps of disparity that a view would tear are made hard, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from art3d_node.stereo import ramps
from art3d_node.stereo.ramps import Part, reach_px
from art3d_node.stereo.synthesis import new_view

WIDTH = 200
EVERYTHING = (slice(0, 3), slice(0, WIDTH))


def resolve_ramps(d: Tensor, toward: str, at: Part, *, width_px: int) -> Tensor:
    """That part, made hard."""
    out = torch.full_like(d, 7777.0)
    ramps.resolve_ramps(d, toward, at, out, width_px=width_px)  # type: ignore[arg-type]
    untouched = torch.ones_like(d, dtype=torch.bool)
    untouched[at] = False
    assert bool((out[untouched] == 7777.0).all())
    return out[at]


def ramp(width: int, height: float = 24.0) -> Tensor:
    """Near on the left, far on the right, and a straight ramp of ``width`` steps between them, in three rows."""
    x = torch.arange(WIDTH, dtype=torch.float32)
    return (height - 4.0 - height * ((x - 80) / width).clamp(0, 1)).repeat(3, 1)


def test_a_ramp_becomes_a_step_and_the_near_surface_keeps_most_of_it() -> None:
    hard = resolve_ramps(ramp(6), "right", EVERYTHING, width_px=WIDTH)
    assert hard[1].unique().tolist() == [-4.0, 20.0]
    assert int((hard[1] < 0).float().argmax()) == 85
    mirrored = resolve_ramps(ramp(6).flip(1), "left", EVERYTHING, width_px=WIDTH)
    assert torch.equal(mirrored.flip(1), hard)


@pytest.mark.parametrize(
    ("d", "toward"),
    [
        (ramp(6), "left"),  # folds there, and hides itself
        (ramp(1), "right"),  # a step already
        (ramp(80), "right"),  # a slope of a third of a pixel a pixel
        (ramp(6, 5.5), "right"),  # no step wider than a pixel: stretched, not torn
        (ramp(reach_px(WIDTH) + 1, 60.0), "right"),  # too wide
    ],
)
def test_what_is_no_torn_ramp_stays(d: Tensor, toward: str) -> None:
    assert torch.equal(resolve_ramps(d, toward, EVERYTHING, width_px=WIDTH), d)


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.float32, (3, 60), elements=st.sampled_from([-9.0, -3.0, 0.0, 0.7, 1.4, 2.6, 4.0, 9.5, np.nan, np.inf])),
    st.integers(0, 59),
    st.integers(1, 60),
    st.sampled_from(["left", "right"]),
)
def test_a_part_is_a_crop_and_every_value_is_one_of_its_row(
    values: np.ndarray, first: int, size: int, eye: str
) -> None:
    d, width = torch.from_numpy(values), 100
    whole = resolve_ramps(d, eye, (slice(0, 3), slice(0, 60)), width_px=width).numpy()
    assert np.array_equal(np.isnan(whole), np.isnan(values))
    for row, made in zip(values, whole, strict=True):
        assert set(made[~np.isnan(made)]) <= set(row[~np.isnan(row)])
    at, margin = slice(first, min(first + size, 60)), reach_px(width) + 2
    near = torch.full_like(d, 5.0)
    seen = slice(max(at.start - margin, 0), at.stop + margin)
    near[:, seen] = d[:, seen]
    part = resolve_ramps(near, eye, (slice(1, 3), at), width_px=width).numpy()
    assert np.array_equal(part, whole[1:3, at], equal_nan=True)


def test_an_outline_no_longer_frays() -> None:
    """A striped object whose depth ends in a ramp leaves no scattered pixels of itself on what is behind it."""
    d = ramp(6)
    image = torch.where(d > -3.9, 0.8, 0.1)[..., None].repeat(1, 1, 3)
    image[:, 86:] += 0.2 * (torch.arange(WIDTH - 86) % 2)[:, None]  # so that the holes between are not filled white
    maps = (d, resolve_ramps(d, "right", EVERYTHING, width_px=WIDTH))
    frayed, clean = (new_view(image, part, fill="none", edges="hard").occlusion[1] for part in maps)
    assert int((clean[1:] != clean[:-1]).sum()) == 2  # one hole inside, one at the border
    assert int((frayed[1:] != frayed[:-1]).sum()) > 6
