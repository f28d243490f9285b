"""Pixel formats, matrices and chroma positions become R'G'B' codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

from host_bridge.core.errors import PlateError
from host_bridge.io.colour.curves import srgb_to_linear
from host_bridge.io.plates import film_pixels
from host_bridge.io.plates.film import open_movie
from tests.host_bridge.io.plates.film.kinds import tagged
from tests.host_bridge.io.plates.films import Make, make, picture, planar

PIXELS = """yuv444p12le yuv422p10le yuv420p gbrp10le gbrp yuva444p10le gray10le gray nv12 p010le uyvy422 rgb24 bgra
rgb48le gbrp16le"""


@pytest.mark.parametrize("pixels", PIXELS.split())
def test_pixel_formats(tmp_path: Path, pixels: str) -> None:
    rgb = VideoFrame.from_ndarray(
        np.kron(picture(3)[::16, ::16], np.ones((16, 16, 1))).astype(np.uint8), format="rgb24"
    )
    is_rgb = pixels.startswith(("gbr", "rgb", "bgr"))
    tags = (1, 13, 0 if is_rgb else 1, 2 if is_rgb or pixels.startswith("gray") else 1)
    frame = rgb.reformat(format=pixels, dst_colorspace="ITU709", dst_color_range="JPEG" if tags[3] == 2 else "MPEG")
    codes = film_pixels.codes_of(tagged(frame, tags))
    colours = len(codes.channels) - (codes.channels[-1] == "A")
    assert codes.channels[:colours] == (("Y",) if "gray" in pixels else ("R", "G", "B"))
    assert ("A" in codes.channels) == ("a" in pixels.replace("gray", ""))
    if colours == 3:
        # Blocks of 16 px: their middles know nothing of how chroma is carried.
        middle = codes.pixels[8::16, 8::16, :3] * 255
        assert middle == pytest.approx(rgb.to_ndarray()[8::16, 8::16], abs=4.0)


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9, 8])
def test_matrices(matrix: int) -> None:
    rgb = np.random.default_rng(0).uniform(0.1, 0.9, (3, 8, 16))
    if matrix == 8:
        luma = rgb[0] / 4 + rgb[1] / 2 + rgb[2] / 4
        blue, red = -rgb[0] / 4 + rgb[1] / 2 - rgb[2] / 4, (rgb[0] - rgb[2]) / 2
    else:
        kr, kb = film_pixels._LUMA[matrix]
        luma = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2]
        blue, red = (rgb[2] - luma) / (2 * (1 - kb)), (rgb[0] - luma) / (2 * (1 - kr))
    planes = [np.rint(luma * 65535), *(np.rint(c * 65535 + 32768) for c in (blue, red))]
    frame = tagged(planar([p.astype(np.uint16) for p in planes], "yuv444p16le"), (1, 1, matrix, 2))
    assert film_pixels.codes_of(frame).pixels == pytest.approx(np.moveaxis(rgb, 0, -1), abs=5e-5)


@pytest.mark.parametrize("matrix", [10, 14])
def test_a_matrix_that_is_not_read_is_refused_by_name(matrix: int) -> None:
    flat = [np.full((16, 16), 500, np.uint16)] * 3
    with pytest.raises(PlateError, match=f"matrix {matrix} of H.273"):
        film_pixels.codes_of(tagged(planar(flat, "yuv444p10le"), (9, 16, matrix, 1)))


def test_chroma_lies_on_every_other_column_and_between_rows() -> None:
    """A slope in chroma comes out as a slope, at the place where 4:2:0 has its samples."""
    across = np.arange(48, dtype=np.float32)[None].repeat(32, 0)
    down = np.arange(32, dtype=np.float32)[:, None].repeat(48, 1)
    frame = VideoFrame(96, 64, "yuv420p")
    wide = film_pixels._upsampled(across, frame)
    assert wide[5, :95] == pytest.approx(np.arange(95) / 2)
    tall = film_pixels._upsampled(down, frame)
    assert tall[1:-1, 5] == pytest.approx((np.arange(1, 63) - 0.5) / 2)


@pytest.mark.parametrize(("codec", "straight"), [("png", True), ("ffv1", False)])
def test_straight_alpha_multiplies_light(tmp_path: Path, codec: str, straight: bool) -> None:
    codes = np.full((64, 96, 4), (200, 100, 50, 128), np.uint8)
    how = Make(codec=codec, pixels="rgba" if straight else "bgra", frames=1, tags=(1, 13, 0, 2))
    frame = VideoFrame.from_ndarray(codes, format="rgba").reformat(format=how.pixels)
    film = open_movie(make(tmp_path / ("a.mov" if straight else "a.mkv"), how, [frame]))
    light = srgb_to_linear(codes[0, 0, :3] / 255.0) * (128 / 255 if straight else 1.0)
    found = film.read(0)
    assert found.channels == ("R", "G", "B", "A")
    assert found.pixels[5, 5] == pytest.approx([*light, 128 / 255], abs=2e-3)
