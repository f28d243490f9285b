from __future__ import annotations

import numpy as np
import pytest

from host_bridge.io.plates.luma import luminance_weights, to_rgb


def test_weights_of_rec709() -> None:
    assert luminance_weights() == pytest.approx((0.2126, 0.7152, 0.0722), abs=1e-4)


def test_weights_of_aces_and_of_xyz() -> None:
    ap0 = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)
    assert luminance_weights(ap0) == pytest.approx((0.34397, 0.72817, -0.07213), abs=1e-4)
    assert luminance_weights((1, 0, 0, 1, 0, 0, 1 / 3, 1 / 3)) == pytest.approx((0, 1, 0), abs=1e-6)


@pytest.mark.parametrize("odd", [(0.0,) * 8, (1, 0, 0, 0, 0, 1, 1 / 3, 1 / 3), (float("nan"),) * 8])
def test_primaries_that_are_none_are_taken_as_rec709_and_said(
    odd: tuple[float, ...], caplog: pytest.LogCaptureFixture
) -> None:
    assert luminance_weights(odd) == luminance_weights()
    assert "taken as Rec.709" in caplog.text


def test_xyz_comes_back() -> None:
    x, y, z = 0.4, 0.5, 0.3
    planes = [np.full((6, 8), v, np.float32) for v in (y, (x - y) / y, (z - y) / y)]
    rgb = to_rgb(*planes, luminance_weights((1, 0, 0, 1, 0, 0, 1 / 3, 1 / 3)))  # type: ignore[arg-type, call-arg]
    assert rgb[3, 4] == pytest.approx((x, y, z), rel=1e-5)


def test_values_beyond_all_bounds_say_nothing() -> None:
    """Warnings are errors here: none of numpy's comes out."""
    odd = np.array([[np.inf, np.nan], [65504, 0]], np.float16).repeat(8, 0).repeat(8, 1)
    assert to_rgb(odd, odd, odd, luminance_weights()).shape == (16, 16, 3)


def test_shapes() -> None:
    y = np.ones((7, 5), np.float16)
    half = np.zeros((4, 3), np.float16)
    rgb = to_rgb(y, half, half, luminance_weights())
    assert rgb.shape == (7, 5, 3)
    assert rgb.dtype == np.float16


def test_grey_has_no_chroma() -> None:
    y = np.linspace(0.1, 2.0, 48).reshape(6, 8).astype(np.float32)
    zero = np.zeros((3, 4), np.float32)
    assert to_rgb(y, zero, zero, luminance_weights()) == pytest.approx(np.repeat(y[..., None], 3, 2), rel=1e-6)


def test_a_flat_colour_comes_back() -> None:
    weights = luminance_weights()
    red, green, blue = 0.7, 0.2, 1.4
    level = red * weights[0] + green * weights[1] + blue * weights[2]
    y = np.full((6, 8), level, np.float32)
    ry, by = (np.full((3, 4), (value - level) / level, np.float32) for value in (red, blue))
    assert to_rgb(y, ry, by, weights)[3, 4] == pytest.approx((red, green, blue), rel=1e-4)
