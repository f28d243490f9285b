from __future__ import annotations

import numpy as np
import pytest

from host_bridge.plates.luma import luminance_weights, to_rgb


def test_weights_of_rec709() -> None:
    assert luminance_weights() == pytest.approx((0.2126, 0.7152, 0.0722), abs=1e-4)


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
