from __future__ import annotations

import logging
import subprocess
import sys

import numpy as np
import OpenEXR
import OpenImageIO as oiio
import pytest
from PIL import Image, ImageCms

from host_bridge.core.errors import BadInputError
from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour import curves, primaries
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import icc, read_plate, tags
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

D50_OF_REC709 = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
D50_OF_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
D50_OF_ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
CAMERA_709 = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)


@pytest.fixture(autouse=True)
def fresh(monkeypatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    tags._warn.cache_clear()


@pytest.fixture
def ramp() -> np.ndarray:
    return np.repeat(np.linspace(0, 65535, 16 * 24).reshape(16, 24, 1), 3, axis=2).astype(np.uint16)


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 65536, (16, 24, 3)).astype(np.uint16)


def color(path, **options):
    return read_plate(path, **options).frame.layers["color"]


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
def test_video_code_points(tmp_path, picture, points, space) -> None:
    plate = read_plate(png(tmp_path / "p.png", picture, cicp(*points)))
    assert plate.input_space == colour.canonical(space)
    assert plate.pixel_space == colour.LINEAR_REC709


@pytest.mark.parametrize("bits", [8, 16])
def test_rec709_is_the_same_from_png_tiff_and_by_hand(tmp_path, picture, bits) -> None:
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
        assert writer.open(str(tmp_path / "t.tif"), tiff) and writer.write_image(codes)
        writer.close()
        assert (color(tmp_path / "t.tif") == expected).all()


@pytest.mark.parametrize("points", [(9, 16), (12, 16)])
def test_pq_greys_are_their_nits(tmp_path, ramp, points) -> None:
    light = color(png(tmp_path / "p.png", ramp, cicp(*points)))
    nits = curves.pq_to_linear(ramp / 65535.0) * curves.WHITE_NITS
    shown = nits > 1e-4
    assert light[shown] * curves.WHITE_NITS / nits[shown] == pytest.approx(1.0, abs=1e-3)
    assert light[-1, -1] == pytest.approx([100.0] * 3, rel=1e-5)


def test_pq_greys_through_a_config_of_ones_own(tmp_path, ramp, monkeypatch) -> None:
    monkeypatch.setenv("OCIO", colour_config.NEWEST_CONFIG)
    light = color(png(tmp_path / "p.png", ramp, cicp(9, 16)))
    nits = curves.pq_to_linear(ramp / 65535.0) * curves.WHITE_NITS
    shown = nits > 0.01
    assert light[shown] * curves.WHITE_NITS / nits[shown] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    "config", ["ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3", colour_config.BUILT_IN_CONFIG, "ocio://default"]
)
@pytest.mark.parametrize("points", [(1, 1), (9, 18), (12, 17), (10, 17), (6, 6)])
def test_any_config_reads_any_tag(tmp_path, picture, monkeypatch, config, points) -> None:
    path = png(tmp_path / "p.png", picture, cicp(*points))
    expected = color(path)
    monkeypatch.setenv("OCIO", config)
    plate = read_plate(path)
    assert plate.frame.layers["color"] == pytest.approx(expected, rel=2e-3, abs=2e-3)
    assert plate.frame.layers["look"].shape == (16, 24, 3)


def test_a_config_without_linear_rec709_costs_no_tag(tmp_path, picture, monkeypatch) -> None:
    own = tmp_path / "own.ocio"
    own.write_text(
        "ocio_profile_version: 2\nroles: {default: g24_rec709_display, scene_linear: plain}\n"
        "displays: {screen: [!<View> {name: raw, colorspace: plain}]}\n"
        "colorspaces:\n  - !<ColorSpace> {name: g24_rec709_display}\n  - !<ColorSpace> {name: plain}\n"
    )
    path = png(tmp_path / "p.png", picture, cicp(1, 1))
    expected = color(path)
    monkeypatch.setenv("OCIO", str(own))
    assert (color(path) == expected).all()


def test_a_config_defines_its_own_ids(tmp_path, picture, monkeypatch) -> None:
    own = tmp_path / "own.ocio"
    own.write_text(
        "ocio_profile_version: 2\nroles: {default: lin_rec709, scene_linear: lin_rec709}\n"
        "displays: {screen: [!<View> {name: raw, colorspace: lin_rec709}]}\n"
        "colorspaces:\n  - !<ColorSpace> {name: lin_rec709}\n"
        "  - !<ColorSpace>\n    name: g24_rec709_display\n"
        "    to_reference: !<MatrixTransform> {matrix: [2,0,0,0, 0,2,0,0, 0,0,2,0, 0,0,0,1]}\n"
    )
    path = png(tmp_path / "p.png", picture, cicp(1, 1))
    monkeypatch.setenv("OCIO", str(own))
    assert color(path) == pytest.approx(picture / 65535 * 2, rel=1e-5)


@pytest.mark.parametrize("bits", [8, 16])
def test_narrow_range_codes(tmp_path, bits) -> None:
    codes = np.zeros((16, 24, 3), np.uint8 if bits == 8 else np.uint16)
    codes[:8] = 16 << (bits - 8)
    codes[8:] = 235 << (bits - 8)
    light = color(png(tmp_path / "p.png", codes, cicp(1, 1, full=0)))
    assert light[0, 0] == pytest.approx(0.0, abs=1e-5)
    assert light[-1, -1] == pytest.approx(1.0, rel=1e-2)


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
        ((chrm(primaries.PRIMARIES["rec2020"]),), "srgb_rec2020_scene"),
        ((chrm(primaries.PRIMARIES["rec709"]),), "srgb_rec709_scene"),
        ((), "srgb_rec709_scene"),
    ],
)
def test_gamma_and_primaries_of_png(tmp_path, picture, chunks, space) -> None:
    assert read_plate(png(tmp_path / "p.png", picture, *chunks)).input_space == space


def test_wide_primaries_are_not_taken_for_rec709(tmp_path, picture) -> None:
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
def test_icc_profiles_by_name_and_numbers(tmp_path, picture, name, curve, xyz, space) -> None:
    data = profile(name, curve, xyz)
    assert icc.read(data) == icc.Profile(name, space)
    assert read_plate(png(tmp_path / "p.png", picture, iccp(data))).input_space == space


def test_an_icc_profile_made_elsewhere(tmp_path) -> None:
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for ending in ("png", "jpg", "tif", "webp"):
        path = tmp_path / f"p.{ending}"
        Image.fromarray(np.full((16, 24, 3), 128, np.uint8)).save(path, icc_profile=made)
        assert read_plate(path).input_space == "srgb_rec709_scene"


@pytest.mark.parametrize("cut", [0, 3, 100, 130, 200, 300])
def test_a_damaged_profile_costs_no_frame(tmp_path, picture, cut, caplog) -> None:
    data = profile("c2", curve_gamma(2.2), D50_OF_REC709)[:cut]
    assert icc.read(data).space == ""
    plate = read_plate(png(tmp_path / "p.png", picture, iccp(data)))
    assert plate.frame.layers["color"].shape == (16, 24, 3)


@pytest.mark.parametrize(
    ("chunk", "said"),
    [
        (cicp(9, 99), "cICP 9/99/0/1"),
        (cicp(99, 1), "cICP 99/1/0/1"),
        (cicp(1, 9), "cICP 1/9/0/1"),
        (
            iccp(profile("Odd One", curve_table(np.linspace(0, 1, 64) ** 0.5 * 0.5 + 0.3), D50_OF_REC709)),
            "ICC profile 'Odd One'",
        ),
    ],
)
def test_an_unknown_tag_is_a_warning_with_its_default(tmp_path, picture, caplog, chunk, said) -> None:
    path = png(tmp_path / "p.png", picture, chunk)
    with caplog.at_level(logging.WARNING):
        plates = [read_plate(path) for _ in range(3)]
    assert plates[0].input_space == colour.SRGB
    assert [r.getMessage() for r in caplog.records] == [
        f"the colour tag {said} is not known here: taken as {colour.SRGB}; name the space with --input-space"
    ]
    caplog.clear()
    tags._warn.cache_clear()
    read_plate(path, input_space="g24_rec709_display")
    assert not caplog.records


def test_a_wrong_input_space_stays_a_refusal(tmp_path, picture) -> None:
    with pytest.raises(BadInputError, match="no colour space 'rec709ish'"):
        read_plate(png(tmp_path / "p.png", picture, cicp(1, 1)), input_space="rec709ish")


CHROMATICITIES = {
    "ap0": "lin_ap0_scene",
    "awg3": "lin_awg3_scene",
    "rec2020": "lin_rec2020_scene",
    "rec709": "lin_rec709_scene",
}


@pytest.mark.parametrize("name", CHROMATICITIES)
def test_exr_chromaticities(write_exr, rgba, name) -> None:
    header = {"chromaticities": primaries.PRIMARIES[name]}
    assert read_plate(write_exr("p.exr", (header, rgba()))).input_space == CHROMATICITIES[name]


def test_exr_primaries_without_a_name_are_looked_at_as_they_are(write_exr, caplog) -> None:
    mine = (0.70, 0.30, 0.20, 0.75, 0.14, 0.05, 0.3127, 0.3290)
    channels = {c: np.full((16, 24), v, np.float16) for c, v in zip("RGB", (0.5, 0.2, 0.1), strict=True)}
    plate = read_plate(write_exr("p.exr", ({"chromaticities": mine}, channels)))
    assert not caplog.records
    plain = read_plate(write_exr("q.exr", ({}, channels)), input_space=plate.input_space)
    assert (plain.frame.layers["look"] == plate.frame.layers["look"]).all()
    linear = primaries.to_rec709(plate.input_space[4:-6]) @ [0.5, 0.2, 0.1]
    expected = curves.linear_to_srgb(linear.clip(0, 1)) * 255
    assert plate.frame.layers["look"][8, 8] == pytest.approx(expected, abs=1.5)


@pytest.mark.parametrize(
    ("header", "space"),
    [
        ({"colorInteropID": "g24_rec709_display"}, "g24_rec709_display"),
        ({"colorInteropID": "ocio:acescct_ap1_scene"}, "ocio:acescct_ap1_scene"),
        ({"colorInteropID": "unknown"}, "lin_rec709_scene"),
        ({"colorInteropID": "data"}, "lin_rec709_scene"),
        ({"colorInteropID": "unknown", "chromaticities": primaries.PRIMARIES["ap1"]}, "lin_ap1_scene"),
        ({"colorInteropID": "lin_ap1_scene", "chromaticities": primaries.PRIMARIES["rec709"]}, "lin_ap1_scene"),
    ],
)
def test_exr_ids(write_exr, rgba, header, space, caplog) -> None:
    plate = read_plate(write_exr("p.exr", (header, rgba())))
    assert (plate.input_space, caplog.records) == (space, [])
    assert plate.frame.layers["color"].dtype == np.float16


def test_an_unknown_exr_id_is_a_warning(write_exr, rgba, caplog) -> None:
    header = {"colorInteropID": "studio:our_space", "chromaticities": primaries.PRIMARIES["ap1"]}
    assert read_plate(write_exr("p.exr", (header, rgba()))).input_space == "lin_ap1_scene"
    assert "colorInteropID studio:our_space is not known here: taken as lin_ap1_scene" in caplog.text


def test_grey_by_curve_and_by_config(tmp_path) -> None:
    codes = np.full((16, 24, 1), 40000, np.uint16)
    for space in ("g24_rec709_display", "pq_rec2020_display", "hlg_rec2020_display", "ARRI LogC4"):
        grey = color(png(tmp_path / "g.png", codes), input_space=space)
        rgb = color(png(tmp_path / "c.png", np.repeat(codes, 3, axis=2)), input_space=space)
        assert grey[0, 0, 0] == pytest.approx(rgb[0, 0].mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("code", "space"),
    [
        (2, "lin_rec709_scene"),
        (3, "Cineon"),
        (1, "Cineon"),
        (6, "g24_rec709_display"),
        (7, "g24_ebu_display"),
        (0, "srgb_rec709_scene"),
        (255, "srgb_rec709_scene"),
    ],
)
def test_dpx_transfers(tmp_path, code, space) -> None:
    path = dpx(tmp_path / "p.dpx", code)
    assert read_plate(path).input_space == space


def test_ffmpeg_calls_every_dpx_linear(tmp_path) -> None:
    path = dpx(tmp_path / "p.dpx", 2)
    data = bytearray(path.read_bytes())
    data[160:260] = b"Lavc60.31.102".ljust(100, b"\0")
    path.write_bytes(data)
    assert read_plate(path).input_space == colour.SRGB


def dpx(path, transfer):
    spec = oiio.ImageSpec(24, 16, 3, "uint10")
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec) and writer.write_image(np.full((16, 24, 3), 0.5, np.float32))
    writer.close()
    data = bytearray(path.read_bytes())
    data[801] = transfer
    path.write_bytes(data)
    return path


def test_the_warning_reaches_a_terminal_once(tmp_path, picture) -> None:
    paths = [png(tmp_path / f"p.{n:04}.png", picture, cicp(9, 99)) for n in range(3)]
    script = "import sys, pathlib as p, host_bridge.io.plates as h\nfor f in sys.argv[1:]: h.read_plate(p.Path(f))"
    said = subprocess.run([sys.executable, "-c", script, *map(str, paths)], capture_output=True, text=True, check=True)
    assert said.stderr.count("cICP 9/99/0/1") == 1


def test_exr_header_without_anything() -> None:
    assert tags.of_exr({"type": OpenEXR.scanlineimage}) == tags.Tag(colour.LINEAR_REC709)
