"""Cuts, fades, dissolves and flashes told apart, and what the frames between two scenes take from them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from host_bridge.core.errors import BadInputError
from host_bridge.core.frame import Frame
from host_bridge.core.geometry import Box
from host_bridge.shot import transitions
from host_bridge.shot.file import ShotEntry
from host_bridge.shot.scenes import Cuts, Scene, between_scenes, edited, scenes_of
from host_bridge.shot.signature import Glance, glance
from host_bridge.shot.transitions import Transition, find_transitions

SIZE = (54, 96)


def scene(seed: int, count: int, pan: float = 0.6) -> list[np.ndarray]:
    """Display levels of a wide picture that a camera pans over, with something that moves in it."""
    rng = np.random.default_rng(seed)
    wide = cv2.resize(rng.uniform(0.1, 0.9, (6, 20, 3)), (200, SIZE[0]), interpolation=cv2.INTER_CUBIC)
    wide = np.clip(wide + 0.08 * rng.normal(0, 1, wide.shape), 0.02, 1.0).astype(np.float32)
    frames: list[Any] = []
    for index in range(count):
        frame = wide[:, round(pan * index) : round(pan * index) + SIZE[1]].copy()
        frame[20:40, 10 + index : 25 + index] = rng.uniform(0, 1, 3) if index == 0 else frames[0][30, 12]
        frames.append(frame)
    return frames


def seen(frames: list[np.ndarray]) -> list[Glance]:
    box = Box.of_size(SIZE[1], SIZE[0])
    return [glance(Frame(box, box, {"color": np.square(frame).astype(np.float32)})) for frame in frames]


def dip(a: list[np.ndarray], b: list[np.ndarray], out: int, black: int, back: int) -> list[np.ndarray]:
    first = [f * min(1.0, 1.0 - (i - (len(a) - out) + 1) / (out + 1)) for i, f in enumerate(a)]
    last = [f * min(1.0, (i + 1) / (back + 1)) for i, f in enumerate(b)]
    return [*first, *[np.zeros_like(a[0])] * black, *last]


def dissolve(a: list[np.ndarray], b: list[np.ndarray], length: int) -> list[np.ndarray]:
    share = [(i + 1) / (length + 1) for i in range(length)]
    mixed = [(1 - s) * x + s * y for s, x, y in zip(share, a[len(a) - length :], b, strict=False)]
    return [*a[: len(a) - length], *mixed, *b[length:]]


@pytest.mark.parametrize("seed", range(4))
def test_a_pan_is_nothing_and_a_cut_is_a_cut(seed: int) -> None:
    assert find_transitions(seen(scene(seed, 24))) == []
    assert find_transitions(seen(scene(seed, 14) + scene(seed + 20, 14))) == [Transition("cut", 14, 14)]


@pytest.mark.parametrize(("out", "black", "back"), [(6, 4, 6), (0, 3, 6), (8, 1, 0), (3, 2, 9)])
def test_a_dip_to_black(out: int, black: int, back: int) -> None:
    (found,) = find_transitions(seen(dip(scene(1, 16), scene(22, 16), out, black, back)))
    assert found.kind == "fade"
    assert abs(found.first - (16 - out)) <= 1 and abs(found.last - (15 + black + back)) <= 1


@pytest.mark.parametrize(("out", "white", "back"), [(6, 4, 6), (0, 3, 6), (8, 1, 0)])
def test_a_dip_to_white_is_a_fade(out: int, white: int, back: int) -> None:
    first, last = scene(1, 16), scene(22, 16)
    frames = [1.0 - f for f in dip([1.0 - f for f in first], [1.0 - f for f in last], out, white, back)]
    (found,) = find_transitions(seen(frames))
    assert (found.kind, found.blank) == ("fade", (16, 16 + white))
    assert abs(found.first - (16 - out)) <= 1 and abs(found.last - (15 + white + back)) <= 1


def test_white_that_comes_back_to_its_scene_is_a_flash() -> None:
    negative = [1.0 - f for f in scene(1, 32)]
    frames = [1.0 - f for f in dip(negative[:16], negative[16:], 2, 2, 5)]
    (found,) = find_transitions(seen(frames))
    assert found.kind == "flash"


def lit(frames: list[np.ndarray], gain: float = 2.2) -> list[np.ndarray]:
    return [np.clip(gain * f + 0.2, 0.0, 1.0).astype(np.float32) for f in frames]


@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("gain", [1.6, 2.5])
def test_a_flash_on_a_scenes_first_or_last_frames_is_no_cut(length: int, gain: float) -> None:
    one, two = scene(1, 16), scene(22, 16)
    first = [*lit(two[:length], gain), *two[length:]]
    last = [*one[:-length], *lit(one[-length:], gain)]
    flash = Transition("flash", 16 - length, 15)
    assert find_transitions(seen(first)) == [Transition("flash", 0, length - 1)]
    assert find_transitions(seen(last)) == [flash]
    cut = Transition("cut", 16, 16)
    assert find_transitions(seen([*one, *first])) == [cut, Transition("flash", 16, 15 + length)]
    assert find_transitions(seen([*last, *two])) == [flash, cut]


def test_a_strobe_from_the_first_frame_on_is_flashes() -> None:
    frames = scene(6, 40)
    strobe = [lit([f])[0] if index % 6 < 2 else f for index, f in enumerate(frames)]
    assert {t.kind for t in find_transitions(seen(strobe))} == {"flash"}
    first, *others = find_transitions(seen([*scene(1, 16), *strobe]))
    assert first == Transition("cut", 16, 16) and {t.kind for t in others} == {"flash"}


@pytest.mark.parametrize("length", [1, 3])
def test_a_short_lighter_scene_is_no_flash(length: int) -> None:
    one, two = scene(1, 16), scene(22, 16)
    found = find_transitions(seen([*one, *lit(scene(43, length)), *two]))
    assert "flash" not in {t.kind for t in found}


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("seed", [3, 22])
def test_a_film_that_begins_or_ends_within_a_fade(level: float, seed: int) -> None:
    frames = scene(seed, 24)
    rising = [level + (f - level) * min(1.0, (i + 1) / 9) for i, f in enumerate(frames)]
    (found,) = find_transitions(seen(rising))
    assert (found.kind, found.first) == ("fade", 0) and abs(found.last - 7) <= 1
    (found,) = find_transitions(seen(rising[::-1]))
    assert (found.kind, found.last) == ("fade", 23) and abs(found.first - 16) <= 1


def test_a_dissolve_from_a_films_first_frame_is_a_dissolve() -> None:
    one, two = scene(1, 24, 0.2), scene(22, 24, 0.2)
    (found,) = find_transitions(seen(dissolve(one[-9:], two, 8)))
    assert found.kind == "dissolve"


def test_a_fade_of_a_fast_scene_is_whole() -> None:
    (found,) = find_transitions(seen(dip(scene(1, 16), scene(22, 30, 3.4), 0, 2, 8)))
    assert (found.kind, found.first) == ("fade", 16) and abs(found.last - 25) <= 2


def test_a_wipe_counts_as_a_dissolve() -> None:
    one, two = scene(1, 40, 0.0), scene(22, 40, 0.0)
    wiped = [
        np.hstack([b[:, : 8 * (i + 1)], a[:, 8 * (i + 1) :]]) for i, (a, b) in enumerate(zip(one, two, strict=True))
    ]
    (found,) = find_transitions(seen([*one[:16], *wiped[:11], *two[:16]]))
    assert found.kind == "dissolve"
    assert abs(found.first - 16) <= 3 and abs(found.last - 26) <= 3


def test_steps_in_a_row_are_one_move() -> None:
    """A whip pan leads from picture to picture; something that passes by changes nothing."""
    one, two = scene(1, 12, 0.0), scene(22, 12, 0.0)
    between = [scene(seed, 1)[0] for seed in (33, 44)]
    assert find_transitions(seen([*one, *between, *two])) == [Transition("dissolve", 12, 13)]
    assert find_transitions(seen([*one, *between, *one])) == []


def test_a_film_in_pieces_gives_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = scene(1, 60), scene(22, 60)
    frames = [*dip(one, two, 6, 3, 6), *dissolve(scene(5, 60, 0.2), one, 8), *dip(two, one, 0, 20, 9)]
    whole = find_transitions(seen(frames))
    assert [t.kind for t in whole].count("fade") == 2 and "dissolve" in {t.kind for t in whole}
    monkeypatch.setattr(transitions, "CHUNK", 16)
    monkeypatch.setattr(transitions, "CONTEXT", 40)
    assert find_transitions(seen(frames)) == whole


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_nothing_but_black_or_white_is_a_fade_throughout(level: float) -> None:
    frames = [np.full((*SIZE, 3), level, np.float32)] * 5
    assert find_transitions(seen(frames)) == [Transition("fade", 0, 4, (0, 5))]
    assert find_transitions(seen(frames[:1])) == [Transition("fade", 0, 0, (0, 1))]


def test_a_picture_above_white_is_a_picture() -> None:
    assert find_transitions(seen([1.5 + 2.0 * f for f in scene(1, 8)])) == []


@pytest.mark.parametrize("length", [4, 8, 12, 20])
def test_a_dissolve(length: int) -> None:
    (found,) = find_transitions(seen(dissolve(scene(1, 30, 0.2), scene(22, 30, 0.2), length)))
    assert found.kind == "dissolve"
    assert abs(found.first - (30 - length)) <= 2 and abs(found.last - 29) <= 2


@pytest.mark.parametrize("seed", [0, 1])
def test_a_dissolve_of_stills_is_one_way(seed: int) -> None:
    """Beside pictures that do not move, its last step looks like a cut."""
    stills = [
        np.kron(np.random.default_rng(s).integers(0, 2, (6, 12, 1)), np.ones((9, 8, 3))) for s in (seed, seed + 20)
    ]
    one, other = (np.asarray(0.05 + 0.9 * still, np.float32) for still in stills)
    levels = [frame**1.4 for frame in dissolve([one] * 30, [other] * 30, 20)]
    (found,) = find_transitions(seen(levels))
    assert found.kind == "dissolve" and found.first == 10 and abs(found.last - 29) <= 1


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_flash(length: int) -> None:
    frames = scene(1, 24)
    for index in range(10, 10 + length):
        frames[index] = np.clip(frames[index] * 2.0 + 0.3, 0, 1)
    assert find_transitions(seen(frames)) == [Transition("flash", 10, 9 + length)]


def test_a_persons_word_counts() -> None:
    found = [Transition("cut", 5, 5), Transition("dissolve", 8, 11), Transition("flash", 14, 15)]
    numbers = range(1001, 1021)
    assert edited(found, Cuts(none=(1006, 1010)), numbers) == [found[2]]
    assert edited(found, Cuts(more=(1003,)), numbers)[0] == Transition("cut", 2, 2, by="user")
    assert edited(found, Cuts(only=(1013,)), numbers) == [found[1], Transition("cut", 12, 12, by="user"), found[2]]
    assert edited(found, Cuts(more=(1010,)), numbers)[1] == Transition("cut", 9, 9, by="user")
    for wrong in (Cuts(more=(1001,)), Cuts(more=(900,)), Cuts(none=(2000,)), Cuts(only=(1021,))):
        with pytest.raises(BadInputError, match="holds 1001-1020"):
            edited(found, wrong, numbers)


def test_scenes_lie_between_transitions() -> None:
    changes = [Transition("cut", 3, 3), Transition("fade", 6, 9, (7, 8)), Transition("flash", 11, 11)]
    assert scenes_of(changes, 14) == [Scene(0, 3), Scene(3, 6), Scene(6, 10, "fade", (7, 8)), Scene(10, 14)]
    assert scenes_of([Transition("fade", 0, 3, (0, 1))], 4) == [Scene(0, 4, "fade", (0, 1))]


def entry(low: float) -> ShotEntry:
    return ShotEntry(low, low + 1.0, 0.1 * low, 0.0, 0.0, 0, "00")


def test_each_scene_keeps_its_range_and_a_dissolve_mixes_them() -> None:
    scenes = [Scene(0, 2), Scene(2, 5, "dissolve"), Scene(5, 6)]
    made = between_scenes(scenes, {0: [entry(1.0)] * 2, 2: [entry(5.0)]}, [entry(9.0)] * 6)
    assert [round(e.iz_low, 6) for e in made] == [1, 1, 2, 3, 4, 5]
    assert [e.scene for e in made[2:5]] == [1, 1, 1]


def test_black_is_flat_and_a_fade_holds_the_range_of_what_it_shows() -> None:
    scenes = [Scene(0, 1), Scene(1, 5, "fade", (2, 4)), Scene(5, 6)]
    made = between_scenes(scenes, {0: [entry(1.0)], 2: [entry(5.0)]}, [entry(9.0)] * 6)
    assert (made[1].iz_low, made[4].iz_low) == (1.0, 5.0)
    for black in made[2:4]:
        assert (black.fit_scale, black.fit_shift) == (0.0, 0.0)
        assert abs((9.7 - black.iz_low) / (black.iz_high - black.iz_low) - 0.5) < 1e-5
