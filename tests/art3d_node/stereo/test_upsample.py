"""Guided upsampling: shape, range, edges where the picture has them, and nothing that is no number."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from art3d_node.stereo.upsample import guided_upsample


def test_smoke_brings_the_map_to_the_size_of_the_guide() -> None:
    out = guided_upsample(torch.rand(9, 16), torch.rand(54, 96, 3))
    assert out.shape == (54, 96)
    assert out.dtype == torch.float32


@pytest.mark.parametrize("low, guide", [((4,), (8, 8, 3)), ((4, 4), (8, 8)), ((4, 4), (8, 8, 0)), ((0, 4), (8, 8, 3))])
def test_a_wrong_shape_is_refused(low: tuple[int, ...], guide: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected low"):
        guided_upsample(torch.zeros(low), torch.zeros(guide))


def test_a_flat_map_stays_flat() -> None:
    out = guided_upsample(torch.full((8, 8), 3.5), torch.rand(40, 44, 3))
    torch.testing.assert_close(out, torch.full((40, 44), 3.5))


def test_a_soft_step_lands_on_the_edge_of_the_picture() -> None:
    """The small map ramps over four cells around the edge; at plate size the step is within two pixels of it."""
    guide = torch.zeros(96, 160, 3)
    guide[:, 83:] = 0.8
    at = torch.arange(32) * 5 + 2.5
    low = ((at - 83) / 20 + 0.5).clamp(0, 1)[None].expand(19, 32)
    out = guided_upsample(low, guide)
    steps = out.diff(dim=1)[20:-20]
    assert bool(((steps.argmax(1) + 1 - 83).abs() <= 2).all())
    jump = out[48, 85] - out[48, 80]
    assert jump > 0.5 > 3 * (low[0].diff().max() / 5) * 0.5


def test_maps_together_are_each_alone() -> None:
    low, guide = torch.rand(2, 12, 20), torch.rand(60, 100, 1)
    together = guided_upsample(low, guide)
    assert torch.equal(together, torch.stack([guided_upsample(one, guide) for one in low]))


def test_without_edges_in_the_picture_it_is_smooth_interpolation() -> None:
    low = torch.linspace(0, 1, 24)[None].expand(12, 24)
    out = guided_upsample(low, torch.full((96, 192, 3), 0.5))
    middle = out[48, 32:-32]
    want = torch.linspace(0, 1, 192)[32:-32]
    torch.testing.assert_close(middle, want, atol=0.02, rtol=0)


def _slope_and_step() -> tuple[torch.Tensor, torch.Tensor]:
    """A ground that slopes to row 40 of 60 and ends in a soft step; a guide of light and dark tiles, and that edge."""
    y = torch.arange(60, dtype=torch.float32)
    column = torch.where(y < 40, 0.3 - 0.002 * y, 1.0)
    low = torch.nn.functional.avg_pool1d(column[None], 5, 1, 2, count_include_pad=False)[0, :, None].repeat(1, 80)
    v, u = torch.meshgrid(torch.arange(240), torch.arange(320), indexing="ij")
    tiles = 0.3 + 0.3 * ((v // 14 + u // 14) % 2)
    return low, torch.where(v < 160, tiles, 0.95)[..., None].repeat(1, 1, 3)


def test_a_texture_turns_no_slope_into_stairs() -> None:
    low, guide = _slope_and_step()
    made = guided_upsample(low, guide)[20:100]
    slope = 0.3 - 0.002 * ((torch.arange(20, 100) + 0.5) / 4 - 0.5)
    # Four rows of the plate lie within one small pixel; nothing but that rounding is left.
    assert float((made - slope[:, None]).abs().max()) < 0.002


def test_what_flickers_on_a_slope_is_calmed() -> None:
    low, guide = _slope_and_step()
    noise = 0.004 * torch.randn(low.shape, generator=torch.Generator().manual_seed(1))
    there, calm = (guided_upsample(v, guide)[20:100] for v in (low + noise, low))
    assert float((there - calm).std()) < 0.25 * float(noise.std())


def test_beside_a_slope_a_step_still_lands_on_the_edge() -> None:
    low, guide = _slope_and_step()
    made = guided_upsample(low, guide)[:, 20:-20]
    steps = made[140:180].diff(dim=0)
    assert bool(((steps.argmax(0) + 141 - 160).abs() <= 2).all())
    assert float(steps.max(0).values.min()) > 0.35


def test_the_result_does_not_depend_on_anything_but_its_input() -> None:
    low, guide = torch.rand(20, 30), torch.rand(100, 140, 3)
    assert torch.equal(guided_upsample(low, guide), guided_upsample(low.clone(), guide.clone()))


def test_a_map_larger_than_the_guide_is_reduced() -> None:
    assert guided_upsample(torch.rand(40, 60), torch.rand(20, 30, 3)).shape == (20, 30)


def test_what_is_no_number_stays_local() -> None:
    low, guide = torch.rand(16, 16), torch.rand(64, 64, 3)
    clean = guided_upsample(low, guide)
    broken = guide.clone()
    broken[5, 5], broken[6, 6, 0] = float("nan"), float("inf")
    out = guided_upsample(low, broken)
    assert bool(torch.isfinite(out).all())
    torch.testing.assert_close(out[48:, 48:], clean[48:, 48:])
    low[0, 0] = float("nan")
    assert bool(torch.isfinite(guided_upsample(low, guide)).all())
    assert bool(torch.isfinite(guided_upsample(torch.full((4, 4), float("nan")), guide)).all())


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**31 - 1))
def test_property_no_value_leaves_the_range_of_the_map(h: int, w: int, rows: int, columns: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    low = torch.randn(h, w, generator=generator) * 10
    guide = torch.randn(rows, columns, 3, generator=generator) * 5
    out = guided_upsample(low, guide)
    assert out.shape == (rows, columns)
    assert low.min() - 1e-4 <= out.min() and out.max() <= low.max() + 1e-4
