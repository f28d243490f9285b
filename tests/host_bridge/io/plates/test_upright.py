from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from host_bridge.core.geometry import Box
from host_bridge.io.plates import read_plate, upright


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_all_eight_orientations(tmp_path: Path, orientation: int, ending: str) -> None:
    path = tmp_path / f"p.{ending}"
    smooth = np.kron(np.random.default_rng(0).integers(0, 256, (2, 3, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(smooth).save(path, exif=exif, **({"quality": 95} if ending == "jpg" else {}))
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    plate = read_plate(path, linear=False)
    rows, columns = expected.shape[:2]
    assert plate.frame.display == plate.frame.data == Box.of_size(columns, rows)
    assert plate.frame.layers["color"] * 255 == pytest.approx(expected, abs=2.0)
    assert "Orientation" not in plate.header


@pytest.mark.parametrize("value", [0, 9, 255, 65535, None, "6", 6.0])
def test_what_is_no_orientation(value: str | float | None) -> None:
    assert upright.orientation_of(value) == 1


@given(st.integers(1, 8), st.integers(0, 5), st.integers(0, 5), st.integers(1, 6), st.integers(1, 6))
def test_windows_turn_with_their_pixels(orientation: int, x: int, y: int, width: int, height: int) -> None:
    display, window = Box(3, -2, 3 + 12, -2 + 13), Box(3 + x, -2 + y, 3 + x + width, -2 + y + height)
    shown = np.zeros((13, 12, 1), np.uint8)
    shown[window.slices(display)] = 1
    turned = upright.turned(shown, orientation)
    new_display = upright.turned_window(display, display, orientation)
    assert turned.shape[:2] == (new_display.height, new_display.width)
    again = np.zeros_like(turned)
    again[upright.turned_window(window, display, orientation).slices(new_display)] = 1
    assert (again == turned).all()


def test_pixel_aspect_turns_too(tmp_path: Path) -> None:
    for orientation, aspect in ((1, 2.0), (3, 2.0), (6, 0.5), (5, 0.5)):
        spec = oiio.ImageSpec(24, 16, 3, "uint8")
        spec.attribute("Orientation", orientation)
        spec.attribute("PixelAspectRatio", 2.0)
        spec.attribute("XResolution", 36.0)
        spec.attribute("YResolution", 72.0)
        path = tmp_path / f"p{orientation}.tif"
        writer = oiio.ImageOutput.create(str(path))
        assert writer is not None
        assert writer.open(str(path), spec) and writer.write_image(np.zeros((16, 24, 3), np.uint8))
        writer.close()
        assert read_plate(path).frame.pixel_aspect == pytest.approx(aspect)
