"""Real stereo films that no one here made: told by their true layout, kept where there is something to keep."""

from __future__ import annotations

from pathlib import Path

from tests.training.conftest import small_bench
from training.assignment import FilmSpec
from training.curate import curate
from training.films import open_film


def test_a_panorama_is_kept_with_its_true_layout_and_eyes(plates: Path, tmp_path: Path) -> None:
    """Its sky has no texture to match: taken for matched, it made the eyes look swapped."""
    panorama = plates / "stereo_video" / "congo_360_top-bottom.mp4"
    manifest = curate([FilmSpec(str(panorama))], tmp_path, small_bench(depth="mini", min_ddc=0.0, per_shot=3))
    assert open_film(str(panorama)).layout == "tb"
    assert len(manifest["samples"]) == 3 and manifest["rejects"] == [] and manifest["notes"] == []
    for row in manifest["samples"]:
        assert row["figures"]["correlation"] > 0.4, "near things are near in both"
        assert row["figures"]["valid"] < 0.9, "the sky is not valid"


def test_a_flat_room_is_rejected_as_flat(plates: Path, tmp_path: Path) -> None:
    room = plates / "stereo_video" / "testRoom1_1080Stereo.mp4"
    manifest = curate([FilmSpec(str(room))], tmp_path, small_bench(depth="mini", min_ddc=0.0, per_shot=1))
    assert [row["reason"] for row in manifest["rejects"]] == ["too little range"] and manifest["samples"] == []
