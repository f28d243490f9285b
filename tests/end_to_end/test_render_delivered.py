"""`art3d render -o` a movie or pictures: what `art3d deliver` makes of the EXRs, in one go."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK

FRAMES = range(1, 4)
H, W = 64, 96


@pytest.fixture
def plate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Noise before a slope."""
    monkeypatch.chdir(tmp_path)
    for number in FRAMES:
        rng = np.random.default_rng(number)
        channels = {c: rng.random((H, W), np.float32).astype(np.float16) for c in "RGB"}
        channels["depth.Z"] = np.tile(np.linspace(2, 20, W, dtype=np.float32), (H, 1))
        OpenEXR.File({"type": OpenEXR.scanlineimage}, channels).write(f"p.{number:04d}.exr")
    return "p.####.exr"


def test_a_movie_is_what_deliver_makes(plate: str) -> None:
    common = ["render", plate, "--depth", "aov", "--z-meaning", "distance"]
    assert main([*common, "-o", "stereo.####.exr"]) == EXIT_OK
    assert main(["deliver", "stereo.####.exr", "-o", "two_LR.mkv", "--quality", "20"]) == EXIT_OK
    assert main([*common, "-o", "one_LR.mkv", "--quality", "20"]) == EXIT_OK
    found = []
    for name in ("one_LR.mkv", "two_LR.mkv"):
        with av.open(name) as file:
            found.append([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])
    assert len(found[0]) == len(FRAMES) and found[0][0].shape == (H, 2 * W, 3)
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))
    assert not [path for path in Path().iterdir() if path.name.startswith(".one")]
    assert Path("p.art3d").is_file()


def test_pictures_of_each_eye(plate: str) -> None:
    assert main(["render", plate, "--depth", "aov", "-o", "eye_%V.####.png", "--frames", "2-3"]) == EXIT_OK
    assert sorted(p.name for p in Path().glob("eye_*")) == [
        f"eye_{eye}.{n:04d}.png" for eye in ("left", "right") for n in (2, 3)
    ]


def test_what_does_not_fit_is_told_before_rendering(plate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", plate, "-o", "m.mp4", "--codec", "prores"]) == EXIT_BAD_INPUT
    assert main(["render", plate, "-o", "m.png"]) == EXIT_BAD_INPUT
    assert main(["render", plate, "-o", "m.mp4", "--openjd"]) == EXIT_BAD_INPUT
    said = capsys.readouterr()
    assert (
        "does not go into .mp4" in said.err and "would share one file" in said.err and "chunks" in said.out + said.err
    )
    assert not list(Path().glob(".m*")) and not list(Path().glob("*.art3d"))
