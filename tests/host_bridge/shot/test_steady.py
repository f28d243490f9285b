"""A steady shot: jitter of the network's scale leaves, slow change stays."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from host_bridge.shot.steady import Measured, affine_between, gaussian, handover, normalisation, suggest


def measured(thumb: np.ndarray, scale: float = 0.02, shift: float = -0.013) -> Measured:
    low, high = np.percentile(thumb, (1, 99))
    return Measured(float(low), float(high), scale, shift, thumb, 0.0, (-0.7, 1.3))


def test_affine_between_ignores_a_moving_thing() -> None:
    rng = np.random.default_rng(0)
    source = rng.uniform(0, 1, (36, 64))
    target = 3.0 * source + 0.5
    target[10:20, 10:20] = 9.0
    assert affine_between(source, target) == pytest.approx((3.0, 0.5), abs=1e-3)


def test_affine_between_noisy_maps_keeps_the_scale() -> None:
    """The chain of many frames multiplies these scales: a bias of a few percent would become a factor."""
    rng = np.random.default_rng(2)
    truth = rng.uniform(0, 1, (36, 64))
    scales = [
        affine_between(truth + rng.normal(0, 0.15, truth.shape), truth + rng.normal(0, 0.15, truth.shape))[0]
        for _ in range(20)
    ]
    assert np.mean(scales) == pytest.approx(1.0, abs=0.02)


def test_flat_depth_is_safe() -> None:
    flat = np.ones((4, 4))
    assert affine_between(flat, flat + 1) == (1.0, pytest.approx(1.0))  # type: ignore[comparison-overlap]


def test_normalisation_follows_the_networks_jitter() -> None:
    """One still scene seen through random scales and shifts becomes one and the same normalised scene."""
    rng = np.random.default_rng(1)
    truth = rng.uniform(0, 1, (36, 64))
    frames = [measured(truth * np.exp(rng.normal(0, 0.3)) + rng.normal(0, 0.2)) for _ in range(24)]
    ranges = normalisation(frames, metric=False, sigma=8.0)
    seen = np.stack([(m.thumb - lo) / (hi - lo) for m, (lo, hi) in zip(frames, ranges, strict=True)])
    assert np.abs(seen - seen[0]).max() < 1e-6


def test_normalisation_follows_slow_change() -> None:
    """Percentiles alone decide in the long run: a scene that doubles its range keeps filling 0..1."""
    rng = np.random.default_rng(2)
    truth = rng.uniform(0, 1, (36, 64))
    frames = [measured(truth * (1 + i / 60)) for i in range(60)]
    last = normalisation(frames, metric=False, sigma=8.0)[-1]
    assert last == pytest.approx((frames[-1].iz_low, frames[-1].iz_high), rel=0.02, abs=0.02)


def test_true_depth_has_one_range() -> None:
    frames = [measured(np.linspace(0, 1 + i / 10, 100).reshape(10, 10)) for i in range(5)]
    assert len(np.unique(normalisation(frames, metric=True, sigma=8.0), axis=0)) == 1


def test_a_long_scene_is_smoothed_in_parts() -> None:
    values = np.random.default_rng(4).normal(size=(2500, 2))
    at = np.arange(len(values))
    weights = np.exp(-0.5 * ((at[:, None] - at[None]) / 30.0) ** 2)
    np.testing.assert_allclose(gaussian(values, 30.0), weights @ values / weights.sum(1, keepdims=True), atol=1e-12)
    tracemalloc.start()
    gaussian(values, 30.0)
    assert tracemalloc.get_traced_memory()[1] < 80e6
    tracemalloc.stop()


def test_gaussian_keeps_constants_and_ends() -> None:
    assert gaussian(np.full((7, 2), 3.0), 4.0) == pytest.approx(3.0)


def test_handover_meets_half_way() -> None:
    before, after = handover(1.0, 20, 20, 8)
    assert before[-1] == 0.5 and after[0] == -0.5
    assert before[0] == pytest.approx(0.0, abs=0.05) and len(before) == len(after) == 8


@pytest.mark.parametrize(("low", "high"), [(-3.0, 3.0), (-2.0, 1.0), (-0.5, 2.5), (-0.9, 1.9)])
def test_suggestion_fits_the_comfort_range(low: float, high: float) -> None:
    scale = high - low
    gain, offset, reason = suggest(np.array([[low, high]]), scale, comfort=(-1.0, 2.0))
    near, far = low + (1 - gain) * scale + offset, high + offset
    assert near >= -1.002 and far <= 2.002, reason
    assert (gain == 1.0 and offset == 0.0) == (low >= -1 and high <= 2)


def test_no_smoothing_leaves_every_frame_its_own() -> None:
    values = np.random.default_rng(0).normal(size=(7, 2))
    assert gaussian(values, 0.0).tobytes() == values.tobytes()
