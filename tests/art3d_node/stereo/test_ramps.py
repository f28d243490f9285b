"""Ramps of disparity that a view would tear are made hard, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from art3d_node.stereo import ramps
from art3d_node.stereo.ramps import Part, reach_px, rows_px
from art3d_node.stereo.synthesis import new_view
from art3d_node.stereo.upsample import guided_upsample

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
    arrays(np.float32, (24, 60), elements=st.sampled_from([-9.0, -3.0, 0.0, 0.7, 1.4, 2.6, 4.0, 9.5, np.nan, np.inf])),
    st.tuples(st.integers(0, 23), st.integers(0, 59)),
    st.tuples(st.integers(1, 24), st.integers(1, 60)),
    st.sampled_from(["left", "right"]),
    st.booleans(),
)
def test_a_part_is_a_crop_and_no_value_is_made_up(
    values: np.ndarray, first: tuple[int, int], size: tuple[int, int], eye: str, are_ramps: bool
) -> None:
    if are_ramps:  # they are rare among independent pixels
        values = np.sort(np.nan_to_num(values, posinf=0.0), axis=0)
    d, width = torch.from_numpy(values), 400
    whole = resolve_ramps(d, eye, (slice(0, 24), slice(0, 60)), width_px=width).numpy()
    assert np.array_equal(np.isnan(whole), np.isnan(values))
    assert set(whole[~np.isnan(whole)]) <= set(values[~np.isnan(values)])
    at = tuple(slice(a, min(a + n, end)) for a, n, end in zip(first, size, d.shape, strict=True))
    seen = tuple(
        slice(max(part.start - margin - 2, 0), part.stop + margin + 2)
        for part, margin in zip(at, (rows_px(width), reach_px(width)), strict=True)
    )
    near = torch.full_like(d, 5.0)
    near[seen] = d[seen]
    part = resolve_ramps(near, eye, (at[0], at[1]), width_px=width).numpy()
    assert np.array_equal(part, whole[at], equal_nan=True)


def across(steps: int, height: float = 24.0) -> Tensor:
    """Far above, near below, and a straight ramp of that many rows between them."""
    y = torch.arange(60, dtype=torch.float32)
    return (height * ((y - 20) / steps).clamp(0, 1) - 4.0)[:, None].repeat(1, WIDTH)


@pytest.mark.parametrize("toward", ["left", "right"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_ramp_across_rows_becomes_a_step_for_either_eye(toward: str, turned: bool) -> None:
    d = across(6).flip(0) if turned else across(6)
    made = resolve_ramps(d, toward, (slice(0, 60), slice(0, WIDTH)), width_px=800)
    hard = made.flip(0) if turned else made
    assert torch.equal(hard, torch.where(torch.arange(60)[:, None] < 22, -4.0, 20.0).repeat(1, WIDTH))


def test_a_level_row_in_a_ramp_across_rows_does_not_end_it() -> None:
    d = across(6)
    d[23] = d[22] + 0.2
    made = resolve_ramps(d, "right", (slice(0, 60), slice(0, WIDTH)), width_px=800)
    assert made.unique().tolist() == [-4.0, 20.0]


@pytest.mark.parametrize("d", [across(rows_px(800) + 1, 60.0), across(60), across(6, 5.5)])
def test_what_is_no_torn_ramp_across_rows_stays(d: Tensor) -> None:
    assert torch.equal(resolve_ramps(d, "right", (slice(0, 60), slice(0, WIDTH)), width_px=800), d)


@pytest.mark.parametrize("degrees", [6, 10, 20, 50, 60])
def test_no_specks_on_a_slanted_outline(degrees: float) -> None:
    """A bright shoulder before a dark wall, so far off level; its depth is a network's, small and blurred."""
    height, width, fine = 120, 320, 4
    y, x = ((np.mgrid[: height * fine, : width * fine] + 0.5) / fine - 0.5).astype(np.float32)
    below = (y - 60 > np.tan(np.deg2rad(degrees)) * (x - 160)).astype(np.float32)
    cover = cv2.GaussianBlur(cv2.resize(below, (width, height), interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    image = torch.from_numpy(0.03 + 0.6 * cover)[..., None].repeat(1, 1, 3)
    small = cv2.GaussianBlur(cv2.resize(cover, (width // 4, height // 4), interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    d = 15.0 * guided_upsample(torch.from_numpy(small), image.clamp(0, 1).sqrt()) - 9.0
    hard = resolve_ramps(d, "right", (slice(0, height), slice(0, width)), width_px=800)
    light = new_view(image, hard).image[:, 30:-30, 0]
    # From the wall down to the shoulder it only grows lighter: a speck is light above dark.
    assert float((light[:-1] - light[1:]).max()) < 0.05


@pytest.mark.parametrize("turned", [False, True])
def test_a_ramp_that_the_border_cuts_stays(turned: bool) -> None:
    d = across(6)[22:]
    d = d.flip(0) if turned else d
    assert torch.equal(resolve_ramps(d, "right", (slice(0, 38), slice(0, WIDTH)), width_px=800), d)


def test_an_outline_no_longer_frays() -> None:
    """A striped object whose depth ends in a ramp leaves no scattered pixels of itself on what is behind it."""
    d = ramp(6)
    image = torch.where(d > -3.9, 0.8, 0.1)[..., None].repeat(1, 1, 3)
    image[:, 86:] += 0.2 * (torch.arange(WIDTH - 86) % 2)[:, None]  # so that the holes between are not filled white
    maps = (d, resolve_ramps(d, "right", EVERYTHING, width_px=WIDTH))
    frayed, clean = (new_view(image, part, fill="none", edges="hard").occlusion[1] for part in maps)
    assert int((clean[1:] != clean[:-1]).sum()) == 2  # one hole inside, one at the border
    assert int((frayed[1:] != frayed[:-1]).sum()) > 6
