"""A movie that says how it holds both eyes needs no name that says it."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK, BadInputError
from host_bridge.io.plates import logged_once
from host_bridge.io.plates.film_stereo import is_layered
from host_bridge.review.page_folder import DATA, DATA_BEGINS
from host_bridge.review.source import open_stereo

DARK, LIGHT = 40, 200
VPS = (0x40, 0x01, 0x0C, 0x01)
"""What x265 begins a video parameter set with: of one layer."""


def write_movie(
    path: Path, first: np.ndarray, second: np.ndarray, axis: int, stereo_mode: str = "", rate: int = 24
) -> None:
    """Three frames of both eyes, tagged as Matroska does."""
    picture = np.ascontiguousarray(np.concatenate([first, second], axis))
    with av.open(str(path), "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": "8", "bf": "0"})
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


@pytest.mark.parametrize(
    ("name", "mode", "reason"),
    [
        ("film_TB", "left_right", "over-under, the movie itself that they are side by side"),
        ("film_Full_SBS", "top_bottom", "side by side, the movie itself that they are over-under"),
        ("film_LR", "right_left", "left eye comes first"),
        ("film_RL", "left_right", "right eye comes first"),
        ("film_LR", "row_interleaved_lr", "row by row"),
        ("film_HSBS", "block_lr", "take turns"),
    ],
)
def test_a_name_and_a_movie_that_contradict_each_other(
    name: str, mode: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"{name}.mkv"
    write_movie(path, eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, mode)
    with pytest.raises(BadInputError, match=reason):
        open_stereo(str(path))
    assert main(["review", str(path), "-o", str(tmp_path / "page")]) == EXIT_BAD_INPUT
    assert not (tmp_path / "page").exists() and len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_person_goes_before_both(tmp_path: Path) -> None:
    path = tmp_path / "film_TB.mkv"
    write_movie(path, eye(LIGHT, 64, 40), eye(DARK, 64, 40), 1, "right_left")
    named = open_stereo(str(path), layout="sbs")
    pair = named.read(1)
    assert named.layout == "sbs" and pair.left.mean() < 60 and pair.right.mean() > 180
    over = open_stereo(str(path), layout="tb")
    assert (over.layout, over.right_first) == ("tb", False)


@pytest.mark.parametrize("name", ["film_SBS", "film_HSBS"])
def test_a_name_says_the_size_and_the_movie_the_order(name: str, tmp_path: Path) -> None:
    write_movie(tmp_path / f"{name}.mkv", eye(LIGHT, 64, 40), eye(DARK, 64, 40), 1, "right_left")
    source = open_stereo(str(tmp_path / f"{name}.mkv"))
    pair = source.read(1)
    assert source.layout == ("sbs-half" if "H" in name else "sbs")
    assert pair.left.mean() < 60 and pair.right.mean() > 180


@pytest.mark.parametrize(
    ("name", "mode", "layout", "right_first"),
    [
        ("film_RL", "", "", True),
        ("film_RL", "right_left", "", True),
        ("film_RL", "", "sbs-half", True),
        ("film_LR", "", "", False),
        ("film_BT", "", "sbs", False),
        ("film_Right-Left", "", "", True),
    ],
)
def test_a_name_says_which_eye_comes_first(
    name: str, mode: str, layout: str, right_first: bool, tmp_path: Path
) -> None:
    write_movie(tmp_path / f"{name}.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, mode)
    source = open_stereo(str(tmp_path / f"{name}.mkv"), layout=layout)
    pair = source.read(1)
    assert source.right_first == right_first and (pair.left.mean() > pair.right.mean()) == right_first


@pytest.mark.parametrize("mode", ["", "mono", "row_interleaved_lr", "anaglyph_cyan_red"])
def test_what_says_nothing_of_two_eyes_side_by_side(mode: str, tmp_path: Path) -> None:
    write_movie(tmp_path / "film.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, mode)
    with pytest.raises(BadInputError, match="row by row" if mode.startswith("row") else "no second eye is found;"):
        open_stereo(str(tmp_path / "film.mkv"))


@pytest.mark.parametrize(
    ("name", "size", "axis", "said"),
    [
        ("film_SBS", (40, 40), 1, "sbs-half"),
        ("film_TB", (64, 18), 0, "tb-half"),
        ("film_SBS", (64, 40), 1, ""),
        ("film_Full_SBS", (40, 40), 1, ""),
        ("film_HSBS", (40, 40), 1, ""),
    ],
)
def test_eyes_that_look_squeezed_are_told(
    name: str, size: tuple[int, int], axis: int, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_movie(tmp_path / f"{name}.mkv", eye(DARK, *size), eye(LIGHT, *size), axis)
    open_stereo(str(tmp_path / f"{name}.mkv"))
    assert [f"--layout {said}" in message for message in caplog.messages] == [True] * bool(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a.mkv::b.mkv", ""),
        ("a.mkv::a.mkv", "both eyes are this one picture"),
        ("a.mkv::slow.mkv", "24 and 12 frames a second"),
    ],
)
def test_what_is_odd_about_two_movies(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rate in (("a.mkv", 24), ("b.mkv", 24), ("slow.mkv", 12)):
        write_movie(Path(name), eye(DARK, 32, 40), eye(LIGHT, 32, 40), 1, rate=rate)
    monkeypatch.setattr(logged_once, "_logged", set())
    open_stereo(words)
    assert [said in message for message in caplog.messages] == [True] * bool(said)


@pytest.mark.parametrize(("words", "fps"), [([], 12.0), (["--fps", "30"], 30.0)])
def test_a_page_plays_as_fast_as_its_movie(words: list[str], fps: float, tmp_path: Path) -> None:
    write_movie(tmp_path / "a_LR.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1, rate=12)
    assert main(["review", str(tmp_path / "a_LR.mkv"), "-o", str(tmp_path / "p"), "--no-match", *words]) == EXIT_OK
    data = (tmp_path / "p" / DATA).read_text(encoding="ascii")
    assert json.loads(data.removeprefix(DATA_BEGINS.decode()).removesuffix(");\n"))["fps"] == fps


def write_layers(path: Path) -> None:
    """A movie that speaks of a second layer, as MV-HEVC does."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=24, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(eye(DARK, 64, 64), format="rgb24")))
        out.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(bytes(VPS), bytes([*VPS[:3], VPS[3] | 1 << 4])))


def test_layers_that_a_parameter_set_speaks_of() -> None:
    begins, more = b"\0\0\0\1", bytes([*VPS[:3], VPS[3] | 1 << 4])
    assert is_layered(begins + b"\x42\1\1\1" + begins + more) and not is_layered(begins + bytes(VPS))
    assert not any(is_layered(data) for data in (None, b"", b"\1", b"\1" * 40, begins, begins + more[:3]))


@pytest.mark.parametrize("words", ["film.mov", "film_LR.mov", "film.mov::film.mov", "--layout"])
def test_an_eye_in_a_layer_of_its_own_is_refused(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_layers(tmp_path / words.partition(":")[0].replace("--layout", "film.mov"))
    named = ["film.mov", "--layout", "sbs"] if words == "--layout" else [words]
    assert main(["review", *named, "-o", "page"]) == EXIT_BAD_INPUT
    assert "MV-HEVC" in capsys.readouterr().err and not (tmp_path / "page").exists()


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_delivery_is_known_by_any_name(suffix: str, tmp_path: Path) -> None:
    write_movie(tmp_path / "film_LR.mkv", eye(DARK, 64, 40), eye(LIGHT, 64, 40), 1)
    made = tmp_path / f"made{suffix}"
    assert main(["deliver", str(tmp_path / "film_LR.mkv"), "-o", str(made), "--layout", "tb"]) == EXIT_OK
    assert open_stereo(str(made)).layout == "tb"
