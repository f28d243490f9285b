from __future__ import annotations

import pytest

from host_bridge.core.geometry import Box
from host_bridge.io.plates.naming import Channel, apart, of_view, pick_disparity, split_view, without_words

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


def test_nothing_is_disparity_where_there_is_none() -> None:
    assert pick_disparity(channels("R", "disparityL.x"), toward="right") is None


def test_one_name_in_two_parts_stays_two_channels() -> None:
    both = [Channel(n, "R", "R", None, "<f2", BOX, (1, 1), name) for n, name in enumerate(("rgba", "albedo"))]
    assert of_view(both, "left") == tuple(both)


def test_convention_a_plain_name_in_another_part_is_of_the_layer_that_the_part_names() -> None:
    def part(number: int, name: str, *names: str) -> list[Channel]:
        return [Channel(number, c, c, "left", "<f2", BOX, (1, 1), name) for c in names]

    there = [*part(0, "albedo.left", *"RGBA"), *part(1, "rgba.left", *"RGB"), *part(2, "depth", "Z")]
    names = [c.name for c in apart(there, there[4:7])]
    assert names == ["R", "G", "B", "albedo.R", "albedo.G", "albedo.B", "albedo.A", "Z"]
    twice = [*part(0, "rgba", *"RGB"), *part(1, "id", "x"), *part(2, "id", "x")]
    assert [c.name for c in apart(twice, twice[:3])][3:] == ["id.x", "id_2.x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("rgba.left", "rgba"), ("rgba_left", "rgba"), ("left", ""), ("Left-Eye_depth", "Eye_depth"), ("cleft", "cleft"),
     ("beautyLeft", "beauty"), ("a.left.b", "a.b")],
)  # fmt: skip
def test_a_name_without_its_eye(text: str, expected: str) -> None:
    assert without_words(text, ["left", "right"]) == expected


def test_convention_disparity_is_named_after_the_view_it_points_to() -> None:
    there = channels("disparityL.x", "disparityL.y", "disparityR.x", "disparityR.y")
    found = pick_disparity(there, toward="right")
    assert found is not None
    assert found.name == "disparityR.x"
