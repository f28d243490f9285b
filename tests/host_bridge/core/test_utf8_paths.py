from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from host_bridge.core.utf8_paths import utf8_path
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates import PlateSequence, read_plate


def latin1(folder: Path, name: bytes) -> Path:
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name))


def test_a_path_in_utf8_is_itself(tmp_path: Path) -> None:
    with utf8_path(tmp_path / "été.png") as text:
        assert text == str(tmp_path / "été.png")


@pytest.mark.parametrize("ending", ["png", "tif", "exr", "jpg", "dpx"])
def test_pictures_at_paths_that_are_no_utf8(tmp_path: Path, ending: str) -> None:
    folder = latin1(tmp_path, b"\xe9t\xe9")
    path = folder / f"p.0001.{ending}"
    write_picture(path, np.full((16, 24, 3), 128, np.uint8))
    assert [entry.name for entry in folder.iterdir()] == [f"p.0001.{ending}"]
    assert read_plate(path).frame.display.width == 24
    assert PlateSequence.open(str(folder / f"p.####.{ending}")).windows(1)[0].width == 24
