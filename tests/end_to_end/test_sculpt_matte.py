"""`--sculpt-matte`: a matte from files limits Local Sculpt, alike in a render and on the farm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from host_bridge.cli import main
from tests.end_to_end.written import parts

ROWS, COLUMNS = 32, 96
FRAMES = (1, 2)
INSIDE = np.broadcast_to(np.arange(COLUMNS) < COLUMNS // 2, (ROWS, COLUMNS))
BIN = Path(sys.executable).parent


def exr(path: Path, **channels: np.ndarray) -> None:
    named = {name: np.ascontiguousarray(c, np.float32) for name, c in channels.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, named).write(str(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two frames with depth, and mattes of their left half in every way that a file holds one."""
    rng = np.random.default_rng(4)
    matte = INSIDE.astype(np.float32)
    for number in FRAMES:
        color, z = rng.random((ROWS, COLUMNS, 3)), rng.random((ROWS, COLUMNS))
        exr(tmp_path / f"p.{number}.exr", R=color[..., 0], G=color[..., 1], B=color[..., 2], Z=z)
        exr(tmp_path / f"rgba.{number}.exr", R=matte, G=0 * matte, B=0 * matte, A=1 - matte)
        exr(tmp_path / f"alpha.{number}.exr", A=matte)
        exr(tmp_path / f"roto.{number}.exr", **{"roto": matte})
        Image.fromarray((matte * 255).astype(np.uint8)).save(tmp_path / f"grey.{number}.png")
    exr(tmp_path / "tall.exr", A=np.ones((COLUMNS, ROWS), np.float32))
    exr(tmp_path / "gap.1.exr", A=matte)
    exr(tmp_path / "gap.3.exr", A=matte)
    return tmp_path


def words_of(folder: Path, command: str, out: str, *more: str) -> list[str]:
    plain = ["--depth", "aov", "--style", "immersive", "--sculpt", "0", "--depth-budget", "none", "--shot", "none"]
    return [command, str(folder / "p.#.exr"), "-o", str(folder / out), *plain, *more]


def disparities(folder: Path, name: str) -> list[np.ndarray]:
    """x_L − x_R of the left eye, px, of each frame."""
    read = (parts(folder / f"{name}.{number}.exr")["disparityR"].channels["disparityR.x"].pixels for number in FRAMES)
    return [np.asarray(-pixels) for pixels in read]


def test_local_sculpt_acts_where_the_matte_is_white(folder: Path) -> None:
    assert main(words_of(folder, "render", "flat.#.exr")) == 0
    assert main(words_of(folder, "render", "whole.#.exr", "--sculpt", "1")) == 0
    for name in ("rgba.#.exr", "alpha.#.exr", "roto.#.exr", "grey.#.png"):
        out = "half_" + name.partition(".")[0]
        assert main(words_of(folder, "render", f"{out}.#.exr", "--sculpt-matte", str(folder / name))) == 0
        for flat, whole, half in zip(*(disparities(folder, n) for n in ("flat", "whole", out)), strict=True):
            assert np.abs(flat - whole)[INSIDE].max() > 0.1
            np.testing.assert_array_equal(half[INSIDE], flat[INSIDE])
            np.testing.assert_array_equal(half[~INSIDE], whole[~INSIDE])


def test_another_matte_is_another_picture(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished frame is kept only while its matte is the same."""
    words = words_of(folder, "render", "o.#.exr", "--sculpt-matte", str(folder / "alpha.#.exr"))
    assert main(words) == 0 and main(words) == 0
    assert "2 kept" in capsys.readouterr().err
    for number in FRAMES:
        exr(folder / f"alpha.{number}.exr", A=~INSIDE)
    assert main(words) == 0
    assert "2 rendered" in capsys.readouterr().err


def test_the_farm_renders_the_same_picture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = folder / "r"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("ART3D_RUNTIME_DIR", str(home))
    monkeypatch.delenv("ART3D_SERVER", raising=False)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    matte = ["--sculpt-matte", str(folder / "alpha.#.exr")]
    assert main(words_of(folder, "render", "own.#.exr", *matte)) == 0
    assert main(["stop"]) == 0
    bundle = folder / "job"
    words = words_of(folder, "submit", "farm/farm.#.exr", *matte, "--any-environment", "--bundle", str(bundle))
    assert main(words) == 0
    run = [str(BIN / "openjd"), "run", str(bundle / "template.json"), "--step", "Render"]
    run += ["-p", f"file://{bundle / 'parameters.json'}"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    for number in FRAMES:
        own, farm = (parts(path) for path in (folder / f"own.{number}.exr", folder / f"farm/farm.{number}.exr"))
        assert own.keys() == farm.keys()
        for part, read in own.items():
            for name, channel in read.channels.items():
                np.testing.assert_array_equal(channel.pixels, farm[part].channels[name].pixels)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--sculpt-matte", "people"], "is no picture of a matte"),
        (["--sculpt-matte", "none.#.exr"], "no file matches"),
        (["--sculpt-matte", "tall.exr"], "another shape"),
        (["--sculpt-matte", "gap.#.exr"], "the matte has no frame 2"),
        (["--sculpt-matte", "alpha.#.exr", "--matte", "people"], "leave one of the two out"),
    ],
)
def test_what_does_not_fit_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, more: list[str], said: str
) -> None:
    monkeypatch.chdir(folder)
    assert main(words_of(folder, "render", "o.#.exr", *more)) != 0
    captured = capsys.readouterr()
    assert said in captured.out + captured.err
    assert "Traceback" not in captured.err
