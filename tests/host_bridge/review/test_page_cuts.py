"""Cuts of material that no shot file speaks of are found in its pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from host_bridge.review.page import PageSettings, ShotOnPage, Suggestion, make_page
from host_bridge.review.source import open_stereo
from host_bridge.review.targets import TARGETS


def test_a_cut_is_found(tmp_path: Path) -> None:
    """Two still scenes: one cut, the depth of foreign pictures unknown, no jitter across the cut."""
    for number in range(1, 13):
        noise = np.random.default_rng(0 if number < 7 else 1).integers(0, 255, (9, 16, 3), np.uint8)
        picture = np.kron(noise, np.ones((10, 10, 1), np.uint8))
        Image.fromarray(np.concatenate([picture, picture], 1)).save(tmp_path / f"film_LR.{number:04d}.png")
    source = open_stereo(str(tmp_path / "film_LR.####.png"))
    for cuts, wanted in ((None, [7]), ((), []), ((4,), [4])):
        page = tmp_path / "page"
        make_page(page, [ShotOnPage(source, cuts)], PageSettings("cuts"))
        said = (page / "data.js").read_text(encoding="utf-8")
        body = json.loads(said[said.index("{") : said.rindex("}") + 1])
        assert body["shots"][0]["cuts"] == wanted


def test_each_scene_has_the_knobs_that_a_screen_asks_for(tmp_path: Path) -> None:
    """A scene inside the limits is left alone; one that is twice too deep gets half the depth."""
    low, high = next(target for target in TARGETS if target.id == "tablet").limits_pct
    for number in range(1, 5):
        across = np.linspace(low, high, 64, dtype=np.float32) * np.float32(1.0 if number < 3 else 2.0)
        disparity = np.tile(across * np.float32(64 / 100), (32, 1))
        grey = np.full((32, 64, 3), 0.2, np.float16)
        parts = [
            OpenEXR.Part({"type": OpenEXR.scanlineimage, "view": eye}, {"RGB": grey}, eye) for eye in ("left", "right")
        ]
        header = {"type": OpenEXR.scanlineimage, "view": "left"}
        parts.append(OpenEXR.Part(header, {"disparityR.x": disparity, "disparityR.y": 0 * disparity}, "disparityR"))
        OpenEXR.File(parts).write(str(tmp_path / f"s.{number:04d}.exr"))
    shot = ShotOnPage(open_stereo(str(tmp_path / "s.####.exr")), (3,), Suggestion(0.7, 0.25))
    make_page(tmp_path / "page", [shot], PageSettings("knobs"))
    said = (tmp_path / "page" / "data.js").read_text(encoding="utf-8")
    made = json.loads(said[said.index("{") : said.rindex("}") + 1])["shots"][0]
    gains = made["knobs"]["tablet"]["depth_gain"]
    assert gains[:2] == [1.0, 1.0] and gains[2:] == pytest.approx([0.5, 0.5], abs=0.03)
    assert made["knobs"]["tablet"]["zero_plane"][:2] == [0.0, 0.0]
    assert made["suggested"] == {"depth_gain": 0.7, "zero_plane": 0.25}
