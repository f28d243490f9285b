"""Movies as plates of whole commands: rendered under their own numbers, cut off, analysed, shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.io.plates import PlateSequence
from host_bridge.shot.file import load_shot
from tests.end_to_end.written import parts
from tests.host_bridge.io.plates.films import Make, make


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
