"""Blends of styles, as text."""

from __future__ import annotations

import pytest

from host_bridge.batch.identity import _style
from host_bridge.core.blend import Part, parse_blend
from host_bridge.core.errors import StyleError


@pytest.mark.parametrize("text", ["a:0.5,b", "a:x,b:1", "a:1,a:2", ":1,b:1", "a:-1,b:2", "a:nan,b:1", "a:0,b:0", "a:1,",
                                  "a:1,b:1,c:1,d:1,e:1"])  # fmt: skip
def test_what_is_no_blend(text: str) -> None:
    with pytest.raises(StyleError) as caught:
        parse_blend(text)
    assert "NAME:WEIGHT" in str(caught.value) and text in caught.value.where


def test_one_blend_has_one_order_and_sums_to_one() -> None:
    assert parse_blend("popout") == (Part("popout", 1.0),)
    assert parse_blend("b:3, a:1") == parse_blend("a:0.25,b:0.75") == (Part("a", 0.25), Part("b", 0.75))
    assert parse_blend("a:1,b:0") == (Part("a", 1.0),)


def test_the_identity_of_a_blend_names_its_parts() -> None:
    known = {"a": "a-id", "b": "b-id"}
    assert _style("a", known) == "a-id" and _style("nobody", known) == "nobody"
    assert _style("b:3,a:1", known) == "0.25*a-id+0.75*b-id" != _style("b:1,a:1", known)
