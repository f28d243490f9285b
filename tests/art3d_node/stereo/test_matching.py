"""The matcher on generated pairs whose disparities are known."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from art3d_node import native
from art3d_node.stereo.matching import consistent, match
from benchmarks.middlebury import HELD_OUT, TUNED_ON, load

SIZE, REACH = 192, 32
PLATES = Path(os.environ.get("ART3D_PLATES", Path(__file__).parents[4] / "shared" / "plates"))


def _texture(seed: int, width: int, height: int = SIZE) -> np.ndarray:
    """Soft colour noise, (height, width, 3) uint8, with detail along and across."""
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.normal(0, 90, (height, width, 3)).astype(np.float32), (0, 0), 1.2)
    coarse = cv2.GaussianBlur(rng.normal(0, 600, (height, width, 3)).astype(np.float32), (0, 0), 9)
    return np.asarray((128 + fine + coarse).clip(0, 255), np.uint8)


def _pair(disparity: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    wide = _texture(seed, SIZE + 2 * REACH)
    return wide[:, REACH : REACH + SIZE].copy(), wide[:, REACH + disparity : REACH + disparity + SIZE].copy()


def _step(near: int, far: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A square before a plane: both eyes, and both eyes' true disparities."""
    left, right = _pair(far)
    front = _texture(2, 80, 80)
    truths = [np.full((SIZE, SIZE), far, np.float32) for _ in range(2)]
    for eye, truth, at in ((left, truths[0], 60), (right, truths[1], 60 - near)):
        eye[50:130, at : at + 80] = front
        truth[50:130, at : at + 80] = near
    return left, right, truths[0], truths[1]


@pytest.mark.parametrize("disparity", [-21, -1, 0, 3, 27])
def test_a_plane_of_either_sign(disparity: int) -> None:
    found = match(*_pair(disparity), reach_px=REACH)
    for d, valid in zip(found.disparity, found.valid, strict=True):
        assert valid[:, REACH:-REACH].mean() > 0.95
        error = np.abs(d[valid] - disparity)
        assert np.median(error) < 0.1 and (error < 0.5).mean() > 0.99 and error.max() < 2


@pytest.mark.parametrize(("near", "far"), [(14, -9), (20, 4), (-3, -17)])
def test_outlines_lie_where_the_picture_has_them(near: int, far: int) -> None:
    left, right, *truths = _step(near, far)
    found = match(left, right, reach_px=REACH)
    for d, valid, truth in zip(found.disparity, found.valid, truths, strict=True):
        assert valid.mean() > 0.6
        assert (np.abs(d - truth)[valid] < 1).mean() > 0.985
    hidden = np.zeros((SIZE, SIZE), bool)
    hidden[56:124, 62 - (near - far) : 58] = True  # left of the square, in the left eye alone
    assert found.valid[0][hidden].mean() < 0.1


def test_fractions_of_a_pixel() -> None:
    left, _ = _pair(0)
    for shift in (2.25, 2.5, -3.75):
        to_source = np.array([[1, 0, shift], [0, 1, 0]], np.float32)
        right = cv2.warpAffine(left, to_source, (SIZE, SIZE), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        found = match(left, np.asarray(right, np.uint8), reach_px=REACH)
        assert np.median(found.disparity[0][found.valid[0]]) == pytest.approx(shift, abs=0.12)


def _harmed(kind: str, eye: np.ndarray) -> np.ndarray:
    values = eye.astype(np.float32)
    made: dict[Any, Callable[..., Any]] = {  # type: ignore[no-untyped-call]
        "gain": lambda: values * 0.8 + 6,
        "gamma": lambda: 255 * (values / 255) ** 1.3,
        "tint": lambda: values * np.array([0.85, 1.0, 1.1], np.float32),
        "blur": lambda: cv2.GaussianBlur(values, (0, 0), 1.2),
        "low": lambda: cv2.warpAffine(
            values, np.array([[1, 0, 0], [0, 1, 1.3]], np.float32), (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE
        ),
    }[kind]()
    return np.asarray(np.asarray(made).clip(0, 255), np.uint8)


@pytest.mark.parametrize("kind", ["gain", "gamma", "tint", "blur", "low"])
def test_eyes_that_differ(kind: str) -> None:
    left, right = _pair(9)
    found = match(left, _harmed(kind, right), reach_px=REACH)
    assert found.valid[0][:, REACH:].mean() > (0.1 if kind == "low" else 0.8)  # rows that do not meet match less
    assert (np.abs(found.disparity[0] - 9)[found.valid[0]] < 1).mean() > 0.97


@pytest.mark.parametrize("kind", ["bar", "sky", "ramp"])
@pytest.mark.parametrize("where", [(0, 60, 0, SIZE), (130, SIZE, 0, SIZE), (50, 150, 60, 140)])
def test_a_blank_is_never_valid(kind: str, where: tuple[int, int, int, int]) -> None:
    rng = np.random.default_rng(3)
    left, right = _pair(6)
    top, bottom, first, last = where
    rows = np.linspace(200, 140, SIZE)[:, None, None]
    for eye in (left, right):
        noise = rng.normal(0, 1.2, (SIZE, SIZE, 1))
        flat = {"bar": 0 * rows + 0 * noise, "sky": rows + noise, "ramp": rows + 0 * noise}[kind]
        eye[top:bottom, first:last] = np.asarray(flat.clip(0, 255).repeat(3, 2), np.uint8)[top:bottom, first:last]
    found = match(left, right, reach_px=REACH)
    side = 3 if first else 0  # an upright edge of the blank is texture itself
    assert not found.valid[0][top:bottom, first + side : last - side].any()
    rest = np.ones((SIZE, SIZE), bool)
    rest[max(0, top - 8) : bottom + 8, max(0, first - 24) : last + 24] = False
    rest[:, :REACH] = rest[:, -REACH:] = False
    assert found.valid[0][rest].mean() > 0.85


@pytest.mark.parametrize("noise_codes", [0.7, 2.5, 5.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_between_textures_is_never_valid(noise_codes: float, seed: int) -> None:
    rng = np.random.default_rng(seed + 100)
    eyes = _pair(6, seed)
    for eye in eyes:
        sky = np.linspace(200, 140, SIZE)[:, None, None] + rng.normal(0, noise_codes, (SIZE, SIZE, 1))
        eye[:, 70:] = np.asarray(sky.clip(0, 255).repeat(3, 2), np.uint8)[:, 70:]
        eye[50:150, 150:] = _texture(9, SIZE)[50:150, 150:]
    found = match(*eyes, reach_px=REACH)
    assert not found.valid[0][:, 73:147].any()
    assert found.valid[0][60:140, 160:].mean() > 0.8


def test_nothing_matches_a_stranger() -> None:
    found = match(_texture(1, SIZE), _texture(7, SIZE), reach_px=REACH)
    assert max(valid.mean() for valid in found.valid) < 0.01


def test_what_lies_beyond_the_reach_is_unknown() -> None:
    wide = _texture(1, SIZE + 128)
    found = match(wide[:, :SIZE].copy(), wide[:, 48 : 48 + SIZE].copy(), reach_px=REACH)
    assert max(valid.mean() for valid in found.valid) < 0.01


def test_mirrored_and_swapped_is_the_same_pair() -> None:
    left, right, *_ = _step(14, -9)
    once = match(left, right, reach_px=REACH)
    mirrored = match(right[:, ::-1].copy(), left[:, ::-1].copy(), reach_px=REACH)
    both = once.valid[0] & mirrored.valid[1][:, ::-1]
    assert both.mean() > 0.9 * once.valid[0].mean()
    assert (np.abs(once.disparity[0] - mirrored.disparity[1][:, ::-1])[both] < 0.6).mean() > 0.99


def test_threads_change_nothing() -> None:
    left, right, *_ = _step(14, -9)
    several = match(left, right, reach_px=REACH)
    before = native.threads()
    native.set_threads(1)
    try:
        one = match(left, right, reach_px=REACH)
    finally:
        native.set_threads(before)
    for a, b in zip((*several.disparity, *several.valid), (*one.disparity, *one.valid), strict=True):
        np.testing.assert_array_equal(a, b)


_DIGEST = """
import hashlib
from art3d_node.stereo.matching import match
from tests.art3d_node.stereo.test_matching import _step
found = match(*_step(14, -9)[:2], reach_px=32)
print(hashlib.sha1(b"".join(a.tobytes() for a in (*found.disparity, *found.valid))).hexdigest())
"""


def test_every_instruction_set_finds_the_same() -> None:
    root = Path(__file__).parents[3]
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env={**os.environ, "ART3D_ISA": isa, "PYTHONPATH": str(root)}, cwd=root,
            check=True, capture_output=True, text=True,
        ).stdout
        for isa in ("x86-64-v2", "")
    }  # fmt: skip
    assert len(digests) == 1


def test_tiny_pictures_and_bad_ones() -> None:
    left, right = _pair(2)
    found = match(left[:9, :12], right[:9, :12], reach_px=4)
    assert found.disparity[0].shape == (9, 12)
    with pytest.raises(ValueError, match="two pictures"):
        match(left, right[:-1], reach_px=4)
    with pytest.raises(ValueError, match="two pictures"):
        match(left[..., 0], right[..., 0], reach_px=4)
    with pytest.raises(ValueError, match="reach"):
        match(left, right, reach_px=0)


def test_consistency_finds_the_odd_one() -> None:
    left, right = np.full((4, 32), 3.0, np.float32), np.full((4, 32), 3.0, np.float32)
    right[:, 10] = 9.0
    valid = consistent((left, right), 1.0)
    assert not valid[0][:, 13].any() and not valid[1][:, 10].any()
    assert valid[0][:, 14:].all() and not valid[0][:, :3].any()


@pytest.mark.skipif(not (PLATES / "middlebury_stereo_gt").is_dir(), reason="no shared/plates beside this checkout")
@pytest.mark.parametrize("name", [*TUNED_ON, *HELD_OUT])
def test_real_pairs_with_truth(name: str) -> None:
    scene = load(PLATES, name)
    eyes = [(255 * eye.numpy()).round().astype(np.uint8) for eye in (scene.left, scene.right)]
    found = match(eyes[0], eyes[1], reach_px=80)
    error = np.abs(found.disparity[0] - scene.disparity.numpy())[found.valid[0]]
    assert np.median(error) < 0.3
    assert (error < 1).mean() > 0.96
