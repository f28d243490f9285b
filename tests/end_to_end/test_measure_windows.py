"""`art3d measure` with a reference or a disparity where the file holds a part of the picture, or more than it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main

WIDTH, HEIGHT, NEARER_PX = 320, 200, 4
Window = tuple[int, int, int, int]
WHOLE: Window = (0, 0, WIDTH, HEIGHT)
PART: Window = (60, 20, 260, 180)
CORNER: Window = (0, 0, 200, 120)
ACROSS = np.full((HEIGHT, WIDTH), NEARER_PX, np.float32)


def _exr(path: Path, pixels: np.ndarray, data: Window, display: Window = WHOLE, *, disparity: bool = False) -> str:
    x0, y0, x1, y1 = data
    channels = {"RGB": np.ascontiguousarray(pixels[y0:y1, x0:x1])}
    if disparity:
        channels["disparityR.x"] = np.full((y1 - y0, x1 - x0), -NEARER_PX, np.float32)
    header = {
        name: (np.array([box[0], box[1]], np.int32), np.array([box[2] - 1, box[3] - 1], np.int32))
        for name, box in (("dataWindow", data), ("displayWindow", display))
    }
    OpenEXR.File({"type": OpenEXR.scanlineimage, **header}, channels).write(str(path))
    return str(path)


def _eyes() -> tuple[np.ndarray, np.ndarray]:
    noise = np.random.default_rng(0).random((HEIGHT, WIDTH + 2 * NEARER_PX, 3)).astype(np.float32)
    texture = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.float32)
    return texture[:, NEARER_PX:-NEARER_PX], texture[:, 2 * NEARER_PX :]


def _measured(words: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["measure", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("data", [PART, CORNER, (0, 40, 320, 160)])
@pytest.mark.parametrize("given", ["own", "display.npy", "data.npy", "reference"])
def test_a_data_window_narrows_no_picture(
    tmp_path: Path, data: Window, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    left, right = _eyes()
    x0, y0, x1, y1 = data
    one = _exr(tmp_path / "l.exr", left, data, disparity=given in ("own", "reference"))
    eyes = [one, _exr(tmp_path / "r.exr", right, data)]
    np.save(tmp_path / "display.npy", ACROSS)
    np.save(tmp_path / "data.npy", ACROSS[y0:y1, x0:x1])
    more = {"own": [], "reference": ["--reference", eyes[1]]}.get(given, ["--disparity", str(tmp_path / given)])
    found = _measured([*eyes, *more], capsys)
    assert (found["width"], found["height"]) == (WIDTH, HEIGHT)
    ranks = [found[f"parallax_{name}_pct"] for name in ("min", "p1", "p50", "p99", "max")]
    assert ranks == pytest.approx([-100 * NEARER_PX / WIDTH] * 5, abs=1e-4)


def test_pixels_beyond_the_picture_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = _eyes()
    shown = (40, 30, 280, 170)
    eyes = [_exr(tmp_path / f"{n}.exr", p, WHOLE, shown) for n, p in (("l", left), ("r", right))]
    across = ACROSS.copy()
    across[:30] = across[:, :40] = 50
    np.save(tmp_path / "d.npy", across)
    found = _measured([*eyes, "--disparity", str(tmp_path / "d.npy")], capsys)
    assert found["parallax_min_pct"] == pytest.approx(-100 * NEARER_PX / 240, abs=1e-4)


def test_what_the_disparity_does_not_cover_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = _eyes()
    eyes = [_exr(tmp_path / f"{n}.exr", p, WHOLE) for n, p in (("l", left), ("r", right))]
    part = _exr(tmp_path / "d.exr", left, PART, disparity=True)
    found = _measured([*eyes, "--disparity", part], capsys)
    assert found["parallax_max_pct"] == pytest.approx(-100 * NEARER_PX / WIDTH, abs=1e-4)


@pytest.mark.parametrize("data", [PART, CORNER])
def test_a_reference_counts_where_the_left_view_has_pixels(
    tmp_path: Path, data: Window, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing equals nothing: black beside the pictures would flatter every figure."""
    left, right = _eyes()
    true = right + np.float32(0.1)
    eyes = [_exr(tmp_path / f"{n}.exr", p, data) for n, p in (("l", left), ("r", right))]
    found = _measured([*eyes, "--reference", _exr(tmp_path / "true.exr", true, WHOLE)], capsys)
    assert found["psnr_db"] == pytest.approx(20.0, abs=0.01)
