"""Files that are cut short, lie or are something else: one clear line that names the file, in bounded memory."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_bridge.core.errors import Art3DError, LimitError, PlateError
from host_bridge.io.plates import read_plate
from tests.host_bridge.conftest import MakeRgba, Write


@pytest.fixture
def good(write_exr: Write, rgba: MakeRgba) -> bytes:
    return write_exr("good.exr", ({}, rgba(64, 96))).read_bytes()


def refused(path: Path, data: bytes, match: str, kind: type[Art3DError] = PlateError) -> None:
    path.write_bytes(data)
    with pytest.raises(kind, match=match) as caught:
        read_plate(path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line
    assert caught.value.exit_code == 2


def window_bytes(good: bytes, *corners: int) -> bytes:
    at = good.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    return good[:at] + struct.pack("<4i", *corners) + good[at + 16 :]


def test_empty(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", b"", "the file is empty")


def test_wrong_magic(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", b"\x89PNG\r\n\x1a\n" + good[8:], "not an EXR file")


@pytest.mark.parametrize("part", [0.002, 0.3, 0.7, 0.99])
def test_truncated(tmp_path: Path, good: bytes, part: float) -> None:
    refused(tmp_path / "p.exr", good[: max(5, int(len(good) * part))], "damaged|cut short|missing")


def test_a_header_that_claims_more_rows_than_there_are(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", window_bytes(good, 0, 0, 95, 127), "missing or damaged")


def test_a_header_that_claims_wider_rows_than_there_are(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", window_bytes(good, 0, 0, 191, 63), "missing or damaged")


def test_a_header_that_claims_a_terabyte(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", window_bytes(good, 0, 0, 999_999, 999_999), "header claims", LimitError)


def test_a_header_that_claims_more_than_the_file_can_hold(tmp_path: Path, good: bytes) -> None:
    refused(tmp_path / "p.exr", window_bytes(good, 0, 0, 15_999, 15_999), "more than the file's")


@pytest.mark.parametrize("corners", [(0, 0, -5, -5), (-(2**31), -(2**31), 2**31 - 1, 2**31 - 1)])
def test_an_impossible_window(tmp_path: Path, good: bytes, corners: tuple[int, int, int, int]) -> None:
    refused(tmp_path / "p.exr", window_bytes(good, *corners), "header is damaged")


@pytest.mark.parametrize("name", [b"\x01", b"\x7f", b"B"])
def test_channels_without_names_of_their_own(tmp_path: Path, good: bytes, name: bytes) -> None:
    at = good.index(b"\0chlist\0") + len(b"\0chlist\0") + 4
    refused(tmp_path / "p.exr", good[:at] + name + good[at + 1 :], "header is damaged")


def test_damage_inside(tmp_path: Path, good: bytes) -> None:
    middle = len(good) // 2
    refused(tmp_path / "p.exr", good[:middle] + b"\xff" * 200 + good[middle + 200 :], "missing or damaged")


def test_deep(plates: Path) -> None:
    with pytest.raises(PlateError, match=r"deep EXR; flatten"):
        read_plate(plates / "exr_stereo" / "LowResLeftView_Trunks_deep.exr")


def test_a_made_deep_file(tmp_path: Path) -> None:
    samples = np.empty((8, 8), object)
    for index in np.ndindex(8, 8):
        samples[index] = np.ones(1, np.float32)
    path = tmp_path / "deep.exr"
    header = {"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    OpenEXR.File(header, {"Z": samples}).write(str(path))
    with pytest.raises(PlateError, match=r"deep EXR; flatten"):
        read_plate(path)


@pytest.mark.parametrize("deep_first", [True, False])
@pytest.mark.parametrize(
    ("flat", "deep", "taken"), [("rgba", "deep", True), ("rgba", "beauty", True), ("albedo", "beauty", False)]
)
def test_deep_parts_beside_a_flat_picture(
    tmp_path: Path, rgba: MakeRgba, flat: str, deep: str, taken: bool, deep_first: bool
) -> None:
    """The flat beauty is read whole; beside a deep one, an ingredient does not stand in for it."""
    samples = np.empty((24, 40), object)
    for index in np.ndindex(24, 40):
        samples[index] = np.ones(2, np.float32)
    header = {"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    parts = [
        OpenEXR.Part({**header, "name": deep}, dict.fromkeys("RGBAZ", samples), deep),
        OpenEXR.Part({"type": OpenEXR.scanlineimage, "name": flat}, dict(rgba()), flat),
    ]
    path = tmp_path / "p.exr"
    OpenEXR.File(parts if deep_first else parts[::-1]).write(str(path))
    if not taken:
        with pytest.raises(PlateError, match=r"deep EXR; flatten"):
            read_plate(path)
        return
    plate = read_plate(path)
    assert plate.frame.channels == ("R", "G", "B", "A") and plate.depth_name == ""
    assert np.array_equal(plate.frame.layers["color"][..., 0], rgba()["R"])


def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "p.exr").mkdir()
    with pytest.raises(PlateError, match="cannot be opened"):
        read_plate(tmp_path / "p.exr")


def test_a_text_file_is_no_picture(tmp_path: Path) -> None:
    refused(tmp_path / "p.png", b"just words, and a few more of them", "not a picture")


@pytest.mark.parametrize("subsampled", [False, True])
def test_a_damaged_file_says_nothing_of_its_own(tmp_path: Path, good: bytes, subsampled: bool) -> None:
    """Libraries must not add lines: the fault is ours to tell."""
    path = tmp_path / "p.exr"
    if subsampled:
        at = good.index(b"\0chlist\0") + len(b"\0chlist\0") + 4
        good = good[: at + 10] + struct.pack("<2i", 2, 2) + good[at + 18 :]
    path.write_bytes(good[: len(good) // 2])
    code = (
        "import sys\nfrom pathlib import Path\nfrom host_bridge.io.plates import read_plate\n"
        "try:\n    read_plate(Path(sys.argv[1]))\nexcept Exception:\n    pass\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_memory_is_bounded(tmp_path: Path, good: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for side in (15_999, 60_000, 999_999):
        (tmp_path / "p.exr").write_bytes(window_bytes(good, 0, 0, side, side))
        with pytest.raises((PlateError, LimitError)):
            read_plate(tmp_path / "p.exr")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(4, 600), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_flipped_bytes_give_a_picture_or_one_of_our_errors(
    tmp_path: Path, good: bytes, flips: list[tuple[int, int]]
) -> None:
    broken = bytearray(good)
    for at, value in flips:
        broken[at] = value
    path = tmp_path / "p.exr"
    path.write_bytes(bytes(broken))
    try:
        plate = read_plate(path)
    except Art3DError as error:
        assert "\n" not in str(error)
    else:
        assert plate.frame.layers["color"].ndim == 3
