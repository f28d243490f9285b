"""No command writes over what it reads, over another of its outputs, or over somebody's work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from host_bridge import cli
from host_bridge.core.errors import EXIT_BAD_INPUT
from host_bridge.io.outputs import write_picture

PLATE = ("p.####.exr", "--frames", "1001")
SHARED, INPUT = "two outputs would share one file", "the output is an input"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("p.1001.exr", "p.1002.exr", "d.1001.exr", "d.1002.exr", "clean.exr", "q.exr"):
        write_picture(Path(name), np.linspace(0, 1, 16 * 16, dtype=np.float32).reshape(16, 16, 1).repeat(3, 2))
    Path("comp.nk").write_text("#! Nuke\n", encoding="utf-8")
    Path("keys.json").write_text("{}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["render", *PLATE, "-o", "p.1002.exr"], INPUT),
        (["render", *PLATE, "-o", "d.####.exr", "--depth", "d.####.exr"], INPUT),
        (["render", *PLATE, "-o", "d.1002.exr", "--depth", "d.####.exr"], INPUT),
        (["render", *PLATE, "-o", "clean.exr", "--fill", "clean-plate", "--clean-plate", "clean.exr"], INPUT),
        (["render", *PLATE, "-o", "o.####.exr", "--anaglyph", "o.####.exr"], SHARED),
        (["render", *PLATE, "-o", "o.exr", "--anaglyph", "a.png", "--disparity-image", "a.png"], SHARED),
        (["analyse", *PLATE, "-o", "p.1002.exr"], INPUT),
        (["analyse", *PLATE, "-o", "keys.json", "--controls", "keys.json"], INPUT),
        (["analyse", *PLATE, "-o", "comp.nk"], "there is a file that is no shot file"),
        (["warp", "p.1001.exr", "q.exr", "-o", "q.exr"], INPUT),
        (["warp", "p.1001.exr", "q.exr", "-o", "clean.exr", "--clean-plate", "clean.exr"], INPUT),
        (["measure", *PLATE, "--csv", "p.1002.exr"], INPUT),
        (["measure", *PLATE, "--jsonl", "m", "--csv", "m"], SHARED),
    ],
)
def test_nothing_is_lost(words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    if words[0] == "measure":
        words = [words[0], "p.####.exr", "d.####.exr", *words[2:]]
    assert cli.main(words) == EXIT_BAD_INPUT
    told = capsys.readouterr().err.strip()
    assert said in told and "\n" not in told
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_sheet_is_none_of_the_pictures(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "p.1001.exr").rename(folder / "z.png")
    before = (folder / "z.png").read_bytes()
    assert cli.main(["contact-sheet", ".", "-o", "z.png", "--limit", "1"]) == EXIT_BAD_INPUT
    assert INPUT in capsys.readouterr().err
    assert (folder / "z.png").read_bytes() == before
