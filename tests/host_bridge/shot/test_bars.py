"""The bars of a shot: doubtful frames are told by their neighbours, passing darkness is no bar."""

from __future__ import annotations

from host_bridge.core.bars import NONE, Bars, BarsFound
from host_bridge.shot.bars import settled

BARS: Bars = (40, 40, 0, 0)
SURE = (True, True, True, True)
WIDE: Bars = (400, 400, 400, 400)


def seen(bars: Bars) -> BarsFound:
    return BarsFound(bars, SURE, bars)


DARK = BarsFound(NONE, (False, False, False, False), WIDE)


def test_dark_frames_take_the_bars_around_them() -> None:
    frames = [DARK, seen(BARS), DARK, DARK, seen(BARS), DARK]
    assert settled(frames, [(0, 6)]) == [BARS] * 6


def test_what_is_lit_is_never_hidden() -> None:
    lit = BarsFound(NONE, (False, False, True, True), (12, 400, 0, 0))
    assert settled([seen(BARS), lit, seen(BARS)], [(0, 3)])[1] == (0, 40, 0, 0)


def test_darkness_that_passes_is_no_bar() -> None:
    passing = BarsFound((70, 0, 0, 0), SURE, (70, 0, 0, 0))
    assert settled([seen(NONE)] * 3 + [passing] * 2 + [seen(NONE)] * 3, [(0, 8)]) == [NONE] * 8


def test_bars_that_change_are_followed() -> None:
    frames = [seen(NONE)] * 4 + [seen(BARS)] * 4
    assert settled(frames, [(0, 8)]) == [NONE] * 4 + [BARS] * 4
    growing = [seen((4 * i, 4 * i, 0, 0)) for i in range(8)]
    assert settled(growing, [(0, 8)]) == [f.bars for f in growing]


def test_a_pixel_of_jitter_is_evened_out() -> None:
    frames = [seen(BARS), seen((41, 40, 0, 0)), seen(BARS), seen((39, 40, 0, 0))]
    assert settled(frames, [(0, 4)]) == [BARS] * 4


def test_a_dark_scene_takes_those_of_the_scenes_around_it() -> None:
    assert settled([seen(BARS)] * 2 + [DARK] * 2 + [seen(NONE)] * 2, [(0, 2), (2, 4), (4, 6)])[2:4] == [BARS, NONE]
    assert settled([DARK] * 3, [(0, 3)]) == [NONE] * 3
