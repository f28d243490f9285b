"""`art3d warp`: a true disparity gives the true other view."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.io.outputs.result import on_window
from host_bridge.io.plates import read_plate
from tests.end_to_end.written import parts, psnr

BEACHBALL_DB = 45.0


def test_warp_in_image_formats(tmp_path: Path, example_plate: Path, root: Path) -> None:
    """The true disparity of the example plate gives its true right view."""
    truth = root / "examples" / "truth"
    out = tmp_path / "right.exr"
    words = ["warp", str(example_plate / "plate.1001.exr"), str(truth / "disparity.1001.exr"), "-o", str(out)]
    assert main([*words, "--compression", "rle"]) == 0
    assert {part.header["compression"] for part in parts(out).values()} == {OpenEXR.RLE_COMPRESSION}
    made, true = (read_plate(p, view=v) for p, v in ((out, "right"), (truth / "right.1001.exr", "")))
    display = true.frame.display
    a, b = (on_window(p.frame.layers["color"], p.frame.data, display)[..., :3].clip(0, 1) for p in (made, true))
    mask = parts(out)["occlusion.right"].channels["occlusion.mask"].pixels
    seen = on_window(mask[..., None], made.frame.data, display)[..., 0] == 0
    assert psnr(a[seen], b[seen]) > 28
    toward = OpenEXR.File(str(truth / "disparity.1001.exr"), separate_channels=True).channels()["disparityR.x"].pixels
    np.save(tmp_path / "d.npy", -toward)
    words = ["warp", str(example_plate / "plate.1001.exr"), str(tmp_path / "d.npy"), "-o", str(tmp_path / "right.png")]
    assert main(words) == 0
    picture = read_plate(tmp_path / "right.png")
    assert picture.frame.display == display
    assert psnr(picture.frame.layers["color"].astype(np.float32)[..., :3][seen], a[seen]) > 40


@pytest.mark.parametrize("side", [1, -1])
def test_no_budget_bends_a_given_disparity(tmp_path: Path, side: int) -> None:
    """A third of the picture's width, far beyond any budget, moves by exactly that."""
    shift, columns = 32 * side, 96
    picture = np.zeros((32, columns, 3), np.uint8)
    picture[8:24, 44:52] = 255
    cv2.imwrite(str(tmp_path / "left.png"), picture)
    np.save(tmp_path / "d.npy", np.full((32, columns), shift, np.float32))
    words = ["warp", str(tmp_path / "left.png"), str(tmp_path / "d.npy"), "-o", str(tmp_path / "right.png")]
    assert main(words) == 0
    made = cv2.imread(str(tmp_path / "right.png"))
    assert made is not None
    seen = slice(max(0, -shift), columns - max(0, shift))
    assert np.array_equal(made[:, seen], np.roll(picture, -shift, axis=1)[:, seen])


@pytest.mark.parametrize("name", ["multipart", "singlepart"])
def test_beachball_comes_back_inside_the_ball(
    tmp_path: Path, plates: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file's left view and its own disparityR give its right view: pins the sign."""
    source, out = plates / "beachball" / f"{name}.0001.exr", tmp_path / "right.exr"
    assert main(["warp", str(source), str(source), "-o", str(out)]) == 0
    true, made = (read_plate(path, view="right") for path in (source, out))
    display = true.frame.display
    a, b = (on_window(p.frame.layers["color"], p.frame.data, display) for p in (true, made))
    ball = a[..., 3] > 0.999
    figure = psnr(a[ball][:, :3], b[ball][:, :3])
    with capsys.disabled():
        print(f" beachball, {name}: {figure:.1f} dB inside the ball, at least {BEACHBALL_DB} wanted", end="")
    assert figure >= BEACHBALL_DB
