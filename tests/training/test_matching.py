"""Stereo matching, rectification, masks, and why pairs are rejected."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from art3d_node.stereo.rectify import corrected, largest, vertical_disparity, vertical_error
from host_bridge.core.errors import BadInputError
from tests.training.conftest import small_bench
from training import masks
from training.masks import EyeView, Residual, mask_source
from training.pairs import Beside, Reject, Sample
from training.stage.textures import painted
from training.stereo_net import Disparities, consistent, stereo_net

SIZE = 256


def _picture(seed: int = 0, width: int = SIZE) -> np.ndarray:
    return (255 * painted(np.random.default_rng(seed), width, SIZE)).astype(np.uint8)


def _step_pair(near_px: int, far_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A far plane and a near square with known disparities: left, right, true left disparity."""
    far, near = _picture(1, SIZE + 64), _picture(2, SIZE + 64)
    left, right = far[:, 32 : 32 + SIZE].copy(), far[:, 32 + far_px : 32 + far_px + SIZE].copy()
    square = slice(80, 180), slice(90, 170)
    left[square] = near[80:180, 0:80]
    right[80:180, 90 - near_px : 170 - near_px] = near[80:180, 0:80]
    truth = np.full((SIZE, SIZE), far_px, np.float32)
    truth[square] = near_px
    return left, right, truth


def test_unknown_names() -> None:
    with pytest.raises(BadInputError, match="no stereo matcher"):
        stereo_net("magic")
    with pytest.raises(BadInputError, match="no mask source"):
        mask_source("magic")


def test_sea_raft_names_its_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no SEA-RAFT checkpoint here"):
        stereo_net("sea-raft", weights=tmp_path / "none.ckpt")


@pytest.mark.parametrize(("near_px", "far_px"), [(12, -9), (20, 4), (-3, -17)])
def test_signed_disparities_come_back(near_px: int, far_px: int) -> None:
    left, right, truth = _step_pair(near_px, far_px)
    found = stereo_net("sgm", reach_px=32).match(left, right)
    valid = consistent(found, tolerance_px=1.0)
    assert min(v.mean() for v in valid) > 0.75
    error = np.abs(found.left - truth)[valid[0]]
    assert np.median(error) < 0.3 and (error < 1).mean() > 0.95


def test_consistency_finds_the_odd_one() -> None:
    left, right = np.full((4, 32), 3.0, np.float32), np.full((4, 32), 3.0, np.float32)
    right[:, 10] = 9.0
    valid = consistent(Disparities(left, right), tolerance_px=1.0)
    assert not valid[0][:, 13].any() and not valid[1][:, 10].any()
    assert valid[0][:, 14:].all() and not valid[0][:, :3].any()


def test_vertical_errors_are_measured_and_taken_out() -> None:
    rough = np.random.default_rng(3).integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8)
    left = cv2.normalize(cv2.GaussianBlur(rough, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)
    turn = np.array([[1.0, 0.0, 0.0], [0.01, 1.005, 2.0]])
    right = cv2.warpAffine(left, turn, (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE)
    seen = vertical_disparity(left, right)
    error = vertical_error(seen)
    assert error[0] == pytest.approx(2.0, abs=0.15)
    assert error[1:] == pytest.approx([0.01, 0.005], abs=0.002)
    assert seen.share_over(2.0) > 0.5 and largest(error, SIZE, SIZE) > 5
    mended = vertical_disparity(left, corrected(right, error))
    assert mended.share_over(0.5) < 0.05


def test_residual_takes_regions_in_front_only() -> None:
    residual = np.zeros((SIZE, SIZE), np.float32)
    residual[50:120, 60:110] = 6.0
    residual[150:200, 60:110] = -6.0
    residual[10:14, 10:14] = 9.0
    residual[:, 0] = np.nan
    found = Residual().find(EyeView(_picture(), residual, 0.1))
    expected = np.zeros_like(found)
    expected[50:120, 60:110] = True
    assert (found & expected).sum() / (found | expected).sum() > 0.95
    assert not Residual().find(EyeView(_picture(), residual, 3.0)).any()


def test_mattes_and_no_masks() -> None:
    matte = np.zeros((SIZE, SIZE), np.float32)
    matte[:9] = 1
    residual = np.zeros((SIZE, SIZE), np.float32)
    assert mask_source("mattes").find(EyeView(_picture(), residual, 0.1, matte)).sum() == 9 * SIZE
    assert not mask_source("mattes").find(EyeView(_picture(), residual, 0.1)).any()
    assert not mask_source("none").find(EyeView(_picture(), residual, 0.1, matte)).any()


def test_lang_sam_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "lang_sam":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInputError) as caught:
        mask_source("lang-sam", prompts=("a character",))
    assert masks.LANG_SAM_INSTALL in str(caught.value)


def _measure(left: np.ndarray, right: np.ndarray, iz: np.ndarray, **changes: object) -> Sample | Reject:
    return small_bench(**changes).measure(left, right, 1.0, Beside((iz, iz)))


def test_reasons_for_rejects() -> None:
    left, right, truth = _step_pair(12, -9)
    assert isinstance(_measure(left, right, truth), Sample)
    swapped = _measure(right, left, truth)
    assert isinstance(swapped, Reject) and swapped.reason == "eyes swapped"
    flat = _measure(left, left, truth)
    assert isinstance(flat, Reject) and flat.reason == "too little range"
    stranger = _measure(left, _picture(9), truth)
    assert isinstance(stranger, Reject) and stranger.reason in ("inconsistent", "vertical disparity")
    waves = np.sin(np.arange(SIZE) / 5.0)[None].repeat(SIZE, 0).astype(np.float32)
    other = _measure(left, right, waves)
    assert isinstance(other, Reject) and other.reason == "disparity and depth disagree"
    rolled = cv2.warpAffine(right, np.array([[1.0, 0, 0], [0, 1, 18.0]]), (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    crooked = _measure(left, rolled, truth)
    assert isinstance(crooked, Reject) and crooked.reason == "vertical disparity"


def test_a_small_vertical_error_is_corrected() -> None:
    left, right, truth = _step_pair(12, -9)
    lowered = cv2.warpAffine(right, np.array([[1.0, 0, 0], [0, 1, 3.0]]), (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    result = _measure(left, lowered, truth)
    assert isinstance(result, Sample)
    assert result.figures["vertical_error_px"] == pytest.approx(3, abs=0.4)


def test_people_are_masked_by_the_bundled_networks(plates: Path) -> None:
    frame = plates / "film_frames" / "tos_shot_a" / "tos.0410.png"
    if not frame.exists():
        pytest.skip(f"{frame} is absent")
    picture = np.asarray(cv2.imread(str(frame), cv2.IMREAD_COLOR_RGB))
    found = mask_source("people").find(EyeView(picture, np.zeros(picture.shape[:2], np.float32), 1.0))
    assert found.dtype == bool
    assert found[100:, 380:440].mean() > 0.9, "the man"
    assert found[:, 620:].mean() < 0.02, "the dark beside him"
