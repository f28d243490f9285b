"""`art3d render`: the views, planes and metadata that lie on the disk, and what `art3d measure` finds in them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from tests.end_to_end.written import parts


@pytest.fixture(scope="module")
def stereo(tmp_path_factory: pytest.TempPathFactory, example_plate: Path) -> Path:
    """Two frames of the example plate in stereo, with everything that can be asked for."""
    folder = tmp_path_factory.mktemp("stereo")
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(folder / "o.####.exr"), "--frames", "1001-1002"]
    words += ["--depth", "aov", "--layers", "inverse_depth,scale,shift,disparity_local", "--json"]
    words += ["--anaglyph", str(folder / "a.####.png"), "--disparity-image", str(folder / "d.####.png")]
    assert main(words) == 0
    return folder


def test_render_writes_stereo_and_review_images(stereo: Path) -> None:
    for number in (1001, 1002):
        assert (stereo / f"a.{number}.png").stat().st_size > 10_000
        assert (stereo / f"d.{number}.png").stat().st_size > 1_000
        there = parts(stereo / f"o.{number}.exr")
        assert {"left", "right", "disparityR", "disparityL", "occlusion.right", "inverse_depth", "scale", "shift",
                "disparity_local"} == set(there)  # fmt: skip
    assert not list(stereo.glob(".*tmp*"))


def test_the_hero_view_is_the_plate(stereo: Path, example_plate: Path) -> None:
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), separate_channels=True).channels()
    left = parts(stereo / "o.1001.exr")["left"].channels
    assert set(left) == set(source)
    for name, channel in source.items():
        assert left[name].pixels.tobytes() == channel.pixels.tobytes()


def test_metadata_of_the_plate_and_of_the_making(stereo: Path, example_plate: Path) -> None:
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), header_only=True).header()
    for part in parts(stereo / "o.1001.exr").values():
        for name in ("timeCode", "cameraModel", "framesPerSecond", "pixelAspectRatio"):
            assert part.header[name] == source[name]
        assert np.array_equal(part.header["worldToCamera"], source["worldToCamera"])
        assert part.header["art3d/style"] == "neutral-1"
        assert part.header["art3d/depthSource"] == "aov"
        assert part.header["art3d/recipe"]


def test_the_right_view_is_the_left_one_moved_by_the_disparity(stereo: Path) -> None:
    """At a right pixel x that is seen in both, LEFT(x + disparityL.x) is RIGHT(x)."""
    there = parts(stereo / "o.1001.exr")
    left, right = (np.asarray(there[eye].channels["G"].pixels, np.float32) for eye in ("left", "right"))
    toward_left = there["disparityL"].channels["disparityL.x"].pixels
    seen = there["occlusion.right"].channels["occlusion.mask"].pixels == 0
    x = np.arange(left.shape[1])[None] + toward_left
    seen &= (x >= 0) & (x < left.shape[1] - 1)
    guess = np.stack([np.interp(row, np.arange(left.shape[1]), values) for row, values in zip(x, left, strict=True)])
    error = np.abs(guess - right)[seen]
    assert np.median(error) < 0.004
    assert seen.mean() > 0.9


def test_a_second_render_keeps_what_is_done(
    stereo: Path, example_plate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["render", str(example_plate / "plate.####.exr"), "-o", str(stereo / "o.####.exr"), "--frames", "1001-1002"]
    words += ["--depth", "aov", "--layers", "inverse_depth,scale,shift,disparity_local", "--json"]
    before = (stereo / "o.1001.exr").stat().st_mtime_ns
    assert main(words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["event"] for e in events] == ["start", "kept", "kept", "done"]
    assert (stereo / "o.1001.exr").stat().st_mtime_ns == before


@pytest.mark.parametrize("hero", ["right", "none"])
def test_other_heroes_one_file_a_view(tmp_path: Path, example_plate: Path, hero: str) -> None:
    out = tmp_path / "%V" / "o.####.exr"
    assert main(["render", str(example_plate / "plate.1001.exr"), "-o", str(out), "--hero", hero, "--json"]) == 0
    masks = [eye for eye in ("left", "right") if f"occlusion.{eye}" in parts(tmp_path / eye / "o.1001.exr")]
    assert masks == (["left"] if hero == "right" else ["left", "right"])
    source = OpenEXR.File(str(example_plate / "plate.1001.exr"), separate_channels=True).channels()
    right = parts(tmp_path / "right" / "o.1001.exr")["right"].channels
    assert (right["R"].pixels.tobytes() == source["R"].pixels.tobytes()) == (hero == "right")


def test_measure_is_json(stereo: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, truth = str(stereo / "o.1001.exr"), str(root / "examples" / "truth" / "right.1001.exr")
    assert main(["measure", path, path, "--reference", truth]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["psnr_db"] > 15
    assert 0 < figures["ssim"] <= 1
    assert figures["parallax_max_pct"] == pytest.approx(1.3, abs=0.1)
    assert figures["budget"]


def test_measure_of_a_picture_with_itself(example_plate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(example_plate / "plate.1001.exr")
    assert main(["measure", path, path, "--reference", path]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["psnr_db"] is None
    assert figures["ssim"] == pytest.approx(1.0)
