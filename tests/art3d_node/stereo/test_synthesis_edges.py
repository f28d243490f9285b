"""Soft edges: mixed outline pixels are taken apart, no halo travels, no smear stays."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from art3d_node import native
from art3d_node.stereo.metrics import psnr
from art3d_node.stereo.synthesis import new_view

GREEN, RED = torch.tensor([0.1, 0.7, 0.1]), torch.tensor([0.8, 0.1, 0.1])


def ball(shift: float, softness: float) -> tuple[Tensor, Tensor]:
    """A red ball of radius 20 px, moved left by ``shift``, over a green wall; and its cover."""
    y, x = torch.meshgrid(torch.arange(80.0), torch.arange(120.0), indexing="ij")
    distance = ((x - 60 + shift) ** 2 + (y - 40) ** 2).sqrt() - 20
    cover = (0.5 - distance / (2 * softness)).clamp(0, 1)
    return cover[..., None] * RED + (1 - cover[..., None]) * GREEN, cover


@pytest.mark.parametrize("softness", [0.5, 1.5, 2.5])
@pytest.mark.parametrize("shift", [6.0, 6.4])
def test_soft_outline_moves_without_halo(softness: float, shift: float) -> None:
    image, cover = ball(0.0, softness)
    truth, _ = ball(shift, softness)
    disparity = torch.where(cover >= 0.5, shift, 0.0)
    soft = new_view(image, disparity, edges="soft")
    hard = new_view(image, disparity, edges="hard")
    assert psnr(soft.image, truth) > psnr(hard.image, truth) + 6
    assert psnr(soft.image, truth) > 38


def test_background_under_the_outline_is_clean() -> None:
    """What the ball uncovers is the wall alone, with no trace of red."""
    image, cover = ball(0.0, 1.5)
    view = new_view(image, torch.where(cover >= 0.5, 9.0, 0.0), edges="soft")
    left_behind = view.image[40, 77:90]
    assert (left_behind - GREEN).abs().max() < 0.03


def test_outline_lies_over_a_brighter_background() -> None:
    """Values far above 1 are taken apart like any other."""
    image, cover = ball(0.0, 1.5)
    view = new_view(image * 50, torch.where(cover >= 0.5, 9.0, 0.0), edges="soft")
    truth, _ = ball(9.0, 1.5)
    assert psnr(view.image, truth * 50, peak=50) > 38


def test_an_outline_stays_soft_where_both_surfaces_look_alike() -> None:
    """A defocused ball before a patch of its own colour: how soft its outline is, the rest of the outline tells."""
    _, cover = ball(0.0, 3.0)
    wall = GREEN.repeat(80, 120, 1)
    wall[30:40, 37:60] = RED
    image = cover[..., None] * RED + (1 - cover[..., None]) * wall
    moved = ball(9.0, 3.0)[1][..., None]
    truth = moved * RED + (1 - moved) * wall
    disparity = torch.where(cover >= 0.5, 9.0, 0.0)
    alike = (slice(31, 39), slice(26, 37))
    soft, hard = (new_view(image, disparity, edges=edges).image[alike] for edges in ("soft", "hard"))
    assert psnr(soft, truth[alike]) > psnr(hard, truth[alike]) + 8


def test_an_outline_shows_through_another() -> None:
    """Where two soft outlines meet in front of a third surface, the farther one is not lost."""
    blue = torch.tensor([0.1, 0.1, 0.9])
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(120.0), indexing="ij")

    def layers(v: float) -> tuple[Tensor, Tensor, Tensor]:
        box = (0.5 - (60 - x - 4 * v) / 5).clamp(0, 1)  # right of column 60, 4 px in front of the wall
        floor = (0.5 - (30 + (x + 11 * v - 70) / 9 - y) / 5).clamp(0, 1)  # below a slope, 11 px in front of it
        image = box[..., None] * blue + (1 - box[..., None]) * GREEN
        return floor[..., None] * RED + (1 - floor[..., None]) * image, box, floor

    (image, box, floor), (truth, *_) = layers(0.0), layers(1.0)
    disparity = torch.where(floor >= 0.5, 11.0, torch.where(box >= 0.5, 4.0, 0.0))
    meeting = (slice(5, 55), slice(40, 70))
    found, truth = new_view(image, disparity).image[meeting], truth[meeting]
    assert (found - truth).abs().max() < 0.25
    assert psnr(found, truth) > 38


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_wild_pixel_at_an_outline_stays_alone(bad: float) -> None:
    image, cover = ball(0.0, 3.0)
    image[30:50] = RED  # nothing to see of the outline: what it looks like comes from above and below
    image[40, 79] = bad
    view = new_view(image, torch.where(cover >= 0.5, 9.0, 0.0))
    assert int((~torch.isfinite(view.image)).any(-1).sum()) <= 1


def test_hard_outline_in_the_plate_stays_hard() -> None:
    _, cover = ball(0.0, 0.5)
    image = torch.where(cover[..., None] >= 0.5, RED, GREEN)
    disparity = torch.where(cover >= 0.5, 7.0, 0.0)
    soft = new_view(image, disparity, edges="soft", fill="none")
    hard = new_view(image, disparity, edges="hard", fill="none")
    assert torch.equal(soft.image, hard.image)
    assert torch.equal(soft.occlusion, hard.occlusion)


def test_alpha_of_a_premultiplied_element_stays_in_range() -> None:
    _, cover = ball(0.0, 1.5)
    element = torch.cat([cover[..., None] * RED, cover[..., None]], -1)
    view = new_view(element, torch.where(cover >= 0.5, 9.0, 0.0), edges="soft", alpha=3)
    assert view.image[..., 3].min() >= 0 and view.image[..., 3].max() <= 1
    assert (view.image[..., :3] <= view.image[..., 3:] * RED.max() + 0.02).all()


def test_extra_layers_are_never_mixed() -> None:
    image, cover = ball(0.0, 1.5)
    ids = (cover >= 0.5).float()[..., None]
    view = new_view(image, torch.where(cover >= 0.5, 9.0, 0.0), data=ids, edges="soft")
    assert view.data is not None
    assert set(view.data.unique().tolist()) <= {0.0, 1.0}


def test_a_lamp_leaves_the_wall_behind_it_alone() -> None:
    """A mix that is off by a hundredth is more light than a dark wall has; the wall must not turn negative."""
    fine = 4
    y, x = np.mgrid[: 60 * fine, : 120 * fine] / fine
    cover = ((x - 50) ** 2 + (y - 30) ** 2 < 18**2).astype(np.float32)
    cover = cover.reshape(60, fine, 120, fine).mean(axis=(1, 3))
    wall = 0.05 + np.random.default_rng(0).normal(0, 0.002, (60, 120, 1)).astype(np.float32)
    lamp = np.float32(4.0) * (1 + 0.2 * np.sin(np.arange(120, dtype=np.float32) / 3))[None, :, None]
    plate = (cover[..., None] * lamp + (1 - cover[..., None]) * wall).repeat(3, axis=2).astype(np.float32)
    disparity = np.where(cover > 0.5, 12.0, -3.0).astype(np.float32)
    view = new_view(torch.from_numpy(plate), torch.from_numpy(disparity))
    holes = view.image[view.occlusion & ~view.beyond_border]
    assert holes.shape[0] > 300
    assert float(holes.min()) > 0.0
    assert float(holes.median()) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("region", [None, (-5, 9, 100, 95)])
def test_chunks_of_rows_do_not_show(region: tuple[int, int, int, int] | None) -> None:
    """Kernels run over a few rows at a time, so that work can be stopped; the picture is the same, bit for bit."""
    image, cover = ball(0.0, 1.5)
    disparity = torch.where(cover >= 0.5, 9.3, -2.0)
    whole = new_view(image, disparity, region=region)
    usual = native.chunk_pixels()
    native.set_chunk_pixels(700)
    try:
        banded = new_view(image, disparity, region=region)
    finally:
        native.set_chunk_pixels(usual)
    for name in ("image", "disparity", "occlusion", "beyond_border"):
        assert torch.equal(getattr(whole, name), getattr(banded, name)), name


@pytest.mark.parametrize("tail", [0.015, 0.027, 0.05])
def test_beside_a_bright_shoulder_the_wall_is_no_darker_than_it_is(tail: float) -> None:
    """A film frame's outline in linear light, three pixels wide: holes are filled with what the wall holds, not less.

    Of this shirt a hundredth too much is half of the wall's light.
    """
    generator = torch.Generator().manual_seed(4)
    cover = torch.zeros(60, 120, 1)
    cover[:, :60], cover[:, 60], cover[:, 61], cover[:, 62] = 1.0, 0.68, 0.2, tail
    cover[:, 60:] *= 1 + 0.15 * (torch.rand(60, 60, 1, generator=generator) - 0.5)
    wall, shirt = (torch.rand(60, 120, 1, generator=generator) for _ in range(2))
    wall, shirt = 0.009 + 0.004 * wall, 0.5 + 0.12 * shirt
    image = (cover * shirt + (1 - cover) * wall).expand(-1, -1, 3)
    view = new_view(image, torch.where(torch.arange(120) < 62, 7.0, -7.0).expand(60, -1))
    hole = view.occlusion & ~view.beyond_border
    hole[:, :57] = False
    assert int(hole.sum()) > 500
    assert float(view.image[hole].min()) >= 0.009
    assert float(view.image[hole].max()) <= 0.013


@pytest.mark.parametrize("alpha", [None, 3])
def test_beside_a_bright_shoulder_the_wall_keeps_its_hue(alpha: int | None) -> None:
    """Colour is coded at half the size of light, so that more of the shirt's blue than of its red lies on the wall.

    Of a wall of some lights and one hue no part is blue: neither what the new view uncovers, nor the hole beside it.
    """
    generator = torch.Generator().manual_seed(4)
    cover = torch.zeros(60, 120, 3)
    cover[:, :60], cover[:, 60] = 1.0, torch.tensor([0.66, 0.68, 0.72])
    cover[:, 61] = torch.tensor([0.16, 0.2, 0.26])
    wall = 0.006 + 0.02 * torch.rand(60, 120, 1, generator=generator)
    wall = (wall + 0.0002 * torch.rand(60, 120, 3, generator=generator)).clamp(min=0)
    image = cover * torch.tensor([0.5, 0.56, 0.6]) + (1 - cover) * wall
    if alpha is not None:
        image = torch.cat([image, torch.ones(60, 120, 1)], -1)
    disparity = torch.where(torch.arange(120) < 62, 7.0, -7.0).expand(60, -1)
    view = new_view(image, disparity, alpha=alpha)
    shown = view.image[:, 58:75, :3]  # the hole from where the outline has ended, and what was beside it
    assert float((shown - shown.mean(-1, keepdim=True)).abs().max()) <= 0.0004


def board_before_wall(scatter: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A red board before a blue wall, both a little mottled; and that with noise as strong as ``scatter`` (64, 128)."""
    generator = torch.Generator().manual_seed(7)
    disparity = torch.where((torch.arange(128) - 64).abs() < 24, 6.0, -4.0).expand(64, -1).contiguous()
    board, wall = torch.tensor([0.6, 0.25, 0.2]), torch.tensor([0.15, 0.3, 0.5])
    scene = torch.where(disparity[..., None] > 0, board, wall) + 0.01 * torch.randn(64, 128, 3, generator=generator)
    noise = torch.randn(64, 128, 3, generator=generator)
    return scene, scene + scatter[..., None] * noise, disparity


def away_from_edge() -> Tensor:
    """Whole px from `board_before_wall`'s edges."""
    column = torch.arange(128.0)
    return (((column - 64).abs() - 23.5).abs() - 0.5).expand(64, -1)


def test_where_a_codec_scattered_an_outline_its_pixels_are_drawn_to_their_surfaces() -> None:
    """Colours off the line between both surfaces, near the edge alone: half of that error stays behind."""
    scatter = torch.where(away_from_edge() < 2, 0.08, 0.0) + torch.where(away_from_edge() == 2, 0.05, 0.0)
    scene, plate, disparity = board_before_wall(scatter)
    truth = new_view(scene, disparity, edges="hard", fill="none")
    error = {}
    for edges in ("hard", "soft"):
        view = new_view(plate, disparity, edges=edges, fill="none")
        band = ~truth.occlusion & ~view.occlusion & (torch.arange(128) > 20) & (torch.arange(128) < 100)
        error[edges] = (view.image - truth.image)[band].square().mean()
    assert error["soft"] < 0.5 * error["hard"]


def test_a_texture_that_scatters_everywhere_is_kept_at_outlines() -> None:
    """The same scatter all over the picture is the surfaces' own: at outlines no less of it comes over."""
    _, plate, disparity = board_before_wall(torch.full((64, 128), 0.08))
    flat, _, _ = board_before_wall(torch.zeros(64, 128))
    moved = new_view(flat, disparity, edges="hard", fill="none").image
    scatter = {}
    for edges in ("hard", "soft"):
        view = new_view(plate, disparity, edges=edges, fill="none")
        rim = (view.disparity > 0) & (view.disparity.roll(2, 1) < 0)
        rim |= (view.disparity > 0) & (view.disparity.roll(-2, 1) < 0)
        scatter[edges] = (view.image - moved)[rim & (moved.abs().sum(-1) > 0)].square().mean()
    assert scatter["soft"] > 0.8 * scatter["hard"]
