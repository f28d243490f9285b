from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from host_bridge.core.errors import PlateError
from host_bridge.core.geometry import Box
from host_bridge.io.plates.disparity import read_disparity
from tests.host_bridge.conftest import MakeRgba, Write

DATA, DISPLAY = Box(10, 5, 50, 29), Box.of_size(60, 40)


def window(box: Box) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    x0, y0, x1, y1 = box.to_exr()
    return np.array([x0, y0], np.int32), np.array([x1, y1], np.int32)


def planes(box: Box) -> np.ndarray:
    return np.random.default_rng(3).uniform(-9, 9, (box.height, box.width)).astype(np.float32)


@pytest.mark.parametrize("name", ["d.txt", "d.png"])
def test_not_a_disparity_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"1 2 3")
    with pytest.raises(PlateError, match="not a disparity file"):
        read_disparity(tmp_path / name, "left", DATA, DISPLAY)


def test_another_size(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.zeros((7, 7), np.float32))
    with pytest.raises(PlateError, match="the disparity is 7×7 px, the plate 40×24"):
        read_disparity(tmp_path / "d.npy", "left", DATA, DISPLAY)


def test_arrays_that_are_none(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(PlateError, match="not a NumPy array that can be read"):
        read_disparity(tmp_path / "d.npy", "left", DATA, DISPLAY)
    np.save(tmp_path / "c.npy", np.zeros((24, 40), np.complex64))
    with pytest.raises(PlateError, match="is not a single-channel picture"):
        read_disparity(tmp_path / "c.npy", "left", DATA, DISPLAY)


def test_an_exr_without_disparity(write_exr: Write, rgba: MakeRgba) -> None:
    path = write_exr("p.exr", ({}, rgba()))
    with pytest.raises(PlateError, match=r"no disparityR\.x in it"):
        read_disparity(path, "left", DATA, DISPLAY)


def test_numpy_over_data_or_display(tmp_path: Path) -> None:
    over_data, over_display = planes(DATA), planes(DISPLAY)
    np.save(tmp_path / "a.npy", over_data)
    np.save(tmp_path / "b.npy", over_display.astype(np.float64)[..., None])
    found = read_disparity(tmp_path / "a.npy", "left", DATA, DISPLAY)
    assert found.shape == (24, 40, 1)
    assert found[..., 0].tobytes() == over_data.tobytes()
    found = read_disparity(tmp_path / "b.npy", "left", DATA, DISPLAY)
    assert found[..., 0] == pytest.approx(over_display[5:29, 10:50])


def test_pfm_top_row_first(tmp_path: Path) -> None:
    values = planes(DATA)
    path = tmp_path / "d.pfm"
    path.write_bytes(b"Pf\n40 24\n-1.0\n" + values[::-1].astype("<f4").tobytes())
    assert read_disparity(path, "left", DATA, DISPLAY)[..., 0] == pytest.approx(values)


def test_convention_signs_in_an_exr(write_exr: Write, rgba: MakeRgba) -> None:
    """disparityR.x on the left grid is −disparity_left; disparityL.x on the right grid is +disparity_right."""
    header = {"displayWindow": window(DISPLAY), "dataWindow": window(DATA)}
    toward_right, toward_left = planes(DATA), planes(DATA) + 1
    path = write_exr(
        "p.exr",
        ({**header, "view": "left", "name": "l"}, {**rgba(), "disparityR.x": toward_right}),
        ({**header, "view": "right", "name": "r"}, {**rgba(), "disparityL.x": toward_left}),
    )
    assert read_disparity(path, "left", DATA, DISPLAY)[..., 0] == pytest.approx(-toward_right)
    assert read_disparity(path, "right", DATA, DISPLAY)[..., 0] == pytest.approx(toward_left)
    with pytest.raises(PlateError, match="--hero none"):
        read_disparity(path, "none", DATA, DISPLAY)


def test_beyond_its_window_a_disparity_is_zero(write_exr: Write) -> None:
    small = Box(12, 6, 20, 10)
    header = {"displayWindow": window(DISPLAY), "dataWindow": window(small)}
    path = write_exr("d.exr", (header, {"disparityR.x": np.full((4, 8), -3, np.float16)}))
    found = read_disparity(path, "left", DATA, DISPLAY)[..., 0]
    assert found.sum() == 3 * 32
    assert (found[1:5, 2:10] == 3).all()
