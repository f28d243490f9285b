"""Training mini: losses, tracer, worlds, points judged by eye, data, and a few steps of the loop."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from art3d_node.models.mini import MiniDepth, load_mini
from training.mini import closeups
from training.mini.data import Cache, batches
from training.mini.evaluate import Reference, edges, lower_is_nearer, order, through_the_grid
from training.mini.losses import affine_invariant, gradient, normalise, ranking
from training.mini.mobilenet import load_encoder, read_convolutions
from training.mini.pairs import match
from training.mini.raytrace import render
from training.mini.render import photograph
from training.mini.scribbles import POINTS, pictures, read_points, spread
from training.mini.shapes import Builder
from training.mini.train import export, train
from training.mini.worlds import make_scene

_TFLITE = "mobilenet_v2_imagenet/tf2_mobilenet_v2_1.0_224_ptq.tflite"


@pytest.fixture
def tflite(plates: Path) -> Path:
    path = plates.parent / "models" / _TFLITE
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def _random(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(4))


def test_losses_are_blind_to_scale_and_shift() -> None:
    target, mask = _random(2, 24, 32), torch.ones(2, 24, 32)
    prediction = target * 7 - 3
    assert float(affine_invariant(prediction, target, mask).max()) < 1e-4
    assert float(gradient(prediction, target, mask).max()) < 1e-4


def test_losses_see_an_inside_out_picture() -> None:
    target, mask = _random(1, 24, 32) + 0.1, torch.ones(1, 24, 32)
    generator = torch.Generator().manual_seed(0)
    right = ranking(target, target, mask, generator=generator)
    wrong = ranking(-target, target, mask, generator=generator)
    assert float(right) < 0.2 < 3 < float(wrong)
    assert float(affine_invariant(-target, target, mask)) > 1


def test_ranking_sees_a_ramp_where_a_boundary_belongs() -> None:
    """A step blurred over 8 pixels is right almost everywhere; only pairs that straddle the boundary tell."""
    target = torch.where(torch.arange(192) < 96, 1.0, 3.0)[None].repeat(1, 64, 1)
    ramp = 1 + 2 * ((torch.arange(192) - 91.5) / 8).clamp(0, 1)[None].repeat(1, 64, 1)
    mask = torch.ones_like(target)
    sharp, soft = (float(ranking(p, target, mask, generator=torch.Generator().manual_seed(0))) for p in (target, ramp))
    assert soft > 200 * sharp


def test_losses_ignore_what_is_masked() -> None:
    target, mask = _random(1, 24, 32), torch.ones(1, 24, 32)
    mask[:, :12] = 0
    prediction = target.clone()
    prediction[:, :12] = 1e3
    assert float(affine_invariant(prediction, target, mask)) < 1e-4
    assert float(ranking(prediction, target, mask, generator=torch.Generator())) == pytest.approx(
        float(ranking(target, target, mask, generator=torch.Generator())), abs=1e-4
    )


def test_normalised_maps_have_mean_0_and_mean_deviation_1() -> None:
    values, mask = _random(3, 16, 16) * 9 + 2, (_random(3, 16, 16) > 0.4).float()
    out = normalise(values, mask)
    torch.testing.assert_close((out * mask).sum((1, 2)), torch.zeros(3), atol=1e-3, rtol=0)
    torch.testing.assert_close((out.abs() * mask).sum((1, 2)) / mask.sum((1, 2)), torch.ones(3))


def _grey() -> np.ndarray:
    return np.full((1, 8, 8, 3), 0.5)


def test_the_tracer_knows_the_distance_of_a_wall_and_a_ball() -> None:
    builder = Builder(np.random.default_rng(0), 1, [np.full((8, 16, 3), 0.2, np.float32)])
    builder.add(1, (0, 0, 4.1), (50, 50, 0.1))
    builder.add(0, (0, 0, 2), (0.5, 0.5, 0.5))
    builder.look((0, 0, 0), (0, 0, 1), fov_deg=60, roll=0)
    rgb, iz = render(builder.scene(), _grey(), 33, 33, side=1)
    assert rgb.shape == (33, 33, 3)
    np.testing.assert_allclose(iz[16, 16], 1 / 1.5, rtol=1e-3)
    np.testing.assert_allclose(iz[:, 0], 1 / 4, rtol=1e-3)


def test_the_ground_nears_downwards_and_the_sky_is_infinitely_far() -> None:
    builder = Builder(np.random.default_rng(0), 1, [np.full((8, 16, 3), 0.7, np.float32)])
    builder.add(1, (0, -1, 0), (4000, 1, 4000))
    builder.look((0, 2, 0), (0, 2, 10), fov_deg=60, roll=0)
    _, iz = render(builder.scene(), _grey(), 40, 20, side=1)
    assert not iz[:19].any()
    assert (np.diff(iz[21:], axis=0) > 0).all()


def test_worlds_are_the_same_for_the_same_seed() -> None:
    skies = [np.full((8, 16, 3), 0.7, np.float32)]
    for seed in range(12):
        one, two = (make_scene(np.random.default_rng(seed), 3, skies) for _ in range(2))
        np.testing.assert_array_equal(one.to_unit, two.to_unit)
        _, iz = render(one, np.full((3, 8, 8, 3), 0.4), 18, 24, side=1)
        assert np.isfinite(iz).all()


@pytest.mark.parametrize("make", [make for make, _ in closeups.MAKERS])
def test_closeups_show_things_at_several_distances(make: Callable[[Builder], None]) -> None:
    skies = [np.full((8, 16, 3), 0.7, np.float32)]
    for seed in range(3):
        scene = make_scene(np.random.default_rng(seed), 30, skies, ((make, 1.0),))
        _, iz = render(scene, np.full((30, 8, 8, 3), 0.4), 18, 24, side=1)
        assert np.isfinite(iz).all()
        assert iz.max() > 1.1 * np.median(iz) or iz.min() < 0.9 * np.median(iz)


def test_a_sharp_subject_lends_no_colour_to_the_blurred_ground_behind_it() -> None:
    rgb, iz = np.full((64, 64, 3), 0.1), np.full((64, 64), 0.1)
    rgb[16:48, 16:48], iz[16:48, 16:48] = 0.8, 2.0
    clear_air = next(seed for seed in range(99) if np.random.default_rng(seed).random() > 0.4)
    seen = photograph(rgb, iz, np.random.default_rng(clear_air), blur_px=20.0).astype(int)
    assert seen[32, 32].min() > seen[5, 5].max() + 50
    assert np.ptp(seen[:12]) <= 2


def test_a_panorama_is_judged_by_windows(plates: Path, tmp_path: Path) -> None:
    if not (plates / "hdri_1k/lebombo_1k.hdr").exists():
        pytest.skip("the panorama is absent")
    (tmp_path / "points").write_text("hdri_1k/lebombo_1k.hdr@17 : 50,20=1 50,90=8\n")
    ((rgb, near),) = pictures(plates, tmp_path / "points")
    assert rgb.shape == (384, 512, 3) and rgb.dtype == np.uint8
    assert near[-10].mean() > near[10].mean()


def test_the_points_judged_by_eye_are_well_formed() -> None:
    lines = list(read_points(POINTS))
    assert len(lines) > 60
    for file, frame, points in lines:
        assert frame is None or frame >= 0, file
        assert len(points) >= 5, file
        assert all(0 <= x < 1 and 0 <= y < 1 and 0 <= level <= 9 for x, y, level in points), file
        assert len({level for *_, level in points}) > 1, file


def test_held_out_pictures_are_in_no_training_set() -> None:
    names = {file for file, _, _ in read_points(POINTS)}
    assert not any("middlebury" in name or "rgbd" in name or "film_frames" in name for name in names)


def test_points_spread_along_colours() -> None:
    rgb = np.zeros((30, 40, 3), np.uint8)
    rgb[:, 20:] = 220
    level = spread(rgb, [(0.1, 0.5, 2), (0.9, 0.5, 8)])
    np.testing.assert_allclose(level[:, :18], 2, atol=0.5)
    np.testing.assert_allclose(level[:, 22:], 8, atol=0.5)


def test_matching_finds_a_known_shift() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 160), dtype=np.uint8)
    left = np.repeat(noise[..., None], 3, 2)
    disparity = match(left, np.roll(left, -6, 1), low=-4, span=32)
    assert np.nanmedian(disparity[:, 40:-40]) == pytest.approx(6, abs=0.1)


def _fill(folder: Path, name: str) -> None:
    rng = np.random.default_rng(3)
    iz = rng.random((2, 64, 80)).astype(np.float32) + 0.1
    iz[:, :5] = np.nan
    np.savez(folder / name, rgb=rng.integers(0, 255, (2, 64, 80, 3), dtype=np.uint8), iz=iz)


def test_batches_mix_sources_and_mark_what_is_unknown(tmp_path: Path) -> None:
    _fill(tmp_path, "worlds_0.npz")
    _fill(tmp_path, "scribbles_0.npz")
    cache = Cache(tmp_path)
    batch = next(
        batches(cache, {"worlds": 1, "scribbles": 1, "absent": 1}, size=8, seed=0, proportion={"scribbles": 0.0})
    )
    assert batch.rgb.shape[0] == batch.iz.shape[0] == batch.metric.shape[0]
    assert batch.rgb.shape[2:] == batch.iz.shape[1:]
    assert bool(torch.isfinite(batch.iz).all()) and 0 < float(batch.mask.mean()) <= 1
    assert set(batch.metric.tolist()) == {0.0, 1.0}


def test_order_and_edges_of_truth_itself_are_perfect() -> None:
    iz = np.ones((60, 80), np.float32)
    iz[20:40, 30:60] = 3
    assert order(iz, iz) == 1 and order(-iz, iz) == 0
    rgb = np.repeat((iz * 60).astype(np.uint8)[..., None], 3, 2)
    assert edges(iz, iz, rgb) == (1, 1, 1, 1)
    assert edges(np.roll(iz, 9, 1), iz, rgb).recall < 0.6


def test_boundaries_that_the_picture_does_not_show_are_told_apart() -> None:
    iz = np.where(np.arange(80) < 40, 1.0, 3.0)[None].repeat(60, 0).astype(np.float32)
    rgb = np.zeros((60, 80, 3), np.uint8)
    rgb[:30, 40:] = 200
    estimate = iz.copy()
    estimate[30:] = 2.0
    found = edges(estimate, iz, rgb)
    assert 0.45 < found.shown < 0.6
    assert 0.45 < found.recall < 0.6 and found.recall_shown > 0.95


def test_the_rule_lower_is_nearer_is_right_on_a_floor() -> None:
    floor = np.repeat(np.linspace(1, 3, 50)[:, None], 40, 1)
    assert order(lower_is_nearer(np.zeros((50, 40, 3))), floor) == 1


def test_the_encoder_takes_the_published_weights(tflite: Path) -> None:
    model = MiniDepth()
    rest = load_encoder(model.encoder, tflite)
    assert [tuple(weight.shape) for weight, _ in rest] == [(1280, 320, 1, 1), (1001, 1280, 1, 1)]
    with torch.inference_mode():
        features = model.encoder(torch.rand(1, 3, 64, 64))
    assert [f.shape[1] for f in features] == [16, 24, 32, 96, 320]
    assert all(0.01 < float(f.abs().mean()) < 50 for f in features)


def test_a_file_that_is_no_tflite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"not a model at all")
    with pytest.raises(ValueError, match="not a TensorFlow Lite model"):
        read_convolutions(tmp_path / "a")


def test_training_runs_stops_and_goes_on(tmp_path: Path) -> None:
    _fill(tmp_path, "worlds_0.npz")
    export(MiniDepth(), tmp_path / "start.safetensors")
    args = argparse.Namespace(
        cache=tmp_path, out=tmp_path, encoder=None, weights=tmp_path / "start.safetensors",
        minutes=5, steps=200, batch=1, rate=1e-3, seed=1, bfloat16=True,
    )  # fmt: skip
    args.minutes = 0.02
    train(args)
    first = torch.load(tmp_path / "last.pt", weights_only=True)
    args.minutes = 0.04
    train(args)
    second = torch.load(tmp_path / "last.pt", weights_only=True)
    assert second["step"] > first["step"] > 0
    assert isinstance(load_mini(tmp_path / "mini.safetensors"), MiniDepth)


def test_the_truth_at_minis_size_keeps_the_plates_outlines() -> None:
    """A step along the plate's own edge is found again, and what is unknown takes its surroundings."""
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[:, 300:] = 200
    iz = np.where(np.arange(640) < 300, 1.0, 3.0)[None].repeat(480, 0).astype(np.float32)
    iz[100:140, 400:440] = np.nan
    seen = through_the_grid(Reference("set", "step", rgb, iz))
    assert seen.shape == iz.shape
    assert np.isfinite(seen).all()
    assert edges(seen, iz, rgb).recall > 0.99
    assert abs(seen[120, 420] - 3.0) < 1e-3
