"""cICP code points become a space, and codes become light: BT.709, PQ, narrow range."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
import pytest

from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import read_plate
from tests.host_bridge.io.plates.tagged import (
    cicp,
    curve_gamma,
    curve_parametric,
    png,
    profile,
)
from tests.host_bridge.io.plates.tags.profiles import CAMERA_709, D50_OF_REC709, color


@pytest.mark.parametrize(
    ("points", "space"),
    [
        ((1, 1), "g24_rec709_display"),
        ((1, 13), "srgb_rec709_scene"),
        ((9, 16), "pq_rec2020_display"),
        ((9, 18), "hlg_rec2020_display"),
        ((12, 16), "pq_p3d65_display"),
        ((12, 13), "srgb_p3d65_scene"),
        ((9, 14), "g24_rec2020_display"),
        ((9, 1), "g24_rec2020_display"),
        ((6, 6), "g24_smptec_display"),
        ((5, 6), "g24_ebu_display"),
        ((2, 1), "g24_rec709_display"),
        ((1, 8), "lin_rec709_scene"),
        ((10, 17), "g26_xyzd65_display"),
    ],
)
def test_video_code_points(
    tmp_path: Path, picture: npt.NDArray[np.uint16], points: tuple[int, int], space: str
) -> None:
    plate = read_plate(png(tmp_path / "p.png", picture, cicp(*points)))
    assert plate.input_space == colour.canonical(space)
    assert plate.pixel_space == colour.LINEAR_REC709


@pytest.mark.parametrize("bits", [8, 16])
def test_rec709_is_the_same_from_png_tiff_and_by_hand(
    tmp_path: Path, picture: npt.NDArray[np.uint16], bits: int
) -> None:
    codes = picture if bits == 16 else (picture >> 8).astype(np.uint8)
    plain = png(tmp_path / "plain.png", codes)
    expected = color(plain, input_space="g24_rec709_display")
    assert (color(png(tmp_path / "p.png", codes, cicp(1, 1))) == expected).all()
    assert (color(plain, input_space="Rec.1886 Rec.709 - Display") == expected).all()
    assert expected == pytest.approx((codes / np.iinfo(codes.dtype).max) ** 2.4, rel=1e-3, abs=1e-7)
    for name, curve in [("Rec. ITU-R BT.709-5", curve_parametric(3, *CAMERA_709)), ("x", curve_gamma(2.4))]:
        tiff = oiio.ImageSpec(24, 16, 3, codes.dtype.name)
        data = profile(name, curve, D50_OF_REC709)
        tiff.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(data)}]"), np.frombuffer(data, np.uint8))
        writer = oiio.ImageOutput.create(str(tmp_path / "t.tif"))
        assert writer is not None
        assert writer.open(str(tmp_path / "t.tif"), tiff) and writer.write_image(codes)
        writer.close()
        assert (color(tmp_path / "t.tif") == expected).all()


@pytest.mark.parametrize("points", [(9, 16), (12, 16)])
def test_pq_greys_are_their_nits(tmp_path: Path, ramp: npt.NDArray[np.uint16], points: tuple[int, int]) -> None:
    light = color(png(tmp_path / "p.png", ramp, cicp(*points)))
    nits = curves.pq_to_linear(ramp / 65535.0) * curves.WHITE_NITS
    shown = nits > 1e-4
    assert light[shown] * curves.WHITE_NITS / nits[shown] == pytest.approx(1.0, abs=1e-3)
    assert light[-1, -1] == pytest.approx([100.0] * 3, rel=1e-5)


@pytest.mark.parametrize("bits", [8, 16])
def test_narrow_range_codes(tmp_path: Path, bits: int) -> None:
    codes = np.zeros((16, 24, 3), np.uint8 if bits == 8 else np.uint16)
    codes[:8] = 16 << (bits - 8)
    codes[8:] = 235 << (bits - 8)
    codes[7] = 126 << (bits - 8)
    light = color(png(tmp_path / "p.png", codes, cicp(1, 1, full=0)))
    assert light[0, 0] == pytest.approx(0.0, abs=1e-7)
    assert light[7, 0] == pytest.approx((110 / 219) ** 2.4, rel=1e-3)
    assert light[-1, -1] == pytest.approx(1.0, rel=1e-6)
