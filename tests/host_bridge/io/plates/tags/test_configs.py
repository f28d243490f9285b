"""Tags are read alike under the built-in and any other OCIO config; a named space too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from host_bridge.core.errors import BadInputError
from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour import curves
from host_bridge.io.plates import read_plate
from tests.host_bridge.io.plates.tagged import (
    cicp,
    png,
)
from tests.host_bridge.io.plates.tags.profiles import color


def test_pq_greys_through_a_config_of_ones_own(
    tmp_path: Path, ramp: npt.NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", colour_config.NEWEST_CONFIG)
    light = color(png(tmp_path / "p.png", ramp, cicp(9, 16)))
    nits = curves.pq_to_linear(ramp / 65535.0) * curves.WHITE_NITS
    shown = nits > 0.01
    assert light[shown] * curves.WHITE_NITS / nits[shown] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(
    "config", ["ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3", colour_config.BUILT_IN_CONFIG, "ocio://default"]
)
@pytest.mark.parametrize("points", [(1, 1), (9, 18), (12, 17), (10, 17), (6, 6)])
def test_any_config_reads_any_tag(
    tmp_path: Path,
    picture: npt.NDArray[np.uint16],
    monkeypatch: pytest.MonkeyPatch,
    config: str,
    points: tuple[int, int],
) -> None:
    path = png(tmp_path / "p.png", picture, cicp(*points))
    expected = color(path)
    monkeypatch.setenv("OCIO", config)
    plate = read_plate(path)
    assert plate.frame.layers["color"] == pytest.approx(expected, rel=2e-3, abs=2e-3)
    assert plate.frame.layers["look"].shape == (16, 24, 3)


def test_a_config_without_linear_rec709_costs_no_tag(
    tmp_path: Path, picture: npt.NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_config_defines_its_own_ids(
    tmp_path: Path, picture: npt.NDArray[np.uint16], monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_wrong_input_space_stays_a_refusal(tmp_path: Path, picture: npt.NDArray[np.uint16]) -> None:
    with pytest.raises(BadInputError, match="no colour space 'rec709ish'"):
        read_plate(png(tmp_path / "p.png", picture, cicp(1, 1)), input_space="rec709ish")


def test_grey_by_curve_and_by_config(tmp_path: Path) -> None:
    codes = np.full((16, 24, 1), 40000, np.uint16)
    for space in ("g24_rec709_display", "pq_rec2020_display", "hlg_rec2020_display", "ARRI LogC4"):
        grey = color(png(tmp_path / "g.png", codes), input_space=space)
        rgb = color(png(tmp_path / "c.png", np.repeat(codes, 3, axis=2)), input_space=space)
        assert grey[0, 0, 0] == pytest.approx(rgb[0, 0].mean(), rel=1e-4)
