"""What holds of the new view for any plate, disparity and region."""

from __future__ import annotations

from typing import Literal

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from art3d_node.stereo.synthesis import new_view

SIZE = (13, 31)
Toward = st.sampled_from(["right", "left"])
Edges = st.sampled_from(["soft", "hard"])


def blocks(seed: int, spread: float) -> tuple[Tensor, Tensor]:
    """A random plate and a disparity of random upright blocks, a few samples unknown."""
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(*SIZE, 4, generator=generator) * 3 - 0.5
    coarse = (torch.rand(4, 7, generator=generator) - 0.5) * spread
    disparity = coarse.repeat_interleave(4, 0).repeat_interleave(5, 1)[: SIZE[0], : SIZE[1]].clone()
    disparity[torch.rand(SIZE, generator=generator) < 0.01] = float("nan")
    return image, disparity


@settings(deadline=None, max_examples=40)
@example(seed=0, spread=0.0, toward="right", edges="soft", corner=(0, -1), size=(1, 1))  # one row, wholly outside
@given(
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.0, 3.0, 25.0, 90.0]),
    toward=Toward,
    edges=Edges,
    corner=st.tuples(st.integers(-20, 35), st.integers(-8, 15)),
    size=st.tuples(st.integers(0, 40), st.integers(0, 15)),
)
def test_region_is_a_crop(
    seed: int,
    spread: float,
    toward: Literal["right", "left"],
    edges: Literal["soft", "hard"],
    corner: tuple[int, int],
    size: tuple[int, int],
) -> None:
    image, disparity = blocks(seed, spread)
    whole = new_view(image, disparity, toward=toward, edges=edges, alpha=3, region=(-20, -8, 80, 32))
    x0, y0 = corner
    region = (x0, y0, x0 + size[0], y0 + size[1])
    part = new_view(image, disparity, toward=toward, edges=edges, alpha=3, region=region)
    cut = (slice(y0 + 8, y0 + 8 + size[1]), slice(x0 + 20, x0 + 20 + size[0]))
    for name in ("image", "disparity", "occlusion", "beyond_border"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[cut]), name


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), shift=st.integers(-40, 40), toward=Toward, edges=Edges)
def test_whole_shift_is_exact(
    seed: int, shift: int, toward: Literal["right", "left"], edges: Literal["soft", "hard"]
) -> None:
    image, _ = blocks(seed, 1.0)
    view = new_view(image, torch.full(SIZE, float(shift)), toward=toward, edges=edges, fill="none")
    moved = -shift if toward == "right" else shift
    expected = torch.zeros_like(image)
    for x in range(SIZE[1]):
        if 0 <= x - moved < SIZE[1]:
            expected[:, x] = image[:, x - moved]
    assert torch.equal(view.image, expected)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), spread=st.floats(0, 200), toward=Toward, edges=Edges)
def test_result_is_finite_and_the_masks_nest(
    seed: int, spread: float, toward: Literal["right", "left"], edges: Literal["soft", "hard"]
) -> None:
    image, disparity = blocks(seed, spread)
    view = new_view(image, disparity, toward=toward, edges=edges)
    assert view.image.isfinite().all() and view.disparity.isfinite().all()
    assert not (view.beyond_border & ~view.occlusion).any()
