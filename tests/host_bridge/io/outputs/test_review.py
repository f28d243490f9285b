from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.outputs import Result, anaglyph, disparity_image
from host_bridge.io.plates import read_plate
from tests.host_bridge.conftest import MakeRgba, Write


@pytest.fixture
def made(write_exr: Write, rgba: MakeRgba) -> Callable[[float, float, float], Result]:
    def make(left: float, right: float, disparity: float) -> Result:
        plate = read_plate(write_exr("p.exr", ({}, {c: np.full((24, 40), left, np.float16) for c in "RGB"})))
        planes = {
            "right": np.full((24, 40, 3), right, np.float32),
            "disparity_left": np.full((24, 40, 1), disparity, np.float32),
        }
        return Result(plate, "left", Box.of_size(40, 24), planes)

    return make


def test_grey_stays_grey(made: Callable[[float, float, float], Result]) -> None:
    picture = anaglyph(made(0.5, 0.5, 0.0))
    assert picture.shape == (24, 40, 3)
    assert picture.dtype == np.uint8
    assert int(picture.max()) - int(picture.min()) < 12


def test_convention_red_is_the_left_eye(made: Callable[[float, float, float], Result]) -> None:
    red, green, blue = anaglyph(made(0.8, 0.0, 0.0))[5, 5]
    assert red > 150
    assert max(green, blue) < 60
    red, green, blue = anaglyph(made(0.0, 0.8, 0.0))[5, 5]
    assert red < 60
    assert min(green, blue) > 150


def test_convention_orange_is_in_front_and_blue_behind(made: Callable[[float, float, float], Result]) -> None:
    front, screen, behind = (disparity_image(made(0.5, 0.5, d))[5, 5].astype(int) for d in (1.0, 0.0, -1.0))
    assert front[0] > 200 > front[2]
    assert behind[2] > 150 > behind[0]
    assert np.ptp(screen) < 8
