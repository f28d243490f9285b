"""Window violations on constructed scenes: all of them, none invented."""

from __future__ import annotations

import pytest

from benchmarks.verdicts import CLEAN, CUT, ROWS, main, scene
from host_bridge.core.floating_window import FloatingWindow
from host_bridge.review.windows import Seen, edges_of, proposed, violations


@pytest.mark.parametrize("name", CUT)
def test_what_an_edge_cuts_is_found(name: str) -> None:
    box, edge = CUT[name]
    (found,) = violations(Seen(scene(box)))
    assert (found.edge, found.parallax_pct) == (edge, pytest.approx(box[4]))  # type: ignore[comparison-overlap]
    assert (found.top, found.bottom) == pytest.approx((box[2] / ROWS, box[3] / ROWS))


@pytest.mark.parametrize("name", CLEAN)
def test_none_is_invented(name: str) -> None:
    assert violations(Seen(scene(*CLEAN[name]))) == ()


@pytest.mark.parametrize("name", CUT)
def test_what_an_edge_cuts_is_found_on_the_right_eyes_grid(name: str) -> None:
    """The same in a mirror: a thing so narrow or so near that the left eye sees none of it counts as well."""
    box, edge = CUT[name]
    seen = Seen(scene(), scene(box)[:, ::-1])
    (found,) = violations(seen)
    assert found.edge == {"left": "right", "right": "left"}[edge]
    assert found.parallax_pct == pytest.approx(box[4])
    assert proposed([edges_of(seen)]).needed
    assert violations(seen, proposed([edges_of(seen)])) == ()


@pytest.mark.parametrize("name", CLEAN)
def test_none_is_invented_on_the_right_eyes_grid(name: str) -> None:
    seen = Seen(scene(), scene(*CLEAN[name])[:, ::-1])
    assert violations(seen) == () and not proposed([edges_of(seen)]).needed


def test_a_page_of_the_scenes_says_what_was_constructed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0 and "40 of 40 as constructed" in capsys.readouterr().out


def test_a_shots_window_answers_its_worst_frame() -> None:
    """A straight edge for a cut over the whole height, a slanted one where only the bottom is cut."""
    scenes = (scene((0, 30, 0, 90, -0.5)), scene((0, 30, 0, 90, -1.2)), scene((100, 160, 80, 90, -2.0)), scene())
    window = proposed(edges_of(Seen(parallax)) for parallax in scenes)
    assert window.left_pct == pytest.approx((1.25, 1.25))
    assert window.right_pct == (0.0, pytest.approx(2.05 / (7 / 8)))  # type: ignore[comparison-overlap]
    assert not proposed([edges_of(Seen(scene()))]).needed


def test_a_floating_window_ends_the_violations_that_it_answers() -> None:
    parallax = scene((0, 30, 20, 70, -1.5), (130, 160, 20, 70, -2.5))
    assert [v.edge for v in violations(Seen(parallax))] == ["left", "right"]
    assert [v.edge for v in violations(Seen(parallax), FloatingWindow((1.5, 1.5), (1.5, 1.5)))] == ["right"]
    assert violations(Seen(parallax), proposed([edges_of(Seen(parallax))])) == ()
