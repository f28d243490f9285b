"""What all networks share: the size they work at and the picture they see."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from art3d_node.models.depth_net import MAX_ASPECT, resized_look, working_size


def test_known_sizes() -> None:
    assert working_size(16 / 9, short_side_px=518, multiple=14) == (518, 924)
    assert working_size(9 / 16, short_side_px=518, multiple=14) == (924, 518)
    assert working_size(1.0, short_side_px=256, multiple=32) == (256, 256)


@given(st.floats(1e-4, 1e4), st.sampled_from([8, 14, 32]), st.integers(32, 600))
def test_sizes_are_multiples_and_bounded(aspect: float, multiple: int, short: int) -> None:
    height, width = working_size(aspect, short_side_px=short, multiple=multiple)
    assert height % multiple == 0 and width % multiple == 0
    assert multiple <= min(height, width)
    assert max(height, width) <= MAX_ASPECT * short + multiple
    assert (width >= height) == (aspect >= 1.0) or width == height


@pytest.mark.parametrize("size", [(4, 6), (8, 12), (16, 24), (1, 100)])
def test_a_flat_look_stays_flat(size: tuple[int, int]) -> None:
    look = torch.full((8, 12, 3), 51, dtype=torch.uint8)
    assert torch.allclose(resized_look(look, size), torch.full((1, 3, *size), 0.2))


@pytest.mark.parametrize("size", [(4, 6), (5, 7), (8, 12), (1, 1)])
def test_a_smaller_look_is_the_mean_of_what_lies_under_each_pixel(size: tuple[int, int]) -> None:
    look = torch.randint(0, 256, (8, 12, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))
    wanted = torch.nn.functional.interpolate(look.permute(2, 0, 1)[None] / 255.0, size=size, mode="area")
    assert torch.allclose(resized_look(look, size), wanted, atol=1e-6)
