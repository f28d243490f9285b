"""Pairs are matched by the server: known disparities, and eyes that differ in known ways."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from art3d_node.server.protocol.computed import Matches
from art3d_node.server.workers.matching import match
from host_bridge.client import Client
from host_bridge.core.errors import BadInputError, LimitError
from host_bridge.core.geometry import Box
from host_bridge.wire import messages as m
from host_bridge.wire.limits import Limits
from tests.art3d_node.server.conftest import StartServer

WIDTH, HEIGHT = 256, 160


def texture(seed: int, width: int, height: int = HEIGHT) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(rng.normal(0, 90, (height, width, 3)).astype(np.float32), (0, 0), 1.2)
    coarse = cv2.GaussianBlur(rng.normal(0, 700, (height, width, 3)).astype(np.float32), (0, 0), 9)
    return np.asarray((128 + fine + coarse).clip(0, 255), np.uint8)


def pair(near: int = 14, far: int = -4) -> tuple[np.ndarray, np.ndarray]:
    """Two bright cards before a dark plane."""
    wide = (0.5 * texture(1, WIDTH + 64)).astype(np.uint8)
    left, right = wide[:, 32 : 32 + WIDTH].copy(), wide[:, 32 + far : 32 + far + WIDTH].copy()
    for at in (60, 150):
        card = 100 + (0.6 * texture(at, 50, 100)).astype(np.uint8)
        left[30:130, at : at + 50] = card
        right[30:130, at - near : at - near + 50] = card
    return left, right


def found(left: np.ndarray, right: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
    return match({"left": left, "right": right}, 12.5, check=lambda: None)


def test_planes_are_signed_disparities() -> None:
    planes, figures = found(*pair())
    inside = planes["disparity_left"][40:120, 70:100]
    assert np.nanmedian(inside) == pytest.approx(14, abs=0.2)
    assert np.nanmedian(planes["disparity_right"][40:120, 230:]) == pytest.approx(-4, abs=0.2)
    assert figures["trusted"] > 0.6 and figures["swapped_share"] < 0.3
    assert max(abs(v) for v in figures["colour_pct"]) < 0.5
    assert figures["gain"] == pytest.approx(1, abs=0.02) and abs(figures["sharpness_stops"]) < 0.1
    assert abs(figures["vertical_px"]) < 0.1


def test_swapped_eyes_are_told() -> None:
    left, right = pair()
    figures = found(right, left)[1]
    assert figures["swapped_share"] > 0.7 and figures["swapped_votes"] > 60


def test_a_flat_pair_tells_nothing_of_its_order() -> None:
    left, _ = pair()
    assert found(left, left)[1]["swapped_share"] is None


@pytest.mark.parametrize("shift_px", [1.3, -2.0])
def test_rows_that_do_not_meet(shift_px: float) -> None:
    left, right = pair()
    to_source = np.array([[1, 0, 0], [0, 1, -shift_px]], np.float32)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    low = cv2.warpAffine(right, to_source, (WIDTH, HEIGHT), flags=how, borderMode=cv2.BORDER_REPLICATE)
    planes, figures = found(left, np.asarray(low, np.uint8))
    assert figures["vertical_px"] == pytest.approx(shift_px, abs=0.15)
    assert np.nanmedian(planes["disparity_left"][40:120, 70:100]) == pytest.approx(14, abs=0.3)


def test_exposure_colour_and_focus() -> None:
    left, right = pair()
    values = right.astype(np.float32)
    brighter = np.asarray((values + np.array([10, 0, -5], np.float32)).clip(0, 255), np.uint8)
    red, green, blue = found(left, brighter)[1]["colour_pct"]
    assert (red, green, blue) == pytest.approx((3.9, 0, -2), abs=0.5)
    assert found(left, np.asarray(values * 0.8, np.uint8))[1]["gain"] == pytest.approx(0.8, abs=0.03)
    soft = np.asarray(cv2.GaussianBlur(right, (0, 0), 1.2), np.uint8)
    assert found(left, soft)[1]["sharpness_stops"] < -0.7
    assert found(soft, right)[1]["sharpness_stops"] > 0.5


def test_blank_pairs_have_no_figures() -> None:
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    planes, figures = found(black, black)
    assert np.isnan(planes["disparity_left"]).all() and figures["trusted"] == 0
    assert figures["colour_pct"] == [None] * 3 and figures["gain"] is None


@pytest.mark.parametrize("right", [None, np.zeros((4, 4, 3), np.float32), np.zeros((4, 5, 3), np.uint8)])
def test_what_cannot_be_matched(right: np.ndarray | None) -> None:
    layers = {"left": np.zeros((4, 4, 3), np.uint8)} | ({} if right is None else {"right": right})
    with pytest.raises(BadInputError):
        match(layers, 12.5, check=lambda: None)


def test_requests_are_proved_before_they_are_queued() -> None:
    for reach in (0.0, -1.0, 50.1, float("nan")):
        with pytest.raises(BadInputError, match="reach"):
            Matches().validate(m.Match("k", reach), Limits())
    put = m.PutFrame("k", Box.of_size(4096, 2000), Box.of_size(4096, 2000), (), (), 1)
    plates = SimpleNamespace(held=lambda key: SimpleNamespace(put=put))
    with pytest.raises(LimitError, match="4096×2000"):
        Matches().plan(m.Match("k"), plates, Limits())  # type: ignore[arg-type]


@pytest.mark.parametrize("shared_memory", [True, False])
def test_over_the_wire(start_server: StartServer, shared_memory: bool) -> None:
    server = start_server()
    left, right = pair()
    with Client(server.address, hello_timeout_s=60, shared_memory=shared_memory) as client:
        tile = client.match(left, right, reach_pct=7.0)
    assert tile.box == Box.of_size(WIDTH, HEIGHT) and tile.stats["trusted"] == 1.0
    assert np.array_equal(tile.planes["disparity_left"][..., 0], left[..., 0].astype(np.float32) + 7)
    assert np.array_equal(tile.planes["disparity_right"], -tile.planes["disparity_left"])
