"""The floating window that a shot analysis proposes: known answers, knobs, easing, slants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from art3d_node.stereo.blueprint import Knobs, soft_limit
from benchmarks.verdicts import CLEAN, CUT, scene
from host_bridge.core.errors import BadInputError, ShotError
from host_bridge.core.floating_window import FloatingWindow, by_hand, window_of
from host_bridge.core.params import Controls
from host_bridge.shot.budget import limited, unlimited
from host_bridge.shot.edges import BANDS, EYE_SHARES, Band, Edges, Layer, as_text, bands_of, edge_rows, read
from host_bridge.shot.entry import ShotEntry
from host_bridge.shot.floating import EASE, MARGIN_PCT, resolved

AUTO = Controls(floating_window="auto")
AT_REST = Layer(0.0, 1.0, 0.0, 0.0)
Box = tuple[int, int, int, int, float]


def entry(edges: Edges | None, scene: int = 0) -> ShotEntry:
    """An entry that says the same of every hero eye."""
    heroes = None if edges is None else dict.fromkeys(EYE_SHARES, edges)
    return ShotEntry(0.0, 1.0, 0.0, 0.0, 0.0, scene, "", edges=heroes)


def side(**parallax_pct: float) -> tuple[Band, ...]:
    """A side with things in some bands, named b0 to b7."""
    return tuple(Band(parallax_pct[f"b{i}"]) if f"b{i}" in parallax_pct else Band() for i in range(BANDS))


def whole(value: float) -> Edges:
    return Edges(left=(Band(value),) * BANDS)


def at(controls: Controls) -> Callable[[int], Controls]:
    return lambda number: controls


def edges_in(parallax: np.ndarray, hero: str = "left") -> Edges:
    """What the edges of a scene with this parallax (% of width, on the hero grid) cut."""
    raw = np.zeros_like(parallax)
    return Edges(*(bands_of(rows, AT_REST, AT_REST) for rows in edge_rows(parallax / -100.0, raw, hero)))


@pytest.mark.parametrize("name", CUT)
def test_the_window_answers_each_cut(name: str) -> None:
    box, edge = CUT[name]
    controls = resolved(1, {1: entry(edges_in(scene(box)))}, at(AUTO))
    window = window_of(controls)
    ends, other = (window.left_pct, window.right_pct)[:: 1 if edge == "left" else -1]
    assert other == (0.0, 0.0)
    top, bottom = box[2] / 90, box[3] / 90
    depth = float(limited(np.array(-box[4]), AUTO))
    for y in (top, bottom):
        assert ends[0] + (ends[1] - ends[0]) * y >= depth - 1e-9
    assert max(ends) <= 2 * (depth + MARGIN_PCT)


@pytest.mark.parametrize("name", CLEAN)
def test_no_window_is_invented(name: str) -> None:
    assert not window_of(resolved(1, {1: entry(edges_in(scene(*CLEAN[name])))}, at(AUTO))).needed


def mirrored(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """The same things seen in a mirror, where the left eye's view is the right eye's."""
    return tuple((160 - x1, 160 - x0, y0, y1, value) for x0, x1, y0, y1, value in boxes)


# Where both eyes move by half, a thing is cut when half its disparity carries it beyond an edge; 1 % is 1.6 px.
CENTRED_CUT: dict[str, tuple[Box, str]] = {
    "left edge": ((0, 30, 20, 70, -1.5), "left"),
    "left, whole height": ((0, 30, 0, 90, -0.5), "left"),
    "left, beside the edge": ((1, 30, 20, 70, -2.5), "left"),
    "left, a low thing": ((0, 20, 80, 90, -2.0), "left"),
    "left, slight": ((0, 30, 20, 70, -0.7), "left"),
    "right edge": ((130, 160, 20, 70, -1.5), "right"),
    "right, whole height": ((150, 160, 0, 90, -2.4), "right"),
    "right, beside the edge": ((130, 159, 20, 70, -2.5), "right"),
    "right, slight": ((130, 160, 20, 70, -0.2), "right"),
    "right, at the bottom": ((100, 160, 85, 90, -2.0), "right"),
}
CENTRED_CLEAN: dict[str, tuple[Box, ...]] = {
    **{name: boxes for name, boxes in CLEAN.items() if "whole" not in name},
    "near the left edge, whole in both eyes": ((2, 30, 20, 70, -2.0),),
    "near the right edge, whole in both eyes": ((120, 158, 20, 70, -2.0),),
}
CUTS = {
    "right": {name: (mirrored([box])[0], "right" if edge == "left" else "left") for name, (box, edge) in CUT.items()},
    "none": CENTRED_CUT,
}
CLEANS = {"right": {name: mirrored(boxes) for name, boxes in CLEAN.items()}, "none": CENTRED_CLEAN}


@pytest.mark.parametrize(("hero", "name"), [(hero, name) for hero, cuts in CUTS.items() for name in cuts])
def test_the_window_answers_each_cut_of_other_heroes(hero: str, name: str) -> None:
    box, edge = CUTS[hero][name]
    controls = replace(AUTO, hero=hero)
    shot = {1: replace(entry(None), edges={hero: edges_in(scene(box), hero)})}
    window = window_of(resolved(1, shot, at(controls)))
    ends, other = (window.left_pct, window.right_pct)[:: 1 if edge == "left" else -1]
    assert other == (0.0, 0.0)
    depth = float(limited(np.array(-box[4]), AUTO))
    for y in (box[2] / 90, box[3] / 90):
        assert ends[0] + (ends[1] - ends[0]) * y >= depth - 1e-9
    assert max(ends) <= 2 * (depth + MARGIN_PCT)


@pytest.mark.parametrize(("hero", "name"), [(hero, name) for hero, scenes in CLEANS.items() for name in scenes])
def test_no_window_is_invented_for_other_heroes(hero: str, name: str) -> None:
    shot = {1: replace(entry(None), edges={hero: edges_in(scene(*CLEANS[hero][name]), hero)})}
    assert not window_of(resolved(1, shot, at(replace(AUTO, hero=hero)))).needed


def test_a_window_slants_where_only_one_end_needs_it() -> None:
    shot = {1: entry(Edges(left=side(b0=-1.0), right=side(b6=-0.5, b7=-1.0)))}
    window = window_of(resolved(1, shot, at(AUTO)))
    assert window.left_pct == (pytest.approx(1.05 / (7 / 8)), 0.0)  # type: ignore[comparison-overlap]
    assert window.right_pct == (0.0, pytest.approx(1.05 / (7 / 8)))  # type: ignore[comparison-overlap]
    middle = {1: entry(Edges(left=side(b3=-1.0)))}
    assert window_of(resolved(1, middle, at(AUTO))).left_pct == pytest.approx((1.05, 1.05))


def test_the_knobs_move_the_window() -> None:
    """The zero plane, the gains and the budget act on what an edge cuts as they do on the picture."""
    band = Band(-1.0, depth_pct=0.8, sculpt_pct=0.4)
    shot = {1: entry(Edges(left=(band,) * BANDS))}

    def left(**knobs: float) -> float:
        return window_of(resolved(1, shot, at(replace(AUTO, **knobs)))).left_pct[0]  # type: ignore[arg-type]

    assert left() == pytest.approx(1.05)
    assert left(zero_plane=0.4) == pytest.approx(0.65)
    assert left(zero_plane=1.5) == 0.0
    assert left(depth_gain=1.5) == pytest.approx(1.45)
    assert left(sculpt=0.0) == pytest.approx(0.65)
    assert left(zero_plane=-3.0) == pytest.approx(float(limited(np.array(4.0), AUTO)) + 0.05)


def test_a_moving_window_is_there_in_time_and_eases() -> None:
    shot = {n: entry(whole(-1.0 if 50 <= n < 60 else 0.5)) for n in range(1, 101)}
    edge = np.array([window_of(resolved(n, shot, at(AUTO))).left_pct[0] for n in shot])
    assert (edge[49:59] >= 1.05 - 1e-9).all()
    assert edge[: 49 - 2 * EASE].max() == 0.0 and edge[59 + 2 * EASE :].max() == 0.0
    assert np.abs(np.diff(edge)).max() < 0.15


def test_a_window_keeps_to_its_scene() -> None:
    shot = {n: entry(whole(-1.0 if n < 10 else 0.5), scene=int(n >= 10)) for n in range(1, 21)}
    assert window_of(resolved(9, shot, at(AUTO))).left_pct[0] == pytest.approx(1.05)
    assert window_of(resolved(10, shot, at(AUTO))).left_pct[0] == 0.0
    still = Controls(floating_window="static")
    assert window_of(resolved(1, shot, at(still))).left_pct[0] == pytest.approx(1.05)
    assert not window_of(resolved(20, shot, at(still))).needed


def test_a_static_window_follows_animated_knobs() -> None:
    shot = {n: entry(whole(-0.5)) for n in range(1, 11)}

    def knobs(number: int) -> Controls:
        return Controls(floating_window="static", zero_plane=-0.1 * number)

    widths = [window_of(resolved(n, shot, knobs)).left_pct[0] for n in shot]
    assert widths == pytest.approx([1.55] * 10)


def test_what_the_shot_does_not_know_is_said() -> None:
    with pytest.raises(ShotError, match="frame 2 is not in the shot"):
        resolved(2, {1: entry(Edges())}, at(AUTO))
    with pytest.raises(ShotError, match="too old"):
        resolved(1, {1: entry(None)}, at(AUTO))
    left_alone = replace(entry(None), edges={"left": Edges()})
    assert not window_of(resolved(1, {1: left_alone}, at(AUTO))).needed
    with pytest.raises(ShotError, match="with this hero eye"):
        resolved(1, {1: left_alone}, at(replace(AUTO, hero="right")))
    with pytest.raises(BadInputError, match="no shot analysis"):
        window_of(AUTO)
    assert resolved(7, {}, at(Controls())) == Controls()


def test_by_hand_describes_any_window() -> None:
    for window in (FloatingWindow((2.0, 0.5), (0.0, 1.0)), FloatingWindow((1.5, 1.5)), FloatingWindow()):
        found = window_of(by_hand(AUTO, window).checked())
        assert found.amounts == pytest.approx(window.amounts)


def test_the_shots_own_layer_takes_the_place_of_the_frames() -> None:
    """d = s·iz + t + what is sculpted; only the first two are the shot's."""
    rows = edge_rows(np.full((32, 40), 0.010), np.full((32, 40), 0.5))[0]
    own, shot = Layer(0.0, 1.0, 0.012, 0.002), Layer(0.0, 2.0, 0.02, 0.001)
    (band, *_) = bands_of(rows, own, shot, zero_plane_pct=0.3)
    assert (band.depth_pct, band.sculpt_pct) == pytest.approx((0.5, 0.2))
    assert band.parallax_pct == pytest.approx(0.3 - (0.5 + 0.1 + 0.2))


def test_edges_as_text() -> None:
    bands = side(b1=-1.25, b7=3.0)
    assert read(as_text(bands)) == bands
    for text in ("", "1 2 3", as_text(bands) + ", 1 2 3", as_text(bands).replace("3.0000", "nan")):
        with pytest.raises(ValueError, match=r"edge|float"):
            read(text)


def test_the_budget_is_the_nodes() -> None:
    knobs = Controls(budget_front=1.7, budget_behind=1.1)
    d = np.linspace(-4.0, 4.0, 401)
    node = soft_limit(torch.from_numpy(d), Knobs(budget_front_pct=1.7, budget_behind_pct=1.1), width=100.0)
    assert limited(d, knobs) == pytest.approx(node.numpy(), abs=1e-12)
    assert unlimited(limited(d, knobs), knobs) == pytest.approx(d, abs=1e-9)


def test_without_a_budget_nothing_is_limited() -> None:
    d = np.array([-400.0, -1.0, 0.0, 3.0, 400.0])
    knobs = Controls(depth_budget="none")
    assert np.array_equal(limited(d, knobs), d) and np.array_equal(unlimited(d, knobs), d)
