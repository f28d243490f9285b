from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_bridge.core.errors import BadInputError
from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour import curves
from host_bridge.io.colour import transforms as colour

RGB = ("R", "G", "B")


@pytest.fixture(autouse=True)
def no_ocio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)


def test_an_unknown_space_names_near_ones() -> None:
    with pytest.raises(BadInputError, match="ARRI LogC3") as caught:
        colour.validate_space("ARRI Logc3")
    assert "\n" not in str(caught.value)


def test_a_broken_config_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "none.ocio"))
    with pytest.raises(BadInputError, match=r"colour config cannot be read"):
        colour.make_look(np.zeros((8, 8, 3), np.float32), RGB, colour.LINEAR_REC709)


@pytest.mark.parametrize("spelling", ["lin_rec709", "Linear Rec.709 (sRGB)", "lin_srgb", "LIN_REC709_SCENE"])
def test_one_space_has_one_name(spelling: str) -> None:
    assert colour.validate_space(spelling) == colour.LINEAR_REC709


def test_only_plain_linear_rec709_is_left_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not colour.needs_look(colour.LINEAR_REC709, RGB)
    assert not colour.needs_look(colour.LINEAR_REC709, (*RGB, "A"))
    assert colour.needs_look("lin_ap1_scene", RGB)
    assert colour.needs_look(colour.LINEAR_REC709, ("Y",))
    monkeypatch.setenv("OCIO", colour_config.BUILT_IN_CONFIG)
    assert colour.needs_look(colour.LINEAR_REC709, RGB)


def test_the_look_is_srgb_without_a_tone_map() -> None:
    steps = np.linspace(0, 1, 64, dtype=np.float32)
    picture = np.repeat(np.repeat(steps[None, :, None], 8, 0), 3, 2)
    look = colour.make_look(picture, RGB, colour.LINEAR_REC709)
    expected = curves.linear_to_srgb(picture) * 255
    assert np.abs(look.astype(float) - expected).max() < 1.0


def test_wide_gamut_white_is_white() -> None:
    look = colour.make_look(np.ones((8, 8, 3), np.float32), RGB, "lin_ap0_scene")
    assert np.abs(look.astype(int) - 255).max() <= 2


def test_the_config_in_force_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3")
    look = colour.make_look(np.full((8, 8, 3), 0.18, np.float32), RGB, "ACEScg")
    assert np.abs(look.astype(float) - 118).max() < 2


def test_the_look_is_small_and_blind_to_nan() -> None:
    picture = np.ones((1080, 1920, 3), np.float16)
    picture[0, 0] = np.nan
    picture[2, 2] = -np.inf
    look = colour.make_look(picture, RGB, colour.LINEAR_REC709)
    assert look.shape == (540, 960, 3)
    assert look.min() > 200


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_shrinking_keeps_constants(rows: int, columns: int, side: int) -> None:
    small = colour.shrink(np.full((rows, columns, 2), 0.25, np.float16), side)
    assert max(small.shape[:2]) <= side
    assert small == pytest.approx(0.25)


def test_srgb_and_back() -> None:
    values = np.linspace(-0.5, 1.5, 301)
    assert curves.linear_to_srgb(curves.srgb_to_linear(values)) == pytest.approx(values, abs=1e-9)


def test_a_config_shows_its_own_spaces_whether_or_not_it_has_linear_rec709(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "own.ocio"
    own.write_text(
        "ocio_profile_version: 2\nroles: {default: house, scene_linear: house}\n"
        "displays: {screen: [!<View> {name: half, colorspace: shown}]}\n"
        "colorspaces:\n  - !<ColorSpace> {name: house}\n  - !<ColorSpace>\n    name: shown\n"
        "    from_reference: !<MatrixTransform> {matrix: [.5,0,0,0, 0,.5,0,0, 0,0,.5,0, 0,0,0,1]}\n"
    )
    monkeypatch.setenv("OCIO", str(own))
    look = colour.make_look(np.full((8, 8, 3), 0.4, np.float32), RGB, colour.validate_space("house"))
    assert np.abs(look.astype(float) - 0.2 * 255).max() <= 1
    with pytest.raises(BadInputError, match=r"no linear Rec\.709 to decode house to"):
        colour.decode(np.zeros((8, 8, 3)), "house")
    with pytest.raises(BadInputError, match=r"no linear Rec\.709 to decode house to"):
        colour.decode_codes(np.zeros((8, 8, 3), np.uint8), 255, "house")
