"""Means of blocks in linear light, and the display's curves over them."""

from __future__ import annotations

import numpy as np
import pytest

from host_bridge.io.colour import transforms as colour
from host_bridge.io.colour.config import BUILT_IN_CONFIG, LINEAR_REC709
from host_bridge.io.colour.curves_of_display import curves_of, display_levels
from host_bridge.review.shrinking import block_means, shown_small

ACES_VIEW_CONFIG = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"


def test_every_finite_half_is_read_as_it_is() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 32)  # type: ignore[assignment]
    read = block_means(halves, 0, 32)
    assert (read == halves.astype(np.float32)).all() and (np.signbit(read) == np.signbit(halves)).all()


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("size", [(64, 90), (40, 96), (33, 2048), (1, 7), (431, 517), (5, 2000)])
def test_blocks_have_their_means(kind: type[np.floating], size: tuple[int, int]) -> None:
    plane = np.random.default_rng(0).uniform(-1, 3, size).astype(kind)
    for side_px in (0, 1024, 400, 48, 30):
        small = block_means(plane, side_px, max(size))
        assert small == pytest.approx(
            colour.shrink(plane[..., None], side_px or 10_000)[..., 0], abs=4e-6
        )  # sums of up to 2,277 floats


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_what_is_not_finite_counts_as_black_or_as_the_brightest_half(kind: type[np.floating]) -> None:
    plane = np.ones((2, 8), kind)
    plane[0, 0], plane[0, 2], plane[0, 4] = np.nan, np.inf, -np.inf
    assert block_means(plane, 4, 8)[0].tolist() == [0.75, (3 + 65504) / 4, 0.75, 1.0]


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("odd_value", [0.5, -0.0, -1e-7, -2.0, 65504.0, np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_made_small_in_bands_is_shown_as_if_it_were_made_small_first(
    kind: type[np.floating], odd_value: float, channels: int
) -> None:
    planes = list(np.random.default_rng(2).uniform(0, 1, (channels, 300, 1400)).astype(kind))
    planes[-1][250, 701] = odd_value
    for side_px in (0, 700, 300):
        with np.errstate(invalid="ignore"):  # ∞ − ∞ of floats
            means = [block_means(plane, side_px, 1400) for plane in planes]
            shown = shown_small(planes, side_px, LINEAR_REC709)
        exact = np.stack([colour.shrink(plane[..., None], side_px or 10_000)[..., 0] for plane in planes])
        assert np.allclose(np.stack(means), exact, rtol=1e-6, atol=2e-6)
        assert (shown == display_levels(means, LINEAR_REC709)).all()


@pytest.mark.parametrize("space", [LINEAR_REC709, "lin_ap1_scene", "lin_rec2020_scene"])
@pytest.mark.parametrize("config", ["", ACES_VIEW_CONFIG])
def test_curves_show_what_the_config_shows(space: str, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if config:
        monkeypatch.setenv("OCIO", config)
    assert curves_of(config or BUILT_IN_CONFIG, space) is not None
    planes = (10 ** np.random.default_rng(1).uniform(-4, 1, (3, 40, 60))).astype(np.float32)
    planes[0, :5] *= -1
    exact = colour.to_display(np.stack(list(planes), -1), ("R", "G", "B"), space)
    beside = np.abs(display_levels(list(planes), space).astype(int) - exact)
    assert beside.max() <= 1 and (beside > 0).mean() < 0.02
    grey = display_levels([planes[1]], space)
    assert np.abs(grey.astype(int) - colour.to_display(planes[1][..., None], ("Y",), space)).max() <= 1


def test_a_view_that_mixes_channels_is_asked_of_the_config() -> None:
    """Camera logs are no curve after a matrix."""
    space = colour.validate_space("ARRI LogC4")
    assert curves_of(BUILT_IN_CONFIG, space) is None
    planes = list(np.random.default_rng(1).uniform(0, 1, (3, 8, 8)).astype(np.float32))
    assert (display_levels(planes, space) == colour.to_display(np.stack(planes, -1), ("R", "G", "B"), space)).all()
