"""A page replaces an earlier page and nothing else, and says what it could not show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from host_bridge.cli import main
from host_bridge.core.errors import EXIT_BAD_INPUT, EXIT_OK, EXIT_SOME_FRAMES, OutputError
from host_bridge.io.outputs import write_picture
from host_bridge.review import page
from host_bridge.review.page_folder import INDEX, prepare, write_script

GREY = np.full((20, 40, 3), 90, np.uint8)


def made(folder: Path, *words: str, numbers: tuple[int, ...] = (1, 2), shots: tuple[str, ...] = ("a_LR",)) -> int:
    for shot in shots:
        for number in numbers:
            write_picture(folder / f"{shot}.{number:04d}.png", GREY)
    named = [str(folder / f"{shot}.####.png") for shot in shots]
    return main(["review", "--no-match", *named, "-o", str(folder / "page"), *words])


def scripts(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder / "page/frames")) for path in (folder / "page/frames").rglob("*.js"))


def test_an_earlier_page_is_replaced(tmp_path: Path) -> None:
    assert made(tmp_path, shots=("a_LR", "b_LR")) == EXIT_OK
    assert scripts(tmp_path) == ["0/1.js", "0/2.js", "1/1.js", "1/2.js"]
    (tmp_path / "page/mine.txt").write_text("kept")
    assert made(tmp_path, "--frames", "2") == EXIT_OK
    assert scripts(tmp_path) == ["0/2.js"] and (tmp_path / "page/mine.txt").read_text() == "kept"


@pytest.mark.parametrize("frames", ["frames", ".frames"])
def test_a_stopped_page_is_made_again(frames: str, tmp_path: Path) -> None:
    (tmp_path / "page" / frames / "0").mkdir(parents=True)
    (tmp_path / "page" / frames / "0/7.js").write_text("A3D.put(0,7,{});")
    assert made(tmp_path) == EXIT_OK and scripts(tmp_path) == ["0/1.js", "0/2.js"]


def held(page: Path) -> dict[str, bytes]:
    return {str(path.relative_to(page)): path.read_bytes() for path in page.rglob("*") if path.is_file()}


def test_a_page_that_comes_to_nothing_leaves_the_earlier_one(tmp_path: Path) -> None:
    assert made(tmp_path) == EXIT_OK
    before = held(tmp_path / "page")
    (tmp_path / "b_LR.0001.png").write_bytes(b"no picture")
    words = ["review", "--no-match", str(tmp_path / "b_LR.####.png"), "-o", str(tmp_path / "page")]
    assert main(words) == EXIT_BAD_INPUT and held(tmp_path / "page") == before


def test_figures_of_an_earlier_page_never_stand_beside_new_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made(tmp_path) == EXIT_OK

    def full(*_: object) -> None:
        raise OutputError("cannot be written (No space left on device)")

    monkeypatch.setattr(page, "_write_page", full)
    assert made(tmp_path, "--frames", "2") == EXIT_BAD_INPUT
    assert scripts(tmp_path) == ["0/2.js"] and not (tmp_path / "page" / INDEX).exists()
    monkeypatch.undo()
    assert made(tmp_path) == EXIT_OK and (tmp_path / "page" / INDEX).is_file()


@pytest.mark.parametrize("name", ["index.html", "data.js", "frames/0/mine.txt", "frames/notes", "style.css"])
def test_what_no_page_wrote_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=f"would be replaced: {name}"):
        prepare(tmp_path, 1)
    assert (tmp_path / name).read_text() == "mine"


def test_a_script_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "7.js").mkdir()
    with pytest.raises(OutputError, match=r"7\.js: cannot be written"):
        write_script(tmp_path, 7, "A3D")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="cannot be made"):
        prepare(tmp_path / "file", 1)


def test_frames_that_are_missing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(tmp_path, numbers=(1, 2, 5)) == EXIT_SOME_FRAMES
    assert "a_LR.####.png: missing: frames 3-4" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a 'b' <i>&amp;_LR", 'say "x"_LR', "\U0001f600_LR", "<script>alert(1)_LR"])
def test_names_of_any_spelling(name: str, tmp_path: Path) -> None:
    assert made(tmp_path, shots=(name,)) == EXIT_OK
    said = (tmp_path / "page/data.js").read_text()
    assert "<" not in said
    assert json.loads(said[said.index("{") : said.rindex("}") + 1])["shots"][0]["name"] == f"{name}.####.png"


def test_notes_of_another_shot_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = tmp_path / "notes.json"
    entry = {"shot": "other", "frame": 7, "name": "Ada", "text": "near", "time": ""}
    notes.write_text(json.dumps({"format": "art3d-notes", "version": 1, "notes": [entry], "decisions": {}}))
    assert made(tmp_path, "--notes", str(notes)) == EXIT_OK
    assert "not on this page: other" in capsys.readouterr().err


@pytest.mark.parametrize(
    "entry", [1, {}, {"shot": 1, "frame": 1, "text": "x"}, {"shot": "a", "frame": "1", "text": "x"}]
)
def test_notes_that_a_page_cannot_show_are_refused(
    entry: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = tmp_path / "notes.json"
    notes.write_text(json.dumps({"format": "art3d-notes", "version": 1, "notes": [entry], "decisions": {}}))
    assert made(tmp_path, "--notes", str(notes)) == 2
    assert "no notes of a review" in capsys.readouterr().err
