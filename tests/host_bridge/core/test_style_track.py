"""Styles that change over frames, as one text."""

from __future__ import annotations

import pytest

from host_bridge.batch.identity import _style
from host_bridge.core.blend import parse_blend
from host_bridge.core.errors import StyleError
from host_bridge.core.style_track import animated_style, style_at, style_names


def test_shares_go_from_key_to_key() -> None:
    text = animated_style({1048: "gentle:0.3,immersive:0.7", 1001: "immersive", 1058: "gentle"}, "linear")
    assert text == "linear;1001=immersive;1048=gentle:0.3,immersive:0.7;1058=gentle"
    assert style_at(text, 900) == style_at(text, 1001) == "immersive"
    assert style_at(text, 1053) == "gentle:0.65,immersive:0.35"
    assert style_at(text, 1058) == style_at(text, 5000) == "gentle"
    assert style_names(text) == ("gentle", "immersive")


def test_a_style_steps_or_eases() -> None:
    keys = {-10.0: "a", 0.0: "b"}
    assert [style_at(animated_style(keys, "hold"), frame) for frame in (-10, -1, 0)] == ["a", "a", "b"]
    eased = {part.name: part.share for part in parse_blend(style_at(animated_style(keys, "smooth"), -9))}
    assert eased["b"] == pytest.approx(3 * 0.1**2 - 2 * 0.1**3) and sum(eased.values()) == pytest.approx(1.0)


def test_every_frame_between_is_a_blend_that_can_be_read() -> None:
    text = animated_style({1: "a", 5: "b", 6: "c", 20: "a:1,c:3"}, "smooth")
    for frame in range(30):
        assert sum(part.share for part in parse_blend(style_at(text, frame))) == pytest.approx(1.0)


def test_a_still_style_is_itself() -> None:
    assert style_at("immersive", 3) == "immersive" and style_at("b:1,a:1", 3) == "b:1,a:1"
    assert style_names("b:1,a:1") == ("a", "b") and style_names("held; a style") == ("held; a style",)


@pytest.mark.parametrize("keys", [{}, {1: "a:x,b:1"}, {1: "a:1,b:1", 2: "c:1,d:1", 3: "e"}, {1: "a", 2: "given"}])
def test_what_is_no_moving_style(keys: dict[float, str]) -> None:
    with pytest.raises(StyleError):
        animated_style(keys, "smooth")


def test_a_text_that_somebody_wrote_wrongly() -> None:
    with pytest.raises(StyleError, match="not a frame number"):
        style_at("smooth;first=a", 1)


def test_its_identity_names_what_each_key_comes_to() -> None:
    text = animated_style({1001: "a", 1010: "b:3,a:1"}, "linear")
    assert _style(text, {"a": "a-id", "b": "b-id"}) == "linear;1001=a-id;1010=0.25*a-id+0.75*b-id"
