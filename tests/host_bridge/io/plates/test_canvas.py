from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.outputs import write_picture
from host_bridge.io.plates import PlateSequence, read_plate
from host_bridge.io.plates.canvas import Canvas, canvas_of, common, padded
from tests.host_bridge.conftest import MakeRgba, Write

SHOWN, OTHER = Box.of_size(64, 48), Box.of_size(64, 40)


def corners(box: Box) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    x0, y0, x1, y1 = box.to_exr()
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


def header(data: Box, display: Box = SHOWN) -> dict[str, Any]:
    return {"displayWindow": corners(display), "dataWindow": corners(data)}


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], None),
        ([(SHOWN, SHOWN)] * 3, Canvas(SHOWN)),
        ([(SHOWN, SHOWN), (OTHER, OTHER), (SHOWN, SHOWN)], Canvas(SHOWN)),
        ([(OTHER, OTHER), (SHOWN, SHOWN), (SHOWN, SHOWN)], Canvas(SHOWN)),
        ([(OTHER, OTHER), (SHOWN, SHOWN)], Canvas(OTHER)),
        ([(SHOWN, Box(4, 4, 20, 20)), (SHOWN, Box(10, 2, 70, 12))], Canvas(SHOWN, Box(4, 2, 70, 20))),
    ],
)
def test_what_frames_have_in_common(windows: list[tuple[Box, Box]], expected: Canvas | None) -> None:
    assert common(windows) == expected


def test_headers_tell_and_frames_that_cannot_be_read_do_not(tmp_path: Path, write_exr: Write, rgba: MakeRgba) -> None:
    for number, data in ((1, Box(4, 4, 44, 28)), (2, Box(8, 2, 48, 26))):
        write_exr(f"p.{number:04d}.exr", (header(data), rgba()))
    (tmp_path / "p.0003.exr").write_bytes(b"no picture")
    assert canvas_of(PlateSequence.open(str(tmp_path / "p.####.exr"))) == Canvas(SHOWN, Box(4, 2, 48, 28))


def test_images_tell_too(tmp_path: Path) -> None:
    write_picture(tmp_path / "p.0001.png", np.full((48, 64, 3), 9, np.uint8))
    assert canvas_of(PlateSequence.open(str(tmp_path / "p.####.png"))) == Canvas(SHOWN)


def test_a_plate_on_a_canvas_keeps_its_own_picture(write_exr: Write, rgba: MakeRgba) -> None:
    made = {**rgba(), "Z": np.full((24, 40), 5, np.float32)}
    plate = read_plate(write_exr("p.exr", ({**header(Box(4, 4, 44, 28)), "colorInteropID": "lin_ap1_scene"}, made)))
    there = padded(plate, Box(0, 2, 50, 30))
    frame = there.frame
    assert frame.data == Box(0, 2, 50, 30)
    assert frame.layers["color"][2:26, 4:44].tobytes() == plate.frame.layers["color"].tobytes()
    assert not frame.layers["color"][:2].any()
    assert frame.layers["depth"][2:26, 4:44].all()
    assert not frame.layers["depth"][:, 44:].any()
    assert frame.layers["look"].shape[:2] == (28, 50)
    assert there.shown is plate.frame
    assert padded(plate, plate.frame.data) is plate


def test_a_frame_beyond_the_canvas_loses_nothing(write_exr: Write, rgba: MakeRgba) -> None:
    plate = read_plate(write_exr("p.exr", (header(Box(4, 4, 44, 28)), rgba())))
    assert Canvas(SHOWN, Box(10, 0, 60, 20)).lay(plate).frame.data == Box(4, 0, 60, 28)


def test_another_display_window_is_another_picture(write_exr: Write, rgba: MakeRgba) -> None:
    plate = read_plate(write_exr("p.exr", (header(Box(4, 4, 44, 28), OTHER), rgba())))
    Canvas(OTHER).check(plate)
    with pytest.raises(PlateError, match=r"the picture is 64×40 px, the sequence's 64×48 px"):
        Canvas(SHOWN).check(plate)
    with pytest.raises(PlateError, match=r"64×40 px from \(0, 0\), the sequence's 64×40 px from \(0, 1\)"):
        Canvas(OTHER.shift(0, 1)).check(plate)
