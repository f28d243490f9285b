"""Values of the plate: half floats, integers, NaN and infinity, converted once."""

from __future__ import annotations

import math

import numpy as np
import torch

from art3d_node.analysis import analyse
from art3d_node.plate import GIVEN, PlateTensors
from art3d_node.prepared import prepare
from host_bridge.core.params import Controls
from host_bridge.wire.settings import AnalysisSettings
from tests.art3d_node.staged import LIBRARY, WIDE, H, W, given_frame, pop_out, shoot


def test_half_float_plates_are_read_by_value() -> None:
    frame = given_frame(0.0)
    half = given_frame(0.0, color=frame.layers["color"].astype(np.float16))
    assert np.array_equal(shoot(half).planes["left"].numpy(), half.layers["color"].astype(np.float32))


def test_integer_plates_are_shares_of_their_largest_value() -> None:
    frame = given_frame(0.0, color=np.full((H, W, 4), 255, np.uint8))
    assert bool((shoot(frame).planes["right"] == 1.0).all())


def test_a_plate_is_converted_once_for_all_knobs() -> None:
    frame = given_frame(pop_out())
    found = analyse(frame, AnalysisSettings(style=GIVEN), LIBRARY)
    plate = PlateTensors(frame)
    first, second = prepare(frame, found, WIDE, plate=plate), prepare(frame, found, Controls(), plate=plate)
    assert first.plate.color is second.plate.color
    assert plate.nbytes == 4 * (4 + 2 + 1) * H * W


def test_disparity_without_a_value_shows_nowhere() -> None:
    d = pop_out()
    d[20, 50] = math.nan
    frame = given_frame(d)
    planes = shoot(frame).planes
    assert bool(torch.isfinite(planes["right"]).all())
    assert float(planes["occlusion_right"][20, 44, 0]) == 1.0


def test_plate_values_that_are_not_finite_stay_in_their_own_pixels() -> None:
    frame = given_frame(2.5)
    clean = shoot(frame).planes["right"]
    frame.layers["color"][20, 50, 0] = math.nan
    frame.layers["color"][30, 50, 1] = math.inf
    right = shoot(frame).planes["right"]
    assert int((~torch.isfinite(right)).sum()) <= 4
    far = torch.ones(H, W, dtype=torch.bool)
    far[18:33, 44:52] = False
    assert torch.equal(right[far], clean[far])
