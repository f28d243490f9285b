"""gAMA, cHRM and sRGB of PNG, and ICC profiles by name and numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageCms

from host_bridge.io.colour import curves, primaries
from host_bridge.io.plates import icc, read_plate
from tests.host_bridge.io.plates.tagged import (
    chrm,
    cicp,
    curve_gamma,
    curve_parametric,
    curve_table,
    gama,
    iccp,
    png,
    profile,
)
from tests.host_bridge.io.plates.tags.profiles import CAMERA_709, D50_OF_ADOBE, D50_OF_P3, D50_OF_REC709, color


@pytest.mark.parametrize(
    ("chunks", "space"),
    [
        ((gama(2.2),), "g22_rec709_scene"),
        ((gama(1.0),), "lin_rec709_scene"),
        ((gama(1.961),), "g24_rec709_display"),
        ((gama(1.961), chrm(primaries.PRIMARIES["rec2020"])), "g24_rec2020_display"),
        ((gama(1.9),), "g19_rec709_scene"),
        ((gama(1.933),), "g1.933_rec709_scene"),
        ((gama(2.2), chrm(primaries.PRIMARIES["rec709"])), "g22_rec709_scene"),
        ((gama(2.2), chrm(primaries.PRIMARIES["rec2020"])), "g22_rec2020_scene"),
        ((gama(1.0), chrm(primaries.PRIMARIES["p3d65"])), "lin_p3d65_scene"),
        ((gama(2.2), chrm(primaries.PRIMARIES["rec2020"]), (b"sRGB", b"\0")), "srgb_rec709_scene"),
        ((gama(2.2), cicp(9, 16)), "pq_rec2020_display"),
        (((b"gAMA", bytes(4)),), "srgb_rec709_scene"),
        ((chrm(primaries.PRIMARIES["rec2020"]),), "srgb_rec2020_scene"),
        ((chrm(primaries.PRIMARIES["rec709"]),), "srgb_rec709_scene"),
        ((), "srgb_rec709_scene"),
    ],
)
def test_gamma_and_primaries_of_png(
    tmp_path: Path, picture: npt.NDArray[np.uint16], chunks: tuple[tuple[bytes, bytes], ...], space: str
) -> None:
    assert read_plate(png(tmp_path / "p.png", picture, *chunks)).input_space == space


def test_wide_primaries_are_not_taken_for_rec709(tmp_path: Path, picture: npt.NDArray[np.uint16]) -> None:
    wide = color(png(tmp_path / "w.png", picture, gama(2.2), chrm(primaries.PRIMARIES["rec2020"])))
    plain = color(png(tmp_path / "p.png", picture, gama(2.2)))
    assert np.abs(wide - plain).max() > 0.1
    grey = color(png(tmp_path / "g.png", np.full((16, 24, 3), 30000, np.uint16), cicp(9, 1)))
    assert grey == pytest.approx((30000 / 65535) ** 2.4, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "curve", "xyz", "space"),
    [
        ("c2", curve_table(curves.srgb_to_linear(np.linspace(0, 1, 1024))), D50_OF_REC709, "srgb_rec709_scene"),
        ("c2", curve_parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), D50_OF_P3, "srgb_p3d65_scene"),
        ("Adobe RGB (1998)", curve_gamma(2.19921875), D50_OF_ADOBE, "g22_adobergb_scene"),
        ("Linear Rec.709", b"curv\0\0\0\0\0\0\0\0", D50_OF_REC709, "lin_rec709_scene"),
        ("old", curve_gamma(1.8), D50_OF_REC709, "g18_rec709_scene"),
        ("Rec. 709", curve_table(np.linspace(0, 1, 64) ** 3), D50_OF_REC709, "g24_rec709_display"),
        ("HDTV (Rec. 709)", curve_gamma(2.2), D50_OF_REC709, "g24_rec709_display"),
        ("Rec2020 PQ", curve_gamma(2.2), D50_OF_REC709, "pq_rec2020_display"),
        ("Display P3 PQ", curve_gamma(2.2), D50_OF_REC709, "pq_p3d65_display"),
        ("HD 1-1-1", curve_gamma(1.9609375), D50_OF_REC709, "g24_rec709_display"),
        ("camera", curve_parametric(3, *CAMERA_709), D50_OF_P3, "g24_p3d65_display"),
    ],
)
def test_icc_profiles_by_name_and_numbers(
    tmp_path: Path, picture: npt.NDArray[np.uint16], name: str, curve: bytes, xyz: npt.NDArray[np.float64], space: str
) -> None:
    data = profile(name, curve, xyz)
    assert icc.read(data) == icc.Profile(name, space)
    assert read_plate(png(tmp_path / "p.png", picture, iccp(data))).input_space == space


def test_an_icc_profile_made_elsewhere(tmp_path: Path) -> None:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for ending in ("png", "jpg", "tif", "webp"):
        path = tmp_path / f"p.{ending}"
        Image.fromarray(np.full((16, 24, 3), 128, np.uint8)).save(path, icc_profile=made)
        assert read_plate(path).input_space == "srgb_rec709_scene"


@pytest.mark.parametrize("cut", [0, 3, 100, 130, 200, 300])
def test_a_damaged_profile_costs_no_frame(
    tmp_path: Path, picture: npt.NDArray[np.uint16], cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    data = profile("c2", curve_gamma(2.2), D50_OF_REC709)[:cut]
    assert icc.read(data).space == ""
    plate = read_plate(png(tmp_path / "p.png", picture, iccp(data)))
    assert plate.frame.layers["color"].shape == (16, 24, 3)
