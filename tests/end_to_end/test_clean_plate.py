"""`--clean-plate` and `--clean-depth`: what the commands read, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from tests.art3d_node.staged import carried
from tests.end_to_end.written import parts

ROWS, COLUMNS = 48, 160
FRAMES = (1, 2)
COLUMN = np.broadcast_to(np.arange(COLUMNS), (ROWS, COLUMNS))
FRONT = (COLUMN >= 60) & (COLUMN < 100)
FRONT_PX, NEAR_PX, FAR_PX = 8.0, -4.0, -12.0
STEP = {"right": COLUMN >= 98, "left": COLUMN < 62}
"""Where the ground behind the actor is nearer: what the hole of that eye shows changes within it."""
CLEAN = np.random.default_rng(2).random((ROWS, COLUMNS, 3)).astype(np.float32)


def exr(path: Path, **channels: np.ndarray) -> str:
    named = {name.replace("_", "."): np.ascontiguousarray(c, np.float32) for name, c in channels.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, named).write(str(path))
    return str(path)


def ground(eye: str) -> np.ndarray:
    return np.where(STEP[eye], NEAR_PX, FAR_PX).astype(np.float32)


def filled(path: Path, eye: str, moved: np.ndarray) -> float:
    """How near the holes of a written view come to the clean plate, carried whole pixels; dB."""
    truth, nearest = carried(CLEAN, moved, 1 if eye == "right" else -1)
    view, mask = (parts(path)[name].channels for name in (eye, f"occlusion.{eye}"))
    shown = (mask["occlusion.mask"].pixels > 0) & np.isfinite(nearest)
    assert shown.sum() >= 5 * ROWS
    made = np.stack([view[name].pixels for name in "RGB"], -1) if "R" in view else view["RGB"].pixels
    return float(-10 * np.log10(max(np.mean((made - truth)[shown].astype(np.float64) ** 2), 1e-12)))


@pytest.mark.parametrize("hero", ["left", "right"])
def test_warp_with_a_clean_plate_and_its_disparity(tmp_path: Path, hero: str) -> None:
    eye = {"left": "right", "right": "left"}[hero]
    d = np.where(FRONT, FRONT_PX, ground(eye)).astype(np.float32)
    for number in FRAMES:
        color = np.where(FRONT[..., None], 0.9, CLEAN)
        exr(tmp_path / f"p.{number}.exr", R=color[..., 0], G=color[..., 1], B=color[..., 2])
        np.save(tmp_path / f"d.{number}.npy", d)
    exr(tmp_path / "clean.exr", R=CLEAN[..., 0], G=CLEAN[..., 1], B=CLEAN[..., 2])
    np.save(tmp_path / "behind.npy", ground(eye))
    words = ["warp", str(tmp_path / "p.#.exr"), str(tmp_path / "d.#.npy"), "-o", str(tmp_path / "o.#.exr")]
    more = ["--clean-plate", str(tmp_path / "clean.exr"), "--fill", "clean-plate", "--hero", hero]
    assert main([*words, *more, "--clean-disparity", str(tmp_path / "behind.npy")]) == 0
    for number in FRAMES:
        assert filled(tmp_path / f"o.{number}.exr", eye, ground(eye)) >= 60
    assert main([*words, *more]) == 0
    assert filled(tmp_path / "o.1.exr", eye, ground(eye)) < 40


def z_of(d: np.ndarray) -> np.ndarray:
    """Nearness 0 … 1 of a disparity, px, as a picture of depth."""
    return (d - FAR_PX) / (FRONT_PX - FAR_PX)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Two frames with depth beside them, and a clean plate whose EXRs hold its depth too."""
    behind = ground("right")
    d = np.where(FRONT, FRONT_PX, behind)
    color = np.where(FRONT[..., None], 0.9, CLEAN)
    for number in FRAMES:
        exr(tmp_path / f"p.{number}.exr", R=color[..., 0], G=color[..., 1], B=color[..., 2])
        exr(tmp_path / f"z.{number}.exr", Z=z_of(d))
        exr(tmp_path / f"clean.{number}.exr", R=CLEAN[..., 0], G=CLEAN[..., 1], B=CLEAN[..., 2], Z=z_of(behind))
    return tmp_path


def words_of(folder: Path, *more: str) -> list[str]:
    named = {"--depth": "z.#.exr", "--clean-plate": "clean.#.exr", "--clean-depth": "clean.#.exr"}
    fixed = [word for flag, name in named.items() for word in (flag, str(folder / name))]
    plain = ["--fill", "clean-plate", "--z-meaning", "near-is-white", "--depth-budget", "none", "--shot", "none"]
    return ["render", str(folder / "p.#.exr"), "-o", str(folder / "o.#.exr"), *fixed, *plain, *more]


def written_disparity(path: Path) -> np.ndarray:
    """x_L − x_R of the left eye, px."""
    return np.asarray(-parts(path)["disparityR"].channels["disparityR.x"].pixels)


@pytest.mark.parametrize("edges", ["soft", "hard"])
def test_render_turns_the_clean_plates_depth_by_each_frames_knobs(street: Path, edges: str) -> None:
    script = street / "knobs.json"
    gains = {1: 2.4, 2: 3.6}
    keys = {"depth_gain": {str(number): gain for number, gain in gains.items()}}
    script.write_text(json.dumps({"format": "art3d-controls", "version": 1, "interpolation": "linear", "keys": keys}))
    assert main(words_of(street, "--controls", str(script), "--edges", edges, "--overwrite")) == 0
    holes = {}
    for number in FRAMES:
        path = street / f"o.{number}.exr"
        d = written_disparity(path)
        view, own = (parts(path)[name].channels for name in ("disparityL", "occlusion.right"))
        shown = (own["occlusion.mask"].pixels > 0) & (COLUMN > 30)  # not what lies beyond the border
        made = view["disparityL.x"].pixels[shown]
        levels = [float(d[0, 10]), float(d[0, 110])]  # the far and the near ground, as the plate shows them
        assert {round(float(value), 3) for value in made} == {round(value, 3) for value in levels}
        holes[number] = levels[1] - levels[0]
    assert holes[2] == pytest.approx(1.5 * holes[1], rel=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--clean-plate", ""], "name the clean plate with --clean-plate"),
        (["--clean-depth", "mini"], "is no picture of depth"),
        (["--depth", "mini"], "units of the plate's Z, and mini is a network"),
        (["--clean-depth", "none.#.exr"], "no file matches"),
        (["--clean-depth", "small.exr"], "another shape"),
        (["--clean-plate", "gap.#.exr"], "the clean plate has no frame 2"),
        (["--clean-depth", "gap.#.exr"], "the clean plate's depth has no frame 2"),
    ],
)
def test_what_does_not_fit_is_refused(
    street: Path, capsys: pytest.CaptureFixture[str], change: list[str], said: str
) -> None:
    exr(street / "small.exr", Z=np.ones((ROWS, COLUMNS // 3)) * np.arange(COLUMNS // 3))
    for number in (1, 3):
        (street / f"gap.{number}.exr").write_bytes((street / "clean.1.exr").read_bytes())
    flag, value = change
    named = value if not value or value == "mini" else str(street / value)
    assert main([*words_of(street), flag, named]) != 0
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert "Traceback" not in captured.err
