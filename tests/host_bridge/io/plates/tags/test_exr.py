"""Chromaticities and interop ids of EXR become a space."""

from __future__ import annotations

from typing import Any

import numpy as np
import OpenEXR
import pytest

from host_bridge.io.colour import curves, primaries
from host_bridge.io.colour import transforms as colour
from host_bridge.io.plates import read_plate, tags
from tests.host_bridge.conftest import MakeRgba, Write

CHROMATICITIES = {
    "ap0": "lin_ap0_scene",
    "awg3": "lin_awg3_scene",
    "rec2020": "lin_rec2020_scene",
    "rec709": "lin_rec709_scene",
}


@pytest.mark.parametrize("name", CHROMATICITIES)
def test_exr_chromaticities(write_exr: Write, rgba: MakeRgba, name: str) -> None:
    header = {"chromaticities": primaries.PRIMARIES[name]}
    assert read_plate(write_exr("p.exr", (header, rgba()))).input_space == CHROMATICITIES[name]


def test_exr_primaries_without_a_name_are_looked_at_as_they_are(
    write_exr: Write, caplog: pytest.LogCaptureFixture
) -> None:
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
def test_exr_ids(
    write_exr: Write, rgba: MakeRgba, header: dict[str, Any], space: str, caplog: pytest.LogCaptureFixture
) -> None:
    plate = read_plate(write_exr("p.exr", (header, rgba())))
    assert (plate.input_space, caplog.records) == (space, [])
    assert plate.frame.layers["color"].dtype == np.float16


def test_an_unknown_exr_id_is_a_warning(write_exr: Write, rgba: MakeRgba, caplog: pytest.LogCaptureFixture) -> None:
    header = {"colorInteropID": "studio:our_space", "chromaticities": primaries.PRIMARIES["ap1"]}
    assert read_plate(write_exr("p.exr", (header, rgba()))).input_space == "lin_ap1_scene"
    assert "colorInteropID studio:our_space is not known here: taken as lin_ap1_scene" in caplog.text


AP1 = {"chromaticities": primaries.PRIMARIES["ap1"]}


@pytest.mark.parametrize(
    ("header", "space"),
    [
        ({"acesImageContainerFlag": 1}, "lin_ap0_scene"),
        ({"acesImageContainerFlag": 0}, "lin_rec709_scene"),
        ({"acesImageContainerFlag": 1, **AP1}, "lin_ap1_scene"),
        ({"colorSpace": "cineon"}, "Cineon"),
        ({"colorSpace": "ACES - ACEScg"}, "lin_ap1_scene"),
        ({"colourSpace": "sRGB"}, "srgb_rec709_scene"),
        ({"oiio:ColorSpace": "lin_p3d65"}, "lin_p3d65_scene"),
        ({"oiio:ColorSpace": "raw"}, "lin_rec709_scene"),
        ({"oiio:ColorSpace": "Linear"}, "lin_rec709_scene"),
        ({"colorSpace": "sRGB", **AP1}, "lin_ap1_scene"),
        ({"colorSpace": "sRGB", "colorInteropID": "lin_ap1_scene"}, "lin_ap1_scene"),
    ],
)
def test_what_stands_in_a_header_without_primaries(
    header: dict[str, Any], space: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert (tags.of_exr(header).space, caplog.records) == (space, [])


def test_a_name_that_nobody_knows_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert tags.of_exr({"colorSpace": "Show Log 7"}) == tags.Tag(colour.LINEAR_REC709, "colorSpace Show Log 7", False)
    assert "colorSpace Show Log 7 is not known here" in caplog.text


def test_exr_header_without_anything() -> None:
    assert tags.of_exr({"type": OpenEXR.scanlineimage}) == tags.Tag(colour.LINEAR_REC709)
