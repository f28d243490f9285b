from __future__ import annotations

import pytest

from host_bridge.geometry import Box
from host_bridge.plates.naming import Channel, of_view, pick_color, pick_depth, pick_disparity, split_view

BOX = Box.of_size(4, 4)


def channels(*names: str, view: str | None = None) -> tuple[Channel, ...]:
    return tuple(Channel(0, name, name, view, "<f2", BOX) for name in names)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("R", ("R", "right")),
        ("left.R", ("R", "left")),
        ("forward.left.u", ("forward.u", "left")),
        ("disparityL.x", ("disparityL.x", None)),
        ("right.depth.Z", ("right.depth.Z", None)),
    ],
)
def test_convention_views_in_channel_names(stored: str, expected: tuple[str, str | None]) -> None:
    assert split_view(stored, ["right", "left"]) == expected


def test_a_views_own_channel_wins_over_one_of_no_view() -> None:
    shared = Channel(0, "Z", "Z", None, "<f2", BOX)
    own = Channel(1, "left.Z", "Z", "left", "<f2", BOX)
    other = Channel(2, "right.Z", "Z", "right", "<f2", BOX)
    assert of_view([shared, own, other], "left") == (own,)
    assert of_view([own, shared, other], "left") == (own,)
    assert of_view([shared, other], "left") == (shared,)


def test_nothing_is_colour_where_there_is_none() -> None:
    assert pick_color(channels("Z", "u", "v", "R", "G")) == ()
    assert pick_depth(channels("R", "G", "B")) is None
    assert pick_disparity(channels("R", "disparityL.x"), toward="right") is None


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("A", "B", "G", "R", "Z"), "R G B A"),
        (("B", "G", "R"), "R G B"),
        (("Y", "RY", "BY"), "Y RY BY"),
        (("Y", "A"), "Y A"),
        (("rgba.red", "rgba.green", "rgba.blue", "rgba.alpha"), "rgba.red rgba.green rgba.blue rgba.alpha"),
        (("ViewLayer.Combined.R", "ViewLayer.Combined.G", "ViewLayer.Combined.B", "ViewLayer.Normal.X"),
         "ViewLayer.Combined.R ViewLayer.Combined.G ViewLayer.Combined.B"),
        (("spec.R", "spec.G", "spec.B", "R", "G", "B"), "R G B"),
        (("spec.R", "spec.G", "spec.B", "beauty.R", "beauty.G", "beauty.B"), "beauty.R beauty.G beauty.B"),
    ],
)  # fmt: skip
def test_colour_is_found_under_its_usual_names(there: tuple[str, ...], expected: str) -> None:
    assert " ".join(c.name for c in pick_color(channels(*there))) == expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("R", "Z"), "Z"),
        (("depth.Z", "Z"), "depth.Z"),
        (("depth.z",), "depth.z"),
        (("ViewLayer.Depth.Z", "N.Z"), "ViewLayer.Depth.Z"),
        (("depth",), "depth"),
    ],
)
def test_depth_is_found_under_its_usual_names(there: tuple[str, ...], expected: str) -> None:
    found = pick_depth(channels(*there))
    assert found is not None
    assert found.name == expected


def test_convention_disparity_is_named_after_the_view_it_points_to() -> None:
    there = channels("disparityL.x", "disparityL.y", "disparityR.x", "disparityR.y")
    found = pick_disparity(there, toward="right")
    assert found is not None
    assert found.name == "disparityR.x"
