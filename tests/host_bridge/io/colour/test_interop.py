from __future__ import annotations

import numpy as np
import OpenImageIO as oiio
import pytest

from host_bridge.io.colour import config as colour_config
from host_bridge.io.colour import curves, interop, primaries
from host_bridge.io.colour import transforms as colour

IDS = """
lin_ap1_scene lin_ap0_scene lin_rec709_scene lin_p3d65_scene lin_rec2020_scene lin_adobergb_scene
lin_ciexyzd65_scene srgb_rec709_scene g22_rec709_scene g18_rec709_scene srgb_ap1_scene g22_ap1_scene
srgb_p3d65_scene g22_adobergb_scene srgb_rec709_display g24_rec709_display srgb_p3d65_display
srgbe_p3d65_display pq_p3d65_display pq_rec2020_display hlg_rec2020_display g22_rec709_display
g22_adobergb_display g26_p3d65_display g26_xyzd65_display pq_xyzd65_display lin_rec709_display
lin_p3d65_display lin_rec2020_display g24_rec2020_display g24_rec709_scene srgbx_p3d65_display
"""
CAMERAS = "ocio:arrilogc3_awg3_scene ocio:acescct_ap1_scene ocio:slog3_sgamut3cine_scene ocio:vlog_vgamut_scene"


def codes() -> np.ndarray:
    steps = np.random.default_rng(0).uniform(0, 1, (1, 512, 3)).astype(np.float32)
    steps[0, :256] = np.linspace(0, 1, 256)[:, None]
    return steps


@pytest.mark.parametrize("space", [*IDS.split(), *CAMERAS.split(), "data"])
def test_every_id_of_the_forum_is_known_and_decodes(space: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCIO", raising=False)
    assert colour.known(space)
    assert colour.known(f"ocio:{space}") or ":" in space
    assert np.isfinite(colour.decode(codes(), colour.validate_space(space))).all()


def config_spaces() -> list[tuple[str, str]]:
    config = oiio.ColorConfig(colour_config.NEWEST_CONFIG)
    pairs = [(name, config.get_color_interop_id(name)) for name in config.getColorSpaceNames()]
    return [
        (name, found)
        for name, found in pairs
        if found in IDS.split() or found.endswith(("itu709_rec709_scene", "lin_ciexyzd65_display"))
    ]


def test_the_formulas_are_those_of_the_aces_config() -> None:
    pairs = config_spaces()
    assert len(pairs) >= 24
    for name, space in pairs:
        found = interop.formula(space)
        ours = found.to_rec709(found.light(codes()))  # type: ignore[union-attr]
        theirs = oiio.ImageBufAlgo.colorconvert(
            oiio.ImageBuf(codes()), name, "lin_rec709_scene", unpremult=False, colorconfig=colour_config.NEWEST_CONFIG
        ).get_pixels("float")
        # The config's own tables of PQ are good to 1e-5 of the largest value.
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4 * max(1, float(theirs.max()) / 30)), space  # type: ignore[union-attr]


@pytest.mark.parametrize("name", primaries.PRIMARIES)
def test_white_is_white(name: str) -> None:
    white = np.linalg.inv(primaries.to_rec709("ciexyzd65")).sum(1) if name == primaries.XYZ else np.ones(3)
    assert primaries.to_rec709(name) @ white == pytest.approx(np.ones(3), abs=1e-6)


@pytest.mark.parametrize("name", [n for n in primaries.PRIMARIES if n != primaries.XYZ])
def test_primaries_have_their_name_and_others_a_spelling(name: str) -> None:
    assert primaries.named(primaries.PRIMARIES[name]) == name
    moved = tuple(v + 0.01 for v in primaries.PRIMARIES[name])
    spelled = primaries.named(moved)
    assert primaries.chromaticities_of(spelled) == pytest.approx(moved, abs=1e-4)
    assert interop.formula(f"lin_{spelled}_scene") is not None


@pytest.mark.parametrize(
    "bad", [(0.0,) * 8, (0.3,) * 8, (float("nan"),) * 8, (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.9, 0.05)]
)
def test_what_is_no_set_of_primaries(bad: tuple[float, ...]) -> None:
    assert not primaries.usable(bad)
    assert interop.from_chromaticities(bad) is None


def test_pq_is_absolute() -> None:
    # SMPTE ST 2084: code values of 0.01, 1, 100, 203, 1000 and 10 000 nits.
    steps = np.array([0.1499457, 0.5080784, 0.5806889, 0.7518271, 1.0])
    nits = np.array([1.0, 100.0, 203.0, 1000.0, 10_000.0])
    assert curves.pq_to_linear(steps) * curves.WHITE_NITS == pytest.approx(nits, rel=1e-4)


def test_hlg_reference_white_and_peak() -> None:
    # ITU-R BT.2408: HLG 75 % is 203 nits on a screen of 1000.
    light = curves.hlg_to_linear(np.array([[0.0] * 3, [0.75] * 3, [1.0] * 3])) * curves.WHITE_NITS
    assert light[:, 0] == pytest.approx([0.0, 203.0, 1000.0], abs=0.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lin",
        "g_rec709_scene",
        "g999_rec709_scene",
        "lin_xy(1,2)_scene",
        "lin_nowhere_scene",
        "pq_rec2020",
        "foo_rec709_display",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert interop.formula(text) is None


def test_a_gamma_near_a_usual_one_is_that() -> None:
    assert [interop.gamma_curve(g) for g in (1.0, 2.2000000477, 1 / 0.45455, 2.4, 1.961)] == [
        "lin",
        "g22",
        "g22",
        "g24",
        "g1.961",
    ]
