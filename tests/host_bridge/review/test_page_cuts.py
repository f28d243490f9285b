"""Cuts of material that no shot file speaks of are found in its pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from host_bridge.review.page import PageSettings, ShotOnPage, make_page
from host_bridge.review.source import open_stereo


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
