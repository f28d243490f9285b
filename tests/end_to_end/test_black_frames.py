"""Black frames of a shot are flat and on the screen, whatever the style makes of the pictures around them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest

from host_bridge.cli import main
from host_bridge.shot.file import load_shot

SIZE = (96, 64)


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.uniform(40, 230, (5, 8, 3)), SIZE, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(coarse + rng.normal(0, 9, coarse.shape), 12, 255).astype(np.uint8))


def plate(folder: Path, blank: int) -> str:
    frames = [*[scene(1)] * 5, *[np.full_like(scene(1), blank)] * 2, *[scene(2)] * 5]
    for number, frame in enumerate(frames, start=1001):
        assert cv2.imwrite(str(folder / f"p.{number}.png"), frame)
    return str(folder / "p.####.png")


@pytest.mark.parametrize(("style", "blank"), [("neutral", 0), ("immersive", 0), ("gentle", 255)])
def test_blank_frames_have_no_disparity(tmp_path: Path, style: str, blank: int) -> None:
    shot, out = tmp_path / "s.art3d", str(tmp_path / "o.####.exr")
    asked = ["--depth", "mini", "--style", style]
    assert main(["analyse", plate(tmp_path, blank), "-o", str(shot), *asked]) == 0
    assert [(t.kind, t.first, t.last) for t in load_shot(shot).transitions] == [("fade", 1006, 1007)]
    knobs = ["--depth-gain", "1.5", "--sculpt", "2", "--layers", "inverse_depth,disparity_local"]
    words = ["render", str(tmp_path / "p.####.png"), "-o", out, "--shot", str(shot), *asked, *knobs]
    assert main([*words, "--frames", "1004-1007"]) == 0
    for number in (1006, 1007):
        parts = {
            p.header["name"]: p for p in OpenEXR.File(out.replace("####", str(number)), separate_channels=True).parts
        }
        assert not parts["disparityR"].channels["disparityR.x"].pixels.any()
        assert not parts["disparityL"].channels["disparityL.x"].pixels.any()
        assert not parts["disparity_local"].channels["disparity_local.x"].pixels.any()
        for channel in "RGB":
            eyes = [parts[eye].channels[channel].pixels for eye in ("left", "right")]
            assert np.array_equal(*eyes)
    parts = {p.header["name"]: p for p in OpenEXR.File(out.replace("####", "1004"), separate_channels=True).parts}
    assert np.abs(parts["disparityR"].channels["disparityR.x"].pixels).max() > 0.1
