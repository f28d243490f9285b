"""The active picture of one frame: bars found, nights left alone."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from host_bridge.core.bars import NONE, Bars, bars_of, find_bars, inside
from host_bridge.core.geometry import Box

Pixels = np.ndarray
EVERY = [
    *((40, 40, 0, 0), (0, 0, 50, 50), (30, 30, 24, 24), (40, 0, 0, 0), (0, 31, 0, 0), (0, 0, 21, 0), (0, 0, 0, 17)),
    *((0, 0, 2, 0), (0, 0, 0, 2), (1, 0, 0, 0), (0, 2, 0, 0), (11, 20, 0, 3), (60, 60, 0, 0), (0, 0, 100, 100)),
]


def from_codes(codes: Pixels) -> Pixels:
    """8-bit sRGB codes as scene-linear light."""
    share = np.asarray(codes, np.float64) / 255.0
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_codes(light: Pixels) -> Pixels:
    bright = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return 255.0 * np.where(light <= 0.0031308, 12.92 * light, bright)


def picture(seed: int = 1, size: tuple[int, int] = (180, 320)) -> Pixels:
    """A street by day: large shapes, texture, some of it in the shade."""
    rng = np.random.default_rng(seed)
    shapes = cv2.resize(rng.uniform(0.0, 0.8, (5, 8, 3)), size[::-1], interpolation=cv2.INTER_CUBIC)
    shapes += 0.15 * cv2.resize(rng.normal(0, 1, (45, 80, 3)), size[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(shapes, 0.004, 1.0).astype(np.float32))


def padded(pixels: Pixels, bars: Bars, fill: Callable[[tuple[int, ...]], Pixels] = np.zeros) -> Pixels:
    top, bottom, left, right = bars
    rows, columns = pixels.shape[:2]
    out = np.asarray(fill((rows + top + bottom, columns + left + right, 3)), np.float32)
    out[top : top + rows, left : left + columns] = pixels
    return out


def noise(codes: int, *, coloured: bool, level: int = 0) -> Callable[[tuple[int, ...]], Pixels]:
    def fill(shape: tuple[int, ...]) -> Pixels:
        rng = np.random.default_rng(7)
        size = shape if coloured else (*shape[:2], 1)
        return from_codes(np.broadcast_to(level + rng.integers(0, codes + 1, size), shape))

    return fill


@pytest.mark.parametrize("bars", EVERY)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bars_of_any_size_on_any_side(bars: Bars, seed: int) -> None:
    found = find_bars(padded(picture(seed), bars))
    assert found.bars == bars
    assert all(found.sure)


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "|u1", "<u2"])
def test_every_type_of_pixels(dtype: str) -> None:
    light = padded(picture(), (30, 30, 10, 0))
    kind = np.dtype(dtype)
    pixels = (to_codes(light) / 255 * np.iinfo(kind).max).astype(kind) if kind.kind == "u" else light.astype(kind)
    assert find_bars(pixels).bars == (30, 30, 10, 0)


@pytest.mark.parametrize("codes", [1, 2])
@pytest.mark.parametrize("coloured", [False, True])
@pytest.mark.parametrize("level", [0, 15])
def test_bars_with_noise(codes: int, coloured: bool, level: int) -> None:
    bars = (40, 40, 20, 20)
    assert find_bars(padded(picture(), bars, noise(codes, coloured=coloured, level=level))).bars == bars


def test_bars_after_a_codec() -> None:
    bars = (40, 40, 24, 24)
    codes = np.rint(to_codes(padded(picture(), bars))).astype(np.uint8)
    packed = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    found = find_bars(from_codes(np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)))).bars
    assert np.abs(np.subtract(found, bars)).max() <= 1


def test_a_logo_and_subtitles_in_the_bars() -> None:
    frame = padded(picture(), (40, 40, 0, 0))
    frame[8:28, 20:80] = 0.8
    frame[-30:-12, 110:210:3] = 0.9
    assert find_bars(frame).bars == (40, 40, 0, 0)


@pytest.mark.parametrize("share", [0.2, 0.1, 0.03])
def test_bars_around_a_night(share: float) -> None:
    assert find_bars(padded(picture() * share, (40, 40, 0, 0))).bars == (40, 40, 0, 0)


def night(seed: int) -> Pixels:
    """A street at night: dark shapes with lamps, their halos, and the grain of a camera; no row of it is flat."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:180, 0:320].astype(np.float32)
    light = 0.004 * picture(seed)
    for _ in range(6):
        at, far = rng.uniform((20, 10), (170, 310)), rng.uniform(4, 25)
        light += (rng.uniform(0.1, 0.9) * np.exp(-np.hypot(y - at[0], x - at[1]) / far))[..., None]
    return np.maximum(light * (1 + 0.05 * rng.normal(0, 1, light.shape)), 0).astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [1.0, 0.1, 0.03])
@pytest.mark.parametrize("rounded", [False, True])
def test_a_night_is_no_bar(seed: int, share: float, rounded: bool) -> None:
    light = night(seed) * share
    assert find_bars(from_codes(np.rint(to_codes(light))) if rounded else light).bars == NONE


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.3, 0.1, 0.03, 0.01])
def test_a_day_made_dark_is_no_bar(seed: int, share: float) -> None:
    assert find_bars(picture(seed) * share).bars == NONE


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("length", [90, 180, 1080])
def test_a_gradient_out_of_black_is_no_bar(coded: bool, side: int, length: int) -> None:
    ramp = np.linspace(0.0, 1.0, length)
    light = from_codes(255 * ramp) if coded else ramp.astype(np.float32)
    frame = np.repeat(np.repeat(light[:, None], 160, 1)[..., None], 3, 2)
    assert find_bars(np.rot90(frame, side)).bars == NONE


def test_a_vignette_is_no_bar() -> None:
    y, x = np.mgrid[-1:1:180j, -1:1:320j]
    assert find_bars(picture() * np.clip(1.15 - np.hypot(y, x), 0, 1)[..., None]).bars == NONE


@pytest.mark.parametrize("coat", [0.0, 0.004])
def test_black_clothes_at_the_edge_are_no_bar(coat: float) -> None:
    frame = picture()
    y, x = np.mgrid[0:180, 0:320]
    frame[(x / 80) ** 2 + ((y - 180) / 160) ** 2 < 1] *= coat
    assert find_bars(frame).bars == NONE


@pytest.mark.parametrize("frame", [np.zeros((64, 96, 3), np.float32), noise(2, coloured=True)((64, 96, 3))])
def test_black_frames_have_no_bars_and_do_not_know(frame: Pixels) -> None:
    found = find_bars(frame)
    assert found.bars == NONE and not any(found.sure)
    assert found.room == (64, 64, 96, 96)


def test_a_small_light_in_the_dark_is_no_picture() -> None:
    frame = np.zeros((180, 320, 3), np.float32)
    frame[80:100, 150:180] = 0.7
    assert find_bars(frame).bars == NONE


def test_nan_and_infinity_in_a_frame() -> None:
    frame = padded(picture(), (20, 20, 0, 0))
    frame[60, 60], frame[80, 10], frame[100:104, 200] = np.nan, np.inf, -1.0
    assert find_bars(frame).bars == (20, 20, 0, 0)


def test_one_channel_and_tiny_frames() -> None:
    assert find_bars(padded(picture(), (20, 20, 0, 0))[..., :1]).bars == (20, 20, 0, 0)
    for size in ((1, 1), (1, 9), (8, 8)):
        find_bars(np.zeros((*size, 3), np.float32))
        find_bars(np.ones((*size, 3), np.float32))


def test_convention_bars_and_boxes() -> None:
    data = Box(-10, -20, 110, 70)
    assert inside(data, (1, 2, 3, 4)) == Box(-7, -19, 106, 68)
    assert bars_of(Box(-7, -19, 106, 68), data) == (1, 2, 3, 4)
