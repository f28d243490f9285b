"""Movies as plates of whole commands: rendered under their own numbers, cut off, analysed, shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from host_bridge.cli import main
from host_bridge.io.plates import PlateSequence
from host_bridge.shot.file import load_shot
from tests.end_to_end.written import parts
from tests.host_bridge.io.plates.films import Make, make, planar


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    how = Make(codec="libx264", frames=12, timecode="00:00:41:17", container={"movflags": "faststart"})
    return make(tmp_path_factory.mktemp("movie") / "film.mov", how)


def test_a_movie_becomes_stereo_under_its_own_numbers(
    tmp_path: Path, movie: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "o.####.exr")
    words = ["render", str(movie), "-o", out, "--json", "--depth", "mini"]
    assert main([*words, "--frames", "1003-1005"]) == 0
    assert sorted(p.name for p in tmp_path.glob("o.*.exr")) == ["o.1003.exr", "o.1004.exr", "o.1005.exr"]
    left = parts(tmp_path / "o.1004.exr")["left"]
    expected = PlateSequence.open(str(movie)).read(1004).frame.layers["color"]
    assert np.stack([left.channels[c].pixels for c in "RGB"], -1).tobytes() == expected.tobytes()
    assert left.header["art3d/inputSpace"] == "g24_rec709_display"
    time = left.header["timeCode"]
    assert (time.hours, time.minutes, time.seconds, time.frame) == (0, 0, 41, 20)
    chunk = {n: parts(tmp_path / f"o.{n}.exr")["right"].header["art3d/recipe"] for n in (1003, 1004, 1005)}
    pixels = parts(tmp_path / "o.1004.exr")["right"].channels["R"].pixels.tobytes()
    capsys.readouterr()
    assert main(words) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [e["frame"] for e in events if e["event"] == "kept"] == [1003, 1004, 1005]
    assert len(list(tmp_path.glob("o.*.exr"))) == 12
    assert {n: parts(tmp_path / f"o.{n}.exr")["right"].header["art3d/recipe"] for n in chunk} == chunk
    (tmp_path / "o.1004.exr").unlink()
    assert main([*words, "--frames", "1004"]) == 0
    assert parts(tmp_path / "o.1004.exr")["right"].channels["R"].pixels.tobytes() == pixels


def test_a_movie_that_was_cut_off_gives_what_it_has(
    tmp_path: Path, movie: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.mov"
    data = movie.read_bytes()
    cut.write_bytes(data[: int(len(data) * 0.8)])
    assert main(["render", str(cut), "-o", str(tmp_path / "o.####.exr"), "--start", "1", "--depth", "mini"]) == 4
    done = {int(p.name.split(".")[1]) for p in tmp_path.glob("o.*.exr")}
    assert done and max(done) < 12
    said = "".join(capsys.readouterr())
    assert all(str(n) in said for n in range(max(done) + 1, 13))


def test_a_movie_is_analysed_and_shown(tmp_path: Path, movie: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", str(movie), "-o", str(tmp_path / "s.art3d"), "--depth", "mini", "--start", "5"]) == 0
    assert sorted(load_shot(tmp_path / "s.art3d").frames) == list(range(5, 17))
    assert main(["contact-sheet", str(movie), "-o", str(tmp_path / "s.html"), "--limit", "3", "--depth", "mini"]) == 0
    page = (tmp_path / "s.html").read_text()
    assert page.count("film.mov") == 3
    assert [f"film.mov {n}" in page for n in (1001, 1005, 1009)] == [True] * 3


@pytest.mark.parametrize(
    ("name", "how", "meaning"),
    [
        ("near.mp4", Make(codec="libx264", pixels="yuv420p", tags=(1, 1, 1, 1), options={"crf": "4"}), "near-is-white"),
        ("far.mov", Make(codec="libx264", pixels="yuv420p", tags=(1, 1, 1, 2), options={"crf": "4"}), "far-is-white"),
        ("near.mkv", Make(pixels="yuv420p10le", tags=(1, 1, 1, 1), size=(48, 32)), "near-is-white"),
        ("far.mkv", Make(pixels="gray10le", tags=(1, 1, 1, 2)), "far-is-white"),
    ],
)
def test_depth_from_a_movie_is_what_it_was_made_of(
    tmp_path: Path, movie: Path, capsys: pytest.CaptureFixture[str], name: str, how: Make, meaning: str
) -> None:
    """8 and 10 bits, limited and full range, half the size, either sign: the disparity of the depth itself."""
    frames = "1001-1004"
    words = ["render", str(movie), "--frames", frames, "--style", "neutral", "--shot", "none", "--compression", "zip"]
    made = ["--depth", "mini", "--layers", "inverse_depth"]
    assert main([*words, *made, "-o", str(tmp_path / "m.####.exr")]) == 0
    depths = [
        parts(tmp_path / f"m.{n}.exr")["inverse_depth"].channels["inverse_depth.x"].pixels for n in range(1001, 1005)
    ]
    grey = [(z - z.min()) / np.ptp(z) for z in depths]
    if meaning == "far-is-white":
        grey = [1 - g for g in grey]
    make(tmp_path / name, how, grey_frames(grey, how))
    capsys.readouterr()
    depth = ["--depth", str(tmp_path / name)]
    assert main([*words, *depth, "-o", str(tmp_path / "o.####.exr")]) == 0
    said = "".join(capsys.readouterr())
    assert f"depth from {name} ({meaning}, decided:" in said
    for number in range(1001, 1005):
        one, other = (parts(tmp_path / f"{o}.{number}.exr")["disparityR"].channels["disparityR.x"].pixels for o in "mo")
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97
        assert parts(tmp_path / f"o.{number}.exr")["left"].header["art3d/depthFrom"] == name


def grey_frames(grey: list[np.ndarray], how: Make) -> Iterator[VideoFrame]:
    """Pictures of 0..1 as the codes of a movie."""
    bits = 10 if "10" in how.pixels else 8
    low, high = (0, 2**bits - 1) if how.tags[3] == 2 else (16 << bits - 8, 235 << bits - 8)
    for picture in grey:
        step = picture.shape[1] // how.size[0]
        small = np.asarray(picture, np.float64).reshape(how.size[1], step, how.size[0], step).mean((1, 3))
        luma = np.rint(low + small * (high - low)).astype(np.uint16 if bits > 8 else np.uint8)
        chroma = np.full((how.size[1] // 2, how.size[0] // 2), 1 << bits - 1, luma.dtype)
        yield planar([luma] if "gray" in how.pixels else [luma, chroma, chroma], how.pixels)
