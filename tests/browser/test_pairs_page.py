"""The page of curated pairs, as a person uses it: opened from disk, filtered, decided, saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from training.contact import pairs_page
from training.decisions import DROPPED, read_decisions
from training.shards import FORMAT


def _row(key: str, film: str, ddc: float, **more: object) -> dict[str, Any]:
    return {"key": key, "film": film, "shot": 0, "frame": 1, "figures": {"ddc": ddc, "valid": 0.5}, **more}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A finished folder: two kept pairs, one of them forced, and three rejects."""
    samples = [_row("a-1", "a", 0.9), _row("b-1", "b", 0.5, overruled="inconsistent")]
    rejects = [
        _row("a-2", "a", 0.7, reason="disparity and depth disagree"),
        _row("a-3", "</script>", 0.2, reason="inconsistent"),
        _row("b-2", "b", 0.95, reason=DROPPED),
    ]
    manifest = {"format": FORMAT, "part": 1, "parts": 1, "samples": samples, "rejects": rejects,
                "decisions": {"drop": ["b-2"], "force": ["b-1"]}}  # fmt: skip
    (tmp_path / "manifest-p1of1.json").write_text(json.dumps(manifest))
    (tmp_path / "previews").mkdir()
    for row in [*samples, *rejects]:
        cv2.imwrite(str(tmp_path / "previews" / f"{row['key']}.jpg"), np.full((60, 320, 3), 90, np.uint8))
    return tmp_path


def test_pairs_are_filtered_decided_and_saved(chromium: Any, shards: Path) -> None:
    page = chromium.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(pairs_page(shards).as_uri())
    assert "5 of 5 pairs; 2 decided" in page.inner_text("#count")
    page.select_option("#reason", "inconsistent")
    assert [n.get_attribute("data-key") for n in page.query_selector_all("article")] == ["a-3"]
    page.select_option("#reason", "")
    page.fill("#low", "0.6")
    page.click("#order")
    assert [n.get_attribute("data-key") for n in page.query_selector_all("article")] == ["a-2", "a-1", "b-2"]
    page.click('[data-key="a-2"] button')  # force
    page.click('[data-key="a-1"] button')  # drop
    page.click('[data-key="b-2"] button')  # take back
    with page.expect_download() as got:
        page.click("#save")
    got.value.save_as(shards / "decisions.json")
    found = read_decisions(shards)
    assert (found.drop, found.force) == ({"a-1"}, {"a-2", "b-1"}) and not faults  # type: ignore[comparison-overlap]
    assert page.eval_on_selector("article img", "image => image.naturalWidth") == 320
    page.close()
