"""Repair of rendered depth: no pixel is left between two surfaces."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.stereo.depth_edges import fill_invalid, snap_mixed, take_from_opaque


def test_nothing_valid_is_refused() -> None:
    with pytest.raises(ValueError, match="no valid pixel"):
        fill_invalid(torch.zeros(2, 2), torch.zeros(2, 2, dtype=torch.bool))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_tiny_pictures_pass(size: tuple[int, int]) -> None:
    depth = torch.linspace(0.0, 1.0, size[0] * size[1]).reshape(size)
    assert torch.equal(snap_mixed(depth, spread=1.0), depth)
    assert torch.equal(take_from_opaque(depth, torch.full(size, 0.5)), depth)
    assert torch.equal(fill_invalid(depth, torch.ones(size, dtype=torch.bool)), depth)


@pytest.mark.parametrize("mix", [[0.5], [0.25, 0.75], [0.9], [0.1, 0.4]])
@pytest.mark.parametrize("turned", [False, True])
def test_filtered_outlines_are_snapped(mix: list[float], turned: bool) -> None:
    row = torch.tensor([0.2] * 8 + [0.2 + 0.6 * m for m in mix] + [0.8] * 8)
    depth = row[None].repeat(6, 1)
    snapped = snap_mixed(depth.T.contiguous() if turned else depth, spread=0.6)
    assert set(snapped.flatten().tolist()) == {torch.tensor(0.2).item(), torch.tensor(0.8).item()}
    assert bool((torch.diff(snapped.T[:, 0] if turned else snapped[0]) >= 0).all())


def test_slopes_and_steps_stay_bit_exact() -> None:
    slope = torch.linspace(0.0, 1.0, 64)[None].repeat(64, 1)
    assert torch.equal(snap_mixed(slope, spread=1.0), slope)
    stairs = (slope * 8).floor()
    assert torch.equal(snap_mixed(stairs, spread=8.0), stairs)


def test_a_thin_line_survives() -> None:
    depth = torch.full((20, 20), 0.1)
    depth[:, 10] = 0.9
    assert torch.equal(snap_mixed(depth, spread=0.8), depth)


def test_partly_covered_pixels_follow_the_nearest_opaque_one() -> None:
    depth = torch.tensor([[0.0, 0.0, 0.15, 0.3, 0.3, 0.0, 0.0]])
    alpha = torch.tensor([[0.0, 0.0, 0.5, 1.0, 1.0, 0.2, 0.0]])
    assert take_from_opaque(depth, alpha).tolist() == [pytest.approx([0.0, 0.0, 0.3, 0.3, 0.3, 0.3, 0.0])]


def test_smoke_far_from_anything_opaque_keeps_its_depth() -> None:
    depth = torch.rand(5, 12)
    assert torch.equal(take_from_opaque(depth, torch.full((5, 12), 0.4)), depth)


def test_invalid_pixels_take_the_nearest_of_their_row_or_the_nearest_row() -> None:
    depth = torch.tensor([[1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0]])
    filled = fill_invalid(depth, depth != 0.0)
    assert filled.tolist() == [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0], [3.0, 3.0, 3.0, 3.0]]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20))
def test_no_new_depth_is_invented(seed: int, height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    depth = torch.rand((height, width), generator=generator)
    valid = torch.rand((height, width), generator=generator) > 0.5
    valid[0, 0] = True
    known = set(depth.flatten().tolist())
    assert set(snap_mixed(depth, spread=1.0).flatten().tolist()) <= known
    assert set(fill_invalid(depth, valid).flatten().tolist()) <= set(depth[valid].tolist())
