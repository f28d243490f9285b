"""Steady depth along motion, on scenes whose motion and depth are known."""

from __future__ import annotations

import numpy as np
import pytest

from art3d_node.temporal import Neighbour, steady

SIZE = (96, 160)


def look(offset: int, box_at: int | None = None) -> np.ndarray:
    rng = np.random.default_rng(3)
    ground = np.kron(rng.integers(30, 220, (24, 60, 3)), np.ones((6, 6, 1)))[: SIZE[0]]
    picture = np.roll(ground, offset, axis=1)[:, : SIZE[1]].copy()
    if box_at is not None:
        texture = np.kron(np.random.default_rng(4).integers(0, 255, (8, 8, 3)), np.ones((4, 4, 1)))
        picture[30:62, box_at : box_at + 32] = texture
    return picture.astype(np.uint8)


def depth(box_at: int | None = None) -> np.ndarray:
    plane = np.tile(np.linspace(0.2, 0.5, SIZE[0], dtype=np.float32)[:, None], (1, SIZE[1]))
    if box_at is not None:
        plane[30:62, box_at : box_at + 32] = 1.0
    return plane


def test_alone_is_untouched() -> None:
    raw = depth()
    assert steady(look(0), raw, []) is raw


def test_noise_shrinks_and_scale_jitter_leaves() -> None:
    rng = np.random.default_rng(0)
    truth = depth()

    def noisy() -> np.ndarray:
        return (truth + rng.normal(0, 0.01, SIZE)).astype(np.float32)

    raw = noisy()
    others = [Neighbour(look(2 * d), (3.0 * noisy() + 0.7).astype(np.float32), abs(d)) for d in (-3, -2, -1, 1, 2, 3)]
    inner = (slice(8, -8), slice(12, -12))
    before, after = np.std((raw - truth)[inner]), np.std((steady(look(0), raw, others) - truth)[inner])
    assert after < 0.55 * before


def test_moving_things_are_not_smeared() -> None:
    """A box moves over still ground; its edges stay as sharp, and uncovered ground stays ground."""
    raw = depth(box_at=60)
    others = [Neighbour(look(0, 60 + 6 * d), depth(60 + 6 * d), abs(d)) for d in (-2, -1, 1, 2)]
    steadied = steady(look(0, 60), raw, others)
    assert np.abs(steadied - raw)[34:58, 64:88].max() < 0.02
    assert np.median(np.abs(steadied - raw)) < 1e-3
    ramp = np.abs(np.diff(steadied[46, 52:100])).max()
    assert ramp > 0.9 * np.abs(np.diff(raw[46, 52:100])).max()


def test_another_scene_counts_nothing() -> None:
    rng = np.random.default_rng(9)
    other = rng.integers(0, 255, (*SIZE, 3)).astype(np.uint8)
    raw = depth(box_at=60)
    steadied = steady(look(0, 60), raw, [Neighbour(other, rng.uniform(0, 1, SIZE).astype(np.float32), 1)])
    assert np.abs(steadied - raw).mean() < 0.01


def test_order_does_not_matter() -> None:
    raw = depth(60)
    others = [Neighbour(look(0, 60 + 6 * d), depth(60 + 6 * d), abs(d)) for d in (-1, 1)]
    assert steady(look(0, 60), raw, others) == pytest.approx(steady(look(0, 60), raw, others[::-1]), abs=1e-6)
