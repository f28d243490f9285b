"""Straight things stay straight where depth is a network's: small, blurred, and a mix of pole and wall."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from art3d_node.stereo import ramps
from art3d_node.stereo.synthesis import new_view
from art3d_node.stereo.upsample import guided_upsample

HEIGHT, WIDTH, PICTURE_PX = 400, 640, 1920
POLE_PX, GRID_PX = 6.0, 3.75  # of 1080p: the pole's width, and a pixel of a network that sees 288 rows
FAR_PX, NEAR_PX = -6.0, 24.0


def plate(degrees: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A bright pole, so many degrees off upright, before a mottled wall; and its cover."""
    fine = 4
    y, x = ((np.mgrid[: HEIGHT * fine, : WIDTH * fine] + 0.5) / fine - 0.5).astype(np.float32)
    turn = np.deg2rad(degrees)
    away = (x - WIDTH / 2) * np.cos(turn) + (y - HEIGHT / 2) * np.sin(turn)
    cover = cv2.resize((np.abs(away) < POLE_PX / 2).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(3)
    wall = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for size in (8, 30, 90):
        grid = rng.random((HEIGHT // size + 2, WIDTH // size + 2, 3)).astype(np.float32)
        wall += cv2.resize(grid, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC) / 12
    pole = np.array([0.8, 0.75, 0.6], np.float32)
    return cover[..., None] * pole + (1 - cover[..., None]) * (wall + 0.125), cover


LIMITS_PX = {2: 0.6, **dict.fromkeys((3, 5, 8, 11, 14, 18, 22, 27, 33, 40), 0.5)}


@pytest.mark.parametrize("degrees", LIMITS_PX)
def test_a_slanted_pole_stays_straight(degrees: float) -> None:
    image, cover = plate(degrees)
    size = round(WIDTH / GRID_PX), round(HEIGHT / GRID_PX)
    small = cv2.GaussianBlur(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0)
    nearness = guided_upsample(torch.from_numpy(small), torch.from_numpy(image).clamp(0, 1).sqrt())
    disparity = torch.empty_like(nearness)
    every = slice(0, HEIGHT), slice(0, WIDTH)
    ramps.resolve_ramps(FAR_PX + (NEAR_PX - FAR_PX) * nearness, "right", every, disparity, width_px=PICTURE_PX)
    light = new_view(torch.from_numpy(image), disparity).image.mean(-1).numpy() - 0.3
    rows, columns = np.arange(20, HEIGHT - 20), np.arange(WIDTH)
    share = np.where(light > 0.15, light, 0.0)[rows]
    seen = share.sum(1) > 0.3
    centre = (share * columns).sum(1)[seen] / share.sum(1)[seen]
    assert seen.all(), "the pole is broken"
    straight = np.polyval(np.polyfit(rows, centre, 1), rows)
    assert np.abs(centre - straight).max() <= LIMITS_PX[degrees]  # type: ignore[index]
