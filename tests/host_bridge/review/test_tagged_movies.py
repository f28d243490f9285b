"""A movie that says how it holds both eyes needs no name that says it."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.core.errors import EXIT_OK, BadInputError
from host_bridge.review.source import open_stereo

DARK, LIGHT = 40, 200


def write_movie(path: Path, first: np.ndarray, second: np.ndarray, axis: int, stereo_mode: str = "") -> None:
    """Three frames of both eyes, tagged as Matroska does."""
    picture = np.ascontiguousarray(np.concatenate([first, second], axis))
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": "8", "bf": "0"})
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        if stereo_mode:
            stream.metadata["stereo_mode"] = stereo_mode
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())


def eye(level: int, columns: int, rows: int) -> np.ndarray:
    return np.full((rows, columns, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("mode", "axis", "size", "layout", "right_first"),
    [
        ("left_right", 1, (64, 40), "sbs", False),
        ("right_left", 1, (64, 40), "sbs", True),
        ("left_right", 1, (40, 40), "sbs-half", False),
        ("top_bottom", 0, (64, 32), "tb", False),
        ("bottom_top", 0, (64, 18), "tb-half", True),
    ],
)
def test_what_a_movie_says(
    mode: str, axis: int, size: tuple[int, int], layout: str, right_first: bool, tmp_path: Path
) -> None:
    levels = (LIGHT, DARK) if right_first else (DARK, LIGHT)
    write_movie(tmp_path / "film.mkv", eye(levels[0], *size), eye(levels[1], *size), axis, mode)
    source = open_stereo(str(tmp_path / "film.mkv"))
    pair = source.read(source.numbers[0])
    assert source.layout == layout and pair.left.mean() < 60 and pair.right.mean() > 180
    shown = source.shown(source.numbers[0])
    assert shown[0].mean() < shown[1].mean()


def test_a_name_and_a_person_go_before(tmp_path: Path) -> None:
    write_movie(tmp_path / "film_TB.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, "right_left")
    assert open_stereo(str(tmp_path / "film_TB.mkv")).layout == "tb"
    named = open_stereo(str(tmp_path / "film_TB.mkv"), layout="sbs")
    assert (named.layout, named.right_first) == ("sbs", False)


@pytest.mark.parametrize("mode", ["", "mono", "row_interleaved_lr", "anaglyph_cyan_red"])
def test_what_says_nothing_of_two_eyes_side_by_side(mode: str, tmp_path: Path) -> None:
    write_movie(tmp_path / "film.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, mode)
    with pytest.raises(BadInputError, match="no second eye"):
        open_stereo(str(tmp_path / "film.mkv"))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_delivery_is_known_by_any_name(suffix: str, tmp_path: Path) -> None:
    write_movie(tmp_path / "film_LR.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1)
    made = tmp_path / f"made{suffix}"
    assert main(["deliver", str(tmp_path / "film_LR.mkv"), "-o", str(made), "--layout", "tb"]) == EXIT_OK
    assert open_stereo(str(made)).layout == "tb"
