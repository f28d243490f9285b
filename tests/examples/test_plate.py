"""The shipped plate and its truth are what examples/README.md says they are."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

FRAMES = range(1001, 1009)
STEREO = (1001, 1005)
WIDTH, HEIGHT = 960, 540


@pytest.fixture(scope="module")
def truth(example_plate: Path) -> Path:
    return example_plate.parent / "truth"


@pytest.fixture(scope="module")
def rig(truth: Path) -> dict[str, float]:
    return dict(json.loads((truth / "rig.json").read_text()))


def channels(path: Path) -> dict[str, np.ndarray]:
    file = OpenEXR.File(str(path), separate_channels=True)
    return {name: channel.pixels for name, channel in file.channels().items()}


def header(path: Path) -> dict[str, Any]:
    return dict(OpenEXR.File(str(path), header_only=True).header())


def rgb(path: Path) -> np.ndarray:
    pixels = channels(path)
    return np.stack([pixels[name] for name in "RGB"], axis=2).astype(np.float32)


def fetch(row_image: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Linear look-up along each row at float columns inside the picture."""
    near = np.clip(np.floor(column), 0, WIDTH - 2).astype(int)
    part = (column - near)[..., None]
    rows = np.arange(HEIGHT)[:, None]
    return np.asarray((1 - part) * row_image[rows, near] + part * row_image[rows, near + 1])


def test_nothing_but_the_named_frames_and_under_twelve_megabytes(example_plate: Path, truth: Path) -> None:
    assert sorted(p.name for p in example_plate.iterdir()) == [f"plate.{n}.exr" for n in FRAMES]
    shipped = [*example_plate.iterdir(), *truth.iterdir()]
    assert sum(path.stat().st_size for path in shipped) < 12e6


@pytest.mark.parametrize("frame", FRAMES)
def test_plate_channels_and_values(example_plate: Path, frame: int) -> None:
    pixels = channels(example_plate / f"plate.{frame}.exr")
    assert {name: p.dtype.name for name, p in pixels.items()} == {
        **dict.fromkeys("RGBA", "float16"), "depth.Z": "float32"}  # fmt: skip
    assert all(p.shape == (HEIGHT, WIDTH) for p in pixels.values())
    colour = np.stack([pixels[name] for name in "RGB"])
    assert np.isfinite(colour).all() and colour.min() >= 0 and colour.max() > 2
    assert (pixels["A"] == 1).all()
    z = pixels["depth.Z"]
    assert 0.5 < z.min() < 2 and 0.001 < np.isinf(z).mean() < 0.5 and not np.isnan(z).any()


def test_metadata_counts_frames(example_plate: Path) -> None:
    for frame in FRAMES:
        kept = header(example_plate / f"plate.{frame}.exr")
        code = kept["timeCode"]
        assert (code.hours, code.minutes, code.seconds, code.frame) == (1, 0, 0, frame - 1001)
        assert kept["framesPerSecond"] == Fraction(24, 1)
        assert kept["colorInteropID"] == "lin_rec709_scene"
        assert kept["nominalFocalLength"] == 32.0


def test_camera_and_cast_move(example_plate: Path) -> None:
    views = [header(example_plate / f"plate.{n}.exr")["worldToCamera"] for n in FRAMES]
    assert all(np.abs(a - b).max() > 1e-3 for a, b in itertools.pairwise(views))
    first, last = (rgb(example_plate / f"plate.{n}.exr") for n in (FRAMES[0], FRAMES[-1]))
    assert np.abs(first - last).mean() > 0.01


@pytest.mark.parametrize("frame", STEREO)
def test_disparity_follows_from_depth(example_plate: Path, truth: Path, rig: dict[str, float], frame: int) -> None:
    z = channels(example_plate / f"plate.{frame}.exr")["depth.Z"]
    pixels = channels(truth / f"disparity.{frame}.exr")
    assert {name: p.dtype.name for name, p in pixels.items()} == dict.fromkeys(
        ("disparityL.x", "disparityL.y", "disparityR.x", "disparityR.y"), "float32")  # fmt: skip
    from_depth = rig["focal_px"] * rig["interaxial_m"] * (1 / z - 1 / rig["zero_plane_m"])
    np.testing.assert_allclose(-pixels["disparityR.x"], from_depth, atol=0.01)
    assert not pixels["disparityR.y"].any() and not pixels["disparityL.y"].any()


@pytest.mark.parametrize("frame", STEREO)
def test_the_lantern_pops_out_and_the_sky_recedes(example_plate: Path, truth: Path, frame: int) -> None:
    z = channels(example_plate / f"plate.{frame}.exr")["depth.Z"]
    left_grid, right_grid = (channels(truth / f"disparity.{frame}.exr")[n] for n in ("disparityR.x", "disparityL.x"))
    assert -24 < left_grid.min() < -8 and 8 < right_grid.max() < 24
    assert (left_grid[np.isinf(z)] > 10).all()
    assert left_grid.max() < 0.02 * WIDTH


@pytest.mark.parametrize("frame", STEREO)
def test_truth_warps_one_eye_onto_the_other(example_plate: Path, truth: Path, frame: int) -> None:
    left, right = rgb(example_plate / f"plate.{frame}.exr"), rgb(truth / f"right.{frame}.exr")
    pixels = channels(truth / f"disparity.{frame}.exr")
    column = np.arange(WIDTH) + pixels["disparityL.x"]
    inside = (column >= 0) & (column <= WIDTH - 1)
    column = np.clip(column, 0, WIDTH - 1)
    there = fetch(-pixels["disparityR.x"][..., None], column)[..., 0]
    seen = inside & (np.abs(there - pixels["disparityL.x"]) < 0.25)
    assert seen.mean() > 0.85
    shown = [np.clip(picture, 0, 1) ** (1 / 2.2) for picture in (fetch(left, column), right)]
    assert psnr(shown, seen) > 34
    assert psnr([np.clip(left, 0, 1) ** (1 / 2.2), shown[1]], seen) < 25


def psnr(pair: list[np.ndarray], where: np.ndarray) -> float:
    return float(-10 * np.log10(((pair[0] - pair[1]) ** 2)[where].mean()))


@pytest.mark.parametrize("frame", STEREO)
def test_right_eye_has_the_plates_format(truth: Path, frame: int) -> None:
    pixels = channels(truth / f"right.{frame}.exr")
    assert {name: (p.dtype.name, p.shape) for name, p in pixels.items()} == dict.fromkeys(
        "RGBA", ("float16", (HEIGHT, WIDTH)))  # fmt: skip
