"""What cannot be done: one line, its exit code, nothing left on the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main


def bad(words: list[str], code: int, *said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1
    for text in said:
        assert text in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--style", "no-such-style"], "no-such-style"),
        (["--depth", "no-such-source"], "no-such-source"),
        (["--fill", "glue"], "choose one of: background, none, clean-plate"),
        (["--hero", "middle"], "choose one of: left, right, none"),
        (["--depth-gain", "wide"], "give a number from 0 to 4"),
        (["--zero-plane", "99"], "give a number from -10 to 10"),
        (["--layers", "colour"], "choose of: inverse_depth"),
        (["--missing", "perhaps"], "choose one of: error, skip, hold"),
        (["--compression", "lzw"], "choose one of: auto, zip"),
        (["--input-space", "no such space"], "no colour space"),
        (["--frames", "a-b"], "not a frame range"),
        (["--view", "left"], ""),
        (["--fill", "clean-plate"], "name it with --clean-plate"),
        (["--shot", "no-such.art3d"], "no-such.art3d"),
    ],
)
def test_options_that_cannot_be(
    tmp_path: Path, example_plate: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    words = ["render", str(example_plate / "plate.1001.exr"), "-o", str(tmp_path / "out" / "o.exr"), "--json", *options]
    if options[0] == "--view":
        assert main(words) == 0  # a file that names no views has whichever is asked
        return
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert said in out + err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_plates_that_cannot_be(tmp_path: Path, example_plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = (example_plate / "plate.1001.exr").read_bytes()
    out = ["-o", str(tmp_path / "out" / "o.exr")]
    for name, data, said in (
        ("empty", b"", "the file is empty"),
        ("short", good[: len(good) // 2], "missing or damaged"),
        ("magic", b"GIF8" + good[4:], "not an EXR file"),
    ):
        path = tmp_path / f"{name}.exr"
        path.write_bytes(data)
        bad(["render", str(path), *out], 2, str(path), said, capsys=capsys)
    bad(["render", str(tmp_path / "nothing.####.exr"), *out], 2, "no file matches", capsys=capsys)
    bad(["render", str(tmp_path / "no" / "p.####.exr"), *out], 2, "folder cannot be read", capsys=capsys)
    assert not (tmp_path / "out").exists()


def test_a_plate_without_z_for_aov(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.exr"
    OpenEXR.File({"type": OpenEXR.scanlineimage}, {"RGB": np.ones((32, 32, 3), np.float16)}).write(str(path))
    assert main(["render", str(path), "-o", str(tmp_path / "out" / "o.exr"), "--depth", "aov"]) == 2
    assert "aov" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nobody_at_the_address(tmp_path: Path, example_plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["render", str(example_plate / "plate.1001.exr"), "-o", str(tmp_path / "out" / "o.exr")]
    bad([*words, "--server", f"ipc://{tmp_path}/nobody.s"], 3, "nobody.s", capsys=capsys)
    assert not (tmp_path / "out").exists()


def test_warp_and_measure_refuse_on_one_line(
    tmp_path: Path, example_plate: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = str(example_plate / "plate.1001.exr")
    disparity = str(root / "examples" / "truth" / "disparity.1001.exr")
    right = str(tmp_path / "r.exr")
    bad(["warp", left, left, "-o", right], 2, "no disparityR.x", capsys=capsys)
    bad(["warp", left, disparity, "-o", left], 2, "the output is an input", capsys=capsys)
    bad(["warp", left, disparity, "-o", right, "--hero", "none"], 2, "%V", capsys=capsys)
    bad(["warp", left, disparity, "-o", right, "--compression", "lzw"], 2, "choose one of: auto, zip", capsys=capsys)
    picture = str(tmp_path / "right.png")
    bad(["warp", left, disparity, "-o", picture, "--compression", "zip"], 2, "applies to EXRs only", capsys=capsys)
    bad(["warp", left, disparity, "-o", str(tmp_path / "r.xyz")], 2, "no such image format", capsys=capsys)
    bad(["measure", left, str(tmp_path / "none.exr")], 2, "no such file", capsys=capsys)
    assert list(tmp_path.iterdir()) == []
