from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.outputs.exr_file import OutPart, write_exr
from host_bridge.io.plates import read_plate
from host_bridge.io.plates.timecode import as_rational, is_time


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(24, Fraction(24)), (23.976, Fraction(24000, 1001)), (29.97, Fraction(30000, 1001)), (12.5, Fraction(25, 2)),
     (59.94005966, Fraction(60000, 1001)), (0.0, None), (float("nan"), None), (1e9, None), ("24", None)],
)  # fmt: skip
def test_rates(rate: float | str, expected: Fraction | None) -> None:
    assert as_rational(rate) == expected


@pytest.mark.parametrize(
    ("packed", "expected"),
    [(0x01020304, True), (0x23595929, True), (0x01020344, True), (0xFFFFFFFF, False), (0x24000000, False),
     (0x00600000, False), (0x0000000A, False)],
)  # fmt: skip
def test_what_is_a_time_of_day(packed: int, expected: bool) -> None:
    assert is_time(packed) is expected


def test_a_dpx_keeps_its_time_code_rate_and_key_code(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(24, 16, 3, "uint10")
    spec.attribute("smpte:TimeCode", oiio.TypeDesc("timecode"), (0x01020304, 0))
    spec.attribute("smpte:KeyCode", oiio.TypeDesc("keycode"), (1, 2, 345678, 1234, 10, 4, 64))
    spec.attribute("dpx:FrameRate", 23.976)
    writer = oiio.ImageOutput.create(str(tmp_path / "p.dpx"))
    assert writer is not None
    assert writer.open(str(tmp_path / "p.dpx"), spec)
    assert writer.write_image(np.full((16, 24, 3), 0.5, np.float32))
    writer.close()
    plate = read_plate(tmp_path / "p.dpx")
    box = Box.of_size(24, 16)
    write_exr(
        tmp_path / "o.exr",
        [OutPart("left", "left", box, box, {"R": np.zeros((16, 24), np.float16)}, attributes=plate.header)],
    )
    header = OpenEXR.File(str(tmp_path / "o.exr")).parts[0].header
    assert header["timeCode"] == OpenEXR.TimeCode(1, 2, 3, 4, *[0] * 14)
    assert header["framesPerSecond"] == Fraction(24000, 1001)
    assert header["keyCode"].count == 1234


def test_a_dpx_that_nobody_filled_has_none(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(24, 16, 3, "uint10")
    writer = oiio.ImageOutput.create(str(tmp_path / "p.dpx"))
    assert writer is not None
    assert writer.open(str(tmp_path / "p.dpx"), spec)
    assert writer.write_image(np.full((16, 24, 3), 0.5, np.float32))
    writer.close()
    data = bytearray((tmp_path / "p.dpx").read_bytes())
    data[1920:1924] = struct.pack(">I", 0xFFFFFFFF)
    (tmp_path / "p.dpx").write_bytes(data)
    assert "timeCode" not in read_plate(tmp_path / "p.dpx").header
