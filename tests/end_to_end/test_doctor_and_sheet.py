"""`art3d doctor` and `art3d contact-sheet` name what is wrong and go on with the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_bridge.cli import main
from host_bridge.io.plates import read_plate


def test_doctor_finds_everything_well(capsys: pytest.CaptureFixture[str], example_plate: Path) -> None:
    assert main(["doctor", str(example_plate / "plate.####.exr"), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"python", "torch", "colour", "plate", "server"} <= {f["name"] for f in found}
    assert all(f["ok"] for f in found)


def test_doctor_names_what_is_wrong(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["doctor", str(tmp_path / "none.exr")]) == 2
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAULT")]
    assert "no such file" in line
    assert main(["doctor", "--server", f"ipc://{tmp_path}/nobody.s", "--json"]) == 3


@pytest.mark.parametrize("name", ["sheet.png", "sheet.html"])
def test_contact_sheet(tmp_path: Path, example_plate: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (1001, 1005):
        (folder / f"{number}.exr").symlink_to(example_plate / f"plate.{number}.exr")
    (folder / "broken.png").write_bytes(b"not a picture at all")
    assert main(["contact-sheet", str(folder), "-o", str(tmp_path / name)]) == 4
    assert "broken.png" in capsys.readouterr().err
    if name.endswith(".png"):
        sheet = read_plate(tmp_path / name).frame.display
        assert (sheet.width > 1300, sheet.height > 400) == (True, True)
    else:
        assert (tmp_path / name).read_text().count("data:image/png") == 8
