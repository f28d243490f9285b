"""`art3d render` of a sequence inside black bars: what lies inside comes out as if there were none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.shot.file import load_shot
from tests.end_to_end.street import FRAMES, LIT, SIDES, assert_same_disparity, save, street


def disparity(path: Path) -> np.ndarray:
    part = next(p for p in OpenEXR.File(str(path), separate_channels=True).parts if p.header["name"] == "disparityR")
    return np.asarray(part.channels["disparityR.x"].pixels)


def rendered(folder: Path, *options: str) -> list[np.ndarray]:
    words = ["render", str(folder / "p.####.exr"), "-o", str(folder / "o.####.exr"), "--depth", "mini"]
    assert main([*words, "--style", "immersive", "--compression", "zip", *options]) == 0
    return [disparity(folder / f"o.{number:04d}.exr") for number in FRAMES]


OPTIONS: dict[str, tuple[str, ...]] = {"shot": (), "alone": ("--shot", "none")}


def written(folder: Path, bars: tuple[int, int, int, int], how: str) -> list[np.ndarray]:
    folder.mkdir()
    for index in range(len(FRAMES)):
        save(folder, index, street(index), bars)
    return rendered(folder, *OPTIONS[how])


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[np.ndarray]]:
    """The disparity of the plate without bars."""
    folder = tmp_path_factory.mktemp("plain")
    return {how: written(folder / how, (0, 0, 0, 0), how) for how in OPTIONS}


@pytest.mark.parametrize("how", OPTIONS)
@pytest.mark.parametrize("side", SIDES)
def test_a_padded_plate_gives_what_the_plate_gives(
    tmp_path: Path, plain: dict[str, list[np.ndarray]], side: str, how: str
) -> None:
    """Frames too dark to show their bars are told by the shot; on their own they are flat enough not to matter."""
    lit = len(FRAMES) if how == "shot" else LIT
    for wanted, made in list(zip(plain[how], written(tmp_path / "padded", SIDES[side], how), strict=True))[:lit]:
        assert_same_disparity(made, wanted, SIDES[side])


def test_bars_that_change_do_not_move_the_picture(tmp_path: Path) -> None:
    """A still picture whose letterbox comes in the middle of the shot: where both show it, it stays where it was."""
    for index in range(len(FRAMES)):
        color = np.array(street(0))
        if index >= 4:
            color[:16] = color[-16:] = 0
        save(tmp_path, index, color, (0, 0, 0, 0))
    frames = rendered(tmp_path)
    shot = load_shot(tmp_path / "p.art3d")
    assert {entry.bars for entry in shot.frames.values()} == {(0, 0, 0, 0), (16, 16, 0, 0)}
    assert any("bars change at 5" in reason for reason in shot.reasons)
    before, after = frames[3][20:-20], frames[4][20:-20]
    assert abs(float(np.median(after - before))) < 0.0045 / 2 * 160
    assert not frames[4][:16].any() and not frames[4][-16:].any()
