"""Steady depth along motion, on scenes whose motion and depth are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from art3d_node.motion import grey, links
from art3d_node.temporal import ALONE, Neighbour, Neighbourhood, steady

SIZE = (96, 160)


def look(offset: int, box_at: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(3)
    ground = np.kron(rng.integers(30, 220, (24, 60, 3)), np.ones((6, 6, 1)))[: SIZE[0]]
    picture = np.roll(ground, offset, axis=1)[:, : SIZE[1]].copy()
    if box_at is not None:
        texture = np.kron(np.random.default_rng(4).integers(0, 255, (8, 8, 3)), np.ones((4, 4, 1)))
        picture[30:62, box_at : box_at + 32] = texture
    return grey(picture.astype(np.uint8))


def depth(box_at: int | None = None) -> np.ndarray:
    plane = np.tile(np.linspace(0.2, 0.5, SIZE[0], dtype=np.float32)[:, None], (1, SIZE[1]))
    if box_at is not None:
        plane[30:62, box_at : box_at + 32] = 1.0
    return plane


def window(middle: np.ndarray, *sides: Sequence[tuple[np.ndarray, np.ndarray]]) -> Neighbourhood:
    """Looks and raw depths of each side, nearest first."""

    def chain(side: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Neighbour]:
        nearer = [middle, *(picture for picture, _ in side)]
        return [Neighbour(p, raw, links(last, p)[0]) for last, (p, raw) in zip(nearer, side, strict=False)]

    return Neighbourhood(*(chain(side) for side in sides))


def test_alone_is_untouched() -> None:
    raw = depth()
    assert steady(look(0), raw, ALONE) is raw


def test_noise_shrinks_and_scale_jitter_leaves() -> None:
    rng = np.random.default_rng(0)
    truth = depth()

    def noisy() -> np.ndarray:
        return (truth + rng.normal(0, 0.01, SIZE)).astype(np.float32)

    raw = noisy()
    sides = [[(look(2 * d * sign), (3.0 * noisy() + 0.7).astype(np.float32)) for d in (1, 2, 3)] for sign in (-1, 1)]
    others = window(look(0), *sides)
    inner = (slice(8, -8), slice(12, -12))
    before, after = np.std((raw - truth)[inner]), np.std((steady(look(0), raw, others) - truth)[inner])
    assert after < 0.55 * before


def test_moving_things_are_not_smeared() -> None:
    """A box moves over still ground; its edges stay as sharp, and uncovered ground stays ground."""
    raw = depth(box_at=60)
    sides = [[(look(0, 60 + 6 * d * sign), depth(60 + 6 * d * sign)) for d in (1, 2)] for sign in (-1, 1)]
    others = window(look(0, 60), *sides)
    steadied = steady(look(0, 60), raw, others)
    assert np.abs(steadied - raw)[34:58, 64:88].max() < 0.02
    assert np.median(np.abs(steadied - raw)) < 1e-3
    ramp = np.abs(np.diff(steadied[46, 52:100])).max()
    assert ramp > 0.9 * np.abs(np.diff(raw[46, 52:100])).max()


def test_another_scene_counts_nothing() -> None:
    rng = np.random.default_rng(9)
    other = grey(rng.integers(0, 255, (*SIZE, 3)).astype(np.uint8))
    raw = depth(box_at=60)
    steadied = steady(look(0, 60), raw, window(look(0, 60), [(other, rng.uniform(0, 1, SIZE).astype(np.float32))]))
    assert np.abs(steadied - raw).mean() < 0.01


def test_sides_are_alike() -> None:
    raw = depth(60)
    sides = [[(look(0, 60 + 6 * d), depth(60 + 6 * d))] for d in (-1, 1)]
    one, other = (steady(look(0, 60), raw, window(look(0, 60), *order)) for order in (sides, sides[::-1]))
    assert one == pytest.approx(other, abs=1e-6)


def test_an_edge_that_wobbles_stays_sharp() -> None:
    """Neighbours that put an edge a pixel beside do not turn it into a ramp."""
    raw = depth(60)
    sides = [[(look(0, 60), depth(60 + d)) for d in offsets] for offsets in ((1, -1), (-1, 1))]
    steadied = steady(look(0, 60), raw, window(look(0, 60), *sides))
    assert np.abs(np.diff(steadied[46, 52:100])).max() > 0.9 * np.abs(np.diff(raw[46, 52:100])).max()


def test_contrast_stays() -> None:
    """Noise in the neighbours does not flatten what they agree on."""
    rng = np.random.default_rng(0)
    truth = depth()
    noisy = [(truth + rng.normal(0, 0.05, SIZE)).astype(np.float32) for _ in range(5)]
    sides = [[(look(0), raw) for raw in noisy[i : i + 2]] for i in (1, 3)]
    steadied = steady(look(0), noisy[0], window(look(0), *sides))
    rows = steadied.mean(axis=1)
    assert rows[-8:].mean() - rows[:8].mean() == pytest.approx(truth[-8:].mean() - truth[:8].mean(), rel=0.05)
